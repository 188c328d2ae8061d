"""Two runs side by side: what differs, what both found, and where it is written."""
