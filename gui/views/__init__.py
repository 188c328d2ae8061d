"""What shows a network and its run."""
