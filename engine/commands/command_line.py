"""The command line: the same engine without a window.

Results are files and one summary on standard output: lines for people on a terminal, JSON in a
pipe. Progress goes to standard error.
Exit status: 0 done, 1 the run failed, 2 unusable input, 130 interrupted with all that was
computed saved.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from typing import Any, Protocol

from engine.base.errors import AfterimageError, UnusableInput
from engine.base.plain_text import plain, visible
from engine.base.version import COMMAND, VERSION
from engine.commands import (
    adapter,
    compare,
    export,
    inspect,
    membership,
    reconstruct,
    report,
    score,
    study,
    train,
)
from engine.commands.interruption import Interrupted, Interruption
from engine.commands.names import COMMANDS
from engine.commands.report import WritePdf
from engine.commands.status import FAILED, INTERRUPTED, UNUSABLE
from engine.commands.terminal import is_read_by_people, put_out, tell


class Command(Protocol):
    """What the file of a command holds."""

    ABOUT: str
    """What it is for, in a few words."""

    def add_arguments(self, parser: argparse.ArgumentParser, /) -> None:
        """Adds its options."""

    def run(self, options: argparse.Namespace, /) -> dict[str, Any]:
        """Does it, and returns its summary, with a `status` where that is not 0."""

    def lines(self, summary: dict[str, Any], options: argparse.Namespace, /) -> list[str]:
        """The summary for people: what was found, beside the control, and where the files are."""


_JSON, _TEXT = "json", "text"

_COMMANDS: dict[str, Command] = {
    "inspect": inspect,
    "reconstruct": reconstruct,
    "train": train,
    "score": score,
    "membership": membership,
    "adapter": adapter,
    "compare": compare,
    "report": report,
    "export": export,
    "study": study,
}


def main(arguments: Sequence[str] | None = None, write_pdf: WritePdf | None = None) -> int:
    """Runs one command and returns its exit status.

    Args:
        arguments: the command and what follows it; those of the process where not given.
        write_pdf: what `report --pdf` calls.
    """
    options = _parser().parse_args(arguments)
    options.write_pdf = write_pdf
    options.interruption = Interruption()
    try:
        with options.interruption.watched():
            summary = options.run(options)
    except UnusableInput as error:
        return _complain(str(error), UNUSABLE)
    except AfterimageError as error:
        return _complain(str(error), FAILED)
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        return _complain(f"{error.strerror or error}{where}.", UNUSABLE)
    except (Interrupted, KeyboardInterrupt):
        return _complain("Interrupted.", INTERRUPTED)
    status = summary.pop("status", 0)
    return int(status) if put_out(_told(summary, options)) else int(status) or FAILED


def _told(summary: dict[str, Any], options: argparse.Namespace) -> str:
    """The summary in the form that was asked for; else in that of whoever reads it."""
    if options.form == _JSON or (options.form is None and not is_read_by_people()):
        return json.dumps(summary)
    return "\n".join(visible(line) for line in options.lines(summary, options))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=COMMAND,
        description="Reconstructs images that a network was trained on, out of its weights.",
        epilog="Without a command the window opens, with FILE … in it if files are given.",
    )
    parser.add_argument("--version", action="version", version=f"Afterimage {VERSION}")
    commands = parser.add_subparsers(required=True, metavar="|".join(COMMANDS))
    for name in COMMANDS:
        command = _COMMANDS[name]
        of_command = commands.add_parser(name, help=command.ABOUT)
        command.add_arguments(of_command)
        _add_form(of_command)
        of_command.set_defaults(run=command.run, lines=command.lines)
    return parser


def _add_form(parser: argparse.ArgumentParser) -> None:
    forms = parser.add_mutually_exclusive_group()
    for form, about in (
        (_JSON, "ends in JSON, as it does in a pipe"),
        (_TEXT, "ends in a few lines for people, as it does on a terminal"),
    ):
        forms.add_argument(f"--{form}", dest="form", action="store_const", const=form, help=about)


def _complain(message: str, status: int) -> int:
    tell(plain(message))
    return status
