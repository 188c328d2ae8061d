"""`main.py report`: the report for people, out of a run that was saved."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from engine.base.errors import UnusableInput
from engine.data.datasets import load_images
from engine.evidence.references import References
from engine.evidence.scoring import is_evidence
from engine.exports import results
from engine.exports.report_page import report_page
from engine.network.network import Network
from engine.session.session import SUFFIX, Session, load_session

WritePdf = Callable[[str, Path], None]
"""Lays a page out as PDF; the engine has nothing that could, so its caller hands it in."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `report`."""
    parser.add_argument("folder", metavar="DIR", help=f"a folder of results, or a {SUFFIX} file")
    parser.add_argument("--images", metavar="SOURCE", help="training images, to show the pairs")
    parser.add_argument("--control", metavar="SOURCE", help="images that the network never saw")
    parser.add_argument("--data-root", type=Path, metavar="DIR", help="folder of known data sets")
    parser.add_argument("--html", type=Path, metavar="FILE", help="DIR/report.html, if not given")
    parser.add_argument("--pdf", type=Path, metavar="FILE", help="the same as PDF")
    parser.set_defaults(run=make)


def make(options: argparse.Namespace) -> dict[str, Any]:
    """Writes the page, or the PDF, or both.

    Raises:
        UnusableInput: there is no run in the folder, or the images cannot be used.
        OSError: a file cannot be written.
    """
    folder = Path(options.folder)
    is_file = folder.suffix == SUFFIX
    if options.control is not None and options.images is None:
        raise UnusableInput("--control needs --images: a control is compared with training images.")
    if options.pdf is not None and options.write_pdf is None:
        raise UnusableInput("This program cannot write PDF; take --html and print it.")
    session = load_session(folder if is_file else folder / results.SESSION)
    references, evidence = None, None
    if options.images is not None:
        references = _references(options, session.network)
        evidence = references.score(session.images())
    report = results.make_report(session, evidence)
    if report["evidence"] is None and not is_file and (folder / results.REPORT).exists():
        report["evidence"] = scored_before(folder, session)
    page = report_page(session, report, references)
    written: dict[str, Any] = {}
    if options.html is not None or options.pdf is None:
        path = options.html or (folder.parent if is_file else folder) / results.PAGE
        results.write_page(page, path)
        written["html"] = str(path)
    if options.pdf is not None:
        options.write_pdf(page, options.pdf)
        written["pdf"] = str(options.pdf)
    return written


def scored_before(folder: Path, session: Session) -> Any:
    """The score in `report.json`, as `score` or the run itself has left it there.

    None where it is one of another run: one that was killed leaves its session beside the report
    of whatever the folder held before.

    Raises:
        UnusableInput: it cannot be read.
    """
    report = results.read_report(folder)
    if not results.is_report_of(report, session):
        return None
    evidence = report.get("evidence")
    if evidence is not None and not is_evidence(evidence):
        raise UnusableInput(f"The scores in {folder / results.REPORT} are damaged; score again.")
    return evidence


def _references(options: argparse.Namespace, network: Network) -> References:
    shape, root = network.input_shape, options.data_root
    control = None if options.control is None else load_images(options.control, shape, root)
    train = load_images(options.images, shape, root)
    return References.of(network, train, control)
