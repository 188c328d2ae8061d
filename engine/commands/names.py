"""The names of the commands, for those who need to know no more than that."""

COMMANDS = ("inspect", "reconstruct", "train", "score", "membership", "compare", "report", "export")
