"""Saving from the window: what, how it is to be, with a preview."""
