"""The names of the commands, and of what they share, for those who need to know no more."""

COMMANDS = (
    "inspect",
    "reconstruct",
    "train",
    "score",
    "membership",
    "adapter",
    "compare",
    "report",
    "export",
    "study",
)

OVERWRITE = "--overwrite"
"""Without this option no command replaces a file."""
