"""The zoo: one shape for every architecture (features, then a class-activation head). Needs torch."""
