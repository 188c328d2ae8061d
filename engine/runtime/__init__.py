"""Where work is done: torch when it is needed, devices, and what happens when one fails."""
