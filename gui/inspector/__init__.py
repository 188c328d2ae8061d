"""Looking closely at one candidate, or at an earlier moment."""
