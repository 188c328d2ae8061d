"""The centre of the window: candidates in their seats, drifting."""
