"""What is open and what is remembered, without a widget in sight."""
