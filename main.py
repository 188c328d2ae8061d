"""Starts the window, or hands the command line to the engine."""

import multiprocessing
import os
import sys
from pathlib import Path

from engine.commands.names import COMMANDS

# Threads of torch that wait give way, where they would otherwise spin: beside another program on
# one of two cores a step took 1.7 times as long so (decision 26). Read when torch is loaded.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


def _write_pdf(page: str, path: Path) -> None:
    """Qt is loaded only where a PDF is asked for."""
    from gui.exports.pdf import write_pdf_without_a_window

    write_pdf_without_a_window(page, path)


def main() -> int:
    """The application's one entrance; returns the exit status."""
    multiprocessing.freeze_support()
    arguments = sys.argv[1:]
    if arguments and (arguments[0] in COMMANDS or arguments[0].startswith("-")):
        from engine.commands import command_line

        return command_line.main(arguments, _write_pdf)
    from gui.app import application

    status: int = application.main(arguments)
    return status


if __name__ == "__main__":
    sys.exit(main())
