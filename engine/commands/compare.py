"""`main.py compare`: two runs side by side, on one page of text; a page and a picture of them."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from engine.base.errors import UnusableInput
from engine.commands.sources import (
    add_control,
    add_data_root,
    add_images,
    check_control,
    load_references,
    load_run,
    scored_before,
)
from engine.comparison.comparison import compare
from engine.comparison.files import PAGE, PICTURE, check_folder, write_comparison
from engine.comparison.text import as_dict, as_text
from engine.session.session import SUFFIX, Session

ABOUT = "two runs side by side"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `compare`."""
    what = f"a folder of results, or a {SUFFIX} file"
    parser.add_argument("a", metavar="A", help=what)
    parser.add_argument("b", metavar="B", help="another")
    add_images(parser, "training images, to score both")
    add_control(parser, "images that neither network saw")
    add_data_root(parser)
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help=f"folder for {PAGE} and {PICTURE}, to take away"
    )
    parser.add_argument(
        "--replace", action="store_true", help="replaces those files where they are there already"
    )
    parser.add_argument("--json", action="store_true", help="as JSON instead of text")


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Compares the two.

    Raises:
        UnusableInput: there is no run to be read, the two cannot be compared, or the folder holds
            another comparison.
        OSError: a file cannot be written.
    """
    if options.replace and options.out is None:
        raise UnusableInput("--replace needs --out: there is nothing else to be replaced.")
    if options.out is not None and not options.replace:
        check_folder(options.out)  # Before the work, not after it.
    check_control(options)
    names = (options.a, options.b)
    a, b = (_load(Path(name)) for name in names)
    ours, theirs = (load_references(options, session.network) for session in (a, b))
    comparison = compare(a, b, (ours, theirs))
    written: list[str] = []
    if options.out is not None:
        files = write_comparison(comparison, names, options.out, options.replace)
        written = [str(file) for file in files]
    if not options.json:
        text = "\n\n".join([as_text(comparison, names), *(f"Written: {w}" for w in written)])
        options.text = lambda _summary: text
    return {**as_dict(comparison, names), **({"written": written} if written else {})}


def _load(path: Path) -> Session:
    """A run, with the score that its folder holds."""
    session = load_run(path)
    evidence = None if path.suffix == SUFFIX else scored_before(path, session)
    return session if evidence is None else session.with_evidence(evidence)
