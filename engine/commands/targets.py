"""Where a command writes to: nothing is replaced unasked, and endings say what is in a file."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterable
from pathlib import Path

from engine.base.errors import UnusableInput
from engine.base.plain_text import listed, some_of
from engine.commands.names import OVERWRITE
from engine.exports.endings import check_ending
from engine.exports.results import SESSION, run_files


def add_overwrite(parser: argparse.ArgumentParser, what: str) -> None:
    """`--overwrite`, without which nothing is replaced."""
    parser.add_argument(OVERWRITE, action="store_true", help=f"replaces {what}")


def check_files(options: argparse.Namespace, targets: dict[str, Path]) -> None:
    """Makes sure, before any work, that files can be written under their names.

    Args:
        options: with that of `add_overwrite`.
        targets: a path for each kind of file; kinds are those of `engine.exports.endings`, which
            are the names of the options, too.

    Raises:
        UnusableInput: an ending belongs to another kind, two files have one name, or one is there.
    """
    named: dict[str, list[str]] = {}
    for kind, path in targets.items():
        check_ending(kind, path, f"--{kind}")
        named.setdefault(os.path.abspath(path), []).append(f"--{kind}")  # noqa: PTH100
    for name, said_by in named.items():
        if len(said_by) > 1:
            raise UnusableInput(
                f"{listed(said_by)} name one file, {name}: one would replace the other.",
                "Give each a name of its own.",
            )
    check_free(options, targets.values(), "Name another file")


def check_free(options: argparse.Namespace, files: Iterable[Path], instead: str) -> None:
    """Refuses to replace files, unless that was asked for.

    Args:
        options: with that of `add_overwrite`.
        files: what is going to be written.
        instead: what else can be done, as the beginning of a sentence.

    Raises:
        UnusableInput: one of them is there already.
    """
    there = [] if options.overwrite else [str(each) for each in files if os.path.lexists(each)]
    if there:
        are = "is" if len(there) == 1 else "are"
        raise UnusableInput(
            f"{some_of(there)} {are} there already, and would be replaced.",
            f"{instead}, or give {OVERWRITE}.",
        )


def check_run_folder(options: argparse.Namespace, folder: Path) -> None:
    """Refuses to write a run where another one lies, unless it is to be replaced.

    Raises:
        UnusableInput: the folder holds results of a run.
    """
    there = () if options.overwrite else run_files(folder)
    if there:
        go_on = f"go on with {folder / SESSION}, " if SESSION in there else ""
        raise UnusableInput(
            f"{folder} holds {listed(there)} of a run already; two runs in one folder would be "
            "mixed up.",
            f"Choose another folder, {go_on}or give {OVERWRITE}, which removes these files first.",
        )


def is_same_file(one: Path, other: Path) -> bool:
    """Whether two paths lead to one file that is there."""
    try:
        return one.samefile(other)
    except (OSError, ValueError):
        return False
