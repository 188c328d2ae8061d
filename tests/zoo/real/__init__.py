"""The same checkpoints from the libraries themselves; `make zoo`, never part of the tests."""
