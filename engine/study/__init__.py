"""Many runs over one question: planned in a file, done on several processors, kept in one table."""
