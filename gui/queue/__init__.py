"""Several checkpoints, run in turn."""
