"""A candidate beside the active model: compared on live frames, promoted on evidence, taken back where it drifts."""
