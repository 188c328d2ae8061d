"""Many runs over one question: planned by choosing, watched while they are made."""
