"""What a person prefers, and how that is made to count."""
