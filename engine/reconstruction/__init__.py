"""The run: from noise to candidates that explain the weights."""
