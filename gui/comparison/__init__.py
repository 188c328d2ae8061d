"""Two runs side by side, as they are seen."""
