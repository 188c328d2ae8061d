"""The network under attack, and how it is read from a checkpoint."""
