"""What is open, what is remembered, and what a person prefers; without a widget in sight."""
