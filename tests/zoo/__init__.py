"""Checkpoints as other people's programs write them, and what is to become of each."""
