"""The application: starts, puts the window together, ends."""
