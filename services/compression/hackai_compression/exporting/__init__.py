"""From a network to the ONNX file that travels, and the rules that the file must keep."""
