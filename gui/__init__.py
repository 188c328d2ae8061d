"""Qt only: widgets and one worker; no mathematics."""
