"""The same engine without a window: one file a command, and the command line that finds it."""
