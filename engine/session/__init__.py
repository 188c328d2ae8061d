"""A whole run in one file, and how nothing is lost."""
