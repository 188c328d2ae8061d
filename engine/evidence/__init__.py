"""What a reconstruction is worth: matches, control, confidence, membership, diagnostics."""
