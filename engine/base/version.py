"""The version that every result carries; how the program is called from a terminal."""

import sys

VERSION = "0.1.0"

COMMAND = "Afterimage" if getattr(sys, "frozen", False) else "python main.py"
"""What stands before `reconstruct` and the like. A package has no `main.py`."""
