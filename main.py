"""Starts the window, or hands the command line to the engine."""

import multiprocessing
import sys


def main() -> int:
    """The application's one entrance; returns the exit status."""
    multiprocessing.freeze_support()
    # torch comes before Qt: on Windows their libraries clash otherwise.
    from engine import command_line

    arguments = sys.argv[1:]
    if arguments and (arguments[0] in command_line.COMMANDS or arguments[0].startswith("-")):
        return command_line.main(arguments)
    from gui import application

    status: int = application.main(arguments)
    return status


if __name__ == "__main__":
    sys.exit(main())
