"""Training, distillation, pruning, quantization-aware training. Needs torch."""
