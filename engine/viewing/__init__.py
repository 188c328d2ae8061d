"""What a viewer needs of a run, as pixels."""
