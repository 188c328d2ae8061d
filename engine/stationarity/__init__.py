"""The equation that the weights are, its residual, and the gradient of that."""
