"""Errors that nobody expected: caught, counted, told; and what is safe."""
