"""How a network is made: by what recipe, towards what, step by step, and kept."""
