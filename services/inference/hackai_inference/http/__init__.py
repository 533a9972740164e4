"""The REST interface and the Open Inference Protocol."""
