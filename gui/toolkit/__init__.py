"""Pieces that every window is made of; none of them knows what a network is."""
