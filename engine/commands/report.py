"""`main.py report`: the report for people, out of a run that was saved."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from engine.base.errors import UnusableInput
from engine.commands.shadow_options import add_shadows, check_shadows, shadows_of
from engine.commands.sources import (
    add_control,
    add_data_root,
    add_images,
    add_neighbours,
    add_other,
    check_control,
    load_neighbours_of,
    load_references,
    load_run,
    scored_before,
)
from engine.commands.targets import add_overwrite, check_files
from engine.evidence.membership import ask
from engine.evidence.membership_scores import Membership
from engine.evidence.references import References
from engine.exports import results
from engine.exports.conclusion import conclude
from engine.exports.report_page import report_page
from engine.session.session import SUFFIX, Session
from engine.viewing.verdict import verdict_of

WritePdf = Callable[[str, Path], None]
"""Lays a page out as PDF; the engine has nothing that could, so its caller hands it in."""

ABOUT = "the report for people, as HTML or PDF"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `report`."""
    parser.add_argument("folder", metavar="DIR", help=f"a folder of results, or a {SUFFIX} file")
    add_images(parser, "training images, to show the pairs")
    add_control(parser)
    add_other(parser)
    add_data_root(parser)
    add_neighbours(parser)
    parser.add_argument(
        "--membership",
        action="store_true",
        help="ask which of the images the network gives away, too; needs --images and --control",
    )
    add_shadows(parser)
    parser.add_argument("--html", type=Path, metavar="FILE", help="DIR/report.html, if not given")
    parser.add_argument("--pdf", type=Path, metavar="FILE", help="the same as PDF")
    add_overwrite(parser, "reports that are there already")


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Writes the page, or the PDF, or both.

    Raises:
        UnusableInput: there is no run in the folder, the images cannot be used, or a file would
            be replaced.
        OSError: a file cannot be written.
    """
    folder = Path(options.folder)
    is_file = folder.suffix == SUFFIX
    check_control(options)
    check_shadows(options)
    if options.pdf is not None and options.write_pdf is None:
        raise UnusableInput("This program cannot write PDF; take --html and print it.")
    targets = _targets(options, folder.parent if is_file else folder)
    check_files(options, targets)
    session = load_run(folder)
    references = load_references(options, session.network)
    verdict = verdict_of(session, references)
    membership = _membership(options, session, references)
    neighbours = load_neighbours_of(options, session.network)
    nearby = results.nearby(session, verdict, neighbours)
    report = results.make_report(session, verdict, membership, nearby)
    if report["evidence"] is None and not is_file:
        report["evidence"] = scored_before(folder, session)
    page = report_page(session, report, verdict, nearby)
    if "html" in targets:
        results.write_page(page, targets["html"])
    if "pdf" in targets:
        options.write_pdf(page, targets["pdf"])
    options.headline = conclude(report).headline
    return {kind: str(path) for kind, path in targets.items()}


def lines(summary: dict[str, Any], options: argparse.Namespace) -> list[str]:
    """What the report concludes, and where it is."""
    return [f"{options.headline}.", *(f"Report: {path}" for path in summary.values())]


def _membership(
    options: argparse.Namespace, session: Session, references: References | None
) -> Membership | None:
    """What the network says of the images, if that was asked for."""
    if not options.membership:
        if options.shadows is not None:
            raise UnusableInput(
                "--shadows makes a score of membership, and that is not asked for.",
                "Give --membership as well.",
            )
        return None
    images, control = (None, None) if references is None else references.sets or (None, None)
    if images is None or control is None:
        raise UnusableInput(
            "--membership needs images in question and a control to measure them against.",
            "Give --images and --control.",
        )
    shadows = shadows_of(options, session.network, images, control)
    return ask(session.network, images, control, session.images(), shadows=shadows)


def _targets(options: argparse.Namespace, folder: Path) -> dict[str, Path]:
    html = options.html
    if html is None and options.pdf is None:
        html = folder / results.PAGE
    named = {"html": html, "pdf": options.pdf}
    return {kind: path for kind, path in named.items() if path is not None}
