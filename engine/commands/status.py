"""With what a command ends, where it is not 0."""

FAILED = 1
"""A run failed, or one of several."""

UNUSABLE = 2
"""What was given cannot be used."""

INTERRUPTED = 130
"""It was interrupted; what was computed is saved."""
