"""All that computes; never imports Qt."""
