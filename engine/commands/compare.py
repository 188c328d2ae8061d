"""`main.py compare`: two to six runs side by side; of two, a page and a picture as well."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from engine.base.errors import UnusableInput
from engine.base.plain_text import counted
from engine.commands.names import OVERWRITE
from engine.commands.sources import (
    add_control,
    add_data_root,
    add_images,
    check_control,
    load_references,
    load_run,
    scored_before,
    session_of_run,
)
from engine.commands.targets import add_overwrite, check_free
from engine.comparison.comparison import compare
from engine.comparison.files import PAGE, PICTURE, write_comparison
from engine.comparison.several import FEWEST, MOST, Run, compare_several, load_saved
from engine.comparison.several import as_dict as dict_of_several
from engine.comparison.several import as_text as text_of_several
from engine.comparison.text import as_dict, as_text
from engine.session.session import SUFFIX, Session

ABOUT = "two to six runs side by side"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `compare`."""
    parser.add_argument(
        "runs",
        metavar="RUN",
        nargs="+",
        help=f"a folder of results, or a {SUFFIX} file; two to {MOST} of them",
    )
    add_images(parser, "training images, to score all of them")
    add_control(parser, "images that none of the networks saw")
    add_data_root(parser)
    parser.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        help=f"folder for {PAGE} and {PICTURE} of two runs, to take away",
    )
    add_overwrite(parser, "those files where they are there already")


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Compares them.

    Raises:
        UnusableInput: there is no run to be read, they cannot be compared, or the folder holds
            another comparison.
        OSError: a file cannot be written.
    """
    _check(options)
    if len(options.runs) > FEWEST:
        several = compare_several([_scored_run(options, name) for name in options.runs])
        options.page = text_of_several(several)
        return dict_of_several(several)
    names = (options.runs[0], options.runs[1])
    a, b = (_load(Path(name)) for name in names)
    ours, theirs = (load_references(options, session.network) for session in (a, b))
    comparison = compare(a, b, (ours, theirs))
    written: list[str] = []
    if options.out is not None:
        files = write_comparison(comparison, names, options.out, options.overwrite)
        written = [str(file) for file in files]
    options.page = as_text(comparison, names)
    return {**as_dict(comparison, names), **({"written": written} if written else {})}


def lines(summary: dict[str, Any], options: argparse.Namespace) -> list[str]:
    """All of the comparison as one page, and where it was written to."""
    written = summary.get("written", [])
    return [*options.page.splitlines(), *([""] if written else []), *written]


def _check(options: argparse.Namespace) -> None:
    count = len(options.runs)
    if not FEWEST <= count <= MOST:
        raise UnusableInput(f"{counted(count, 'runs')} cannot be compared.", f"Name 2 to {MOST}.")
    if options.overwrite and options.out is None:
        raise UnusableInput(f"{OVERWRITE} needs --out: there is nothing else to be replaced.")
    if options.out is not None:
        if count > FEWEST:
            raise UnusableInput(
                f"--out writes a comparison of two runs, and {count} were named.",
                "Leave it out, or name two.",
            )
        check_free(options, (options.out / name for name in (PAGE, PICTURE)), "Name another folder")
    check_control(options)


def _scored_run(options: argparse.Namespace, name: str) -> Run:
    """One of several: scored against what is given, else as it was scored before."""
    path = Path(name)
    if options.images is None:
        return load_saved(session_of_run(path), name, options.data_root)
    session = load_run(path)
    references = load_references(options, session.network)
    assert references is not None
    return Run(name, session.scored_with(references, session.score(references)), references)


def _load(path: Path) -> Session:
    """A run, with the score that its folder holds."""
    session = load_run(path)
    evidence = None if path.suffix == SUFFIX else scored_before(path, session)
    return session if evidence is None else session.with_evidence(evidence)
