"""`main.py report`: the report for people, out of a run that was saved."""

from __future__ import annotations

import argparse
from collections.abc import Callable
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
from engine.exports import results
from engine.exports.report_page import report_page
from engine.session.session import SUFFIX
from engine.viewing.verdict import verdict_of

WritePdf = Callable[[str, Path], None]
"""Lays a page out as PDF; the engine has nothing that could, so its caller hands it in."""

ABOUT = "the report for people, as HTML or PDF"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `report`."""
    parser.add_argument("folder", metavar="DIR", help=f"a folder of results, or a {SUFFIX} file")
    add_images(parser, "training images, to show the pairs")
    add_control(parser)
    add_data_root(parser)
    parser.add_argument("--html", type=Path, metavar="FILE", help="DIR/report.html, if not given")
    parser.add_argument("--pdf", type=Path, metavar="FILE", help="the same as PDF")


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Writes the page, or the PDF, or both.

    Raises:
        UnusableInput: there is no run in the folder, or the images cannot be used.
        OSError: a file cannot be written.
    """
    folder = Path(options.folder)
    is_file = folder.suffix == SUFFIX
    check_control(options)
    if options.pdf is not None and options.write_pdf is None:
        raise UnusableInput("This program cannot write PDF; take --html and print it.")
    session = load_run(folder)
    references = load_references(options, session.network)
    verdict = verdict_of(session, references)
    report = results.make_report(session, verdict)
    if report["evidence"] is None and not is_file:
        report["evidence"] = scored_before(folder, session)
    page = report_page(session, report, verdict)
    written: dict[str, Any] = {}
    if options.html is not None or options.pdf is None:
        path = options.html or (folder.parent if is_file else folder) / results.PAGE
        results.write_page(page, path)
        written["html"] = str(path)
    if options.pdf is not None:
        options.write_pdf(page, options.pdf)
        written["pdf"] = str(options.pdf)
    return written
