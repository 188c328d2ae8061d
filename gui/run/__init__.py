"""A run seen from the window: begun, paused, stopped, followed, assessed."""
