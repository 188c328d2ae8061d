"""What several commands are given: images to score against, an input shape, a run of before."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from engine.base.errors import UnusableInput
from engine.data.datasets import LabelledImages, load_images
from engine.data.inputs import InputShape, parse_shape
from engine.evidence.references import References
from engine.evidence.scoring import is_evidence
from engine.exports import results
from engine.network.network import Network
from engine.session.session import SUFFIX, Session
from engine.session.session_file import load_session


def add_images(parser: argparse.ArgumentParser, about: str, required: bool = False) -> None:
    """`--images`, the training images."""
    parser.add_argument("--images", required=required, metavar="SOURCE", help=about)


def add_control(
    parser: argparse.ArgumentParser, about: str = "images that the network never saw"
) -> None:
    """`--control`, what a score is held against."""
    parser.add_argument("--control", metavar="SOURCE", help=about)


def add_data_root(parser: argparse.ArgumentParser) -> None:
    """`--data-root`, where a SOURCE that is a name is looked for."""
    parser.add_argument("--data-root", type=Path, metavar="DIR", help="folder of known data sets")


def add_shape(parser: argparse.ArgumentParser) -> None:
    """`--shape`, of an input, where the checkpoint does not say it."""
    parser.add_argument("--shape", type=_shape, help="input shape like 1x28x28")


def check_control(options: argparse.Namespace) -> None:
    """A control alone would be passed over in silence.

    Raises:
        UnusableInput: there is one, and no images.
    """
    if options.control is not None and options.images is None:
        raise UnusableInput("--control needs --images: a control is compared with training images.")


def load_source(
    options: argparse.Namespace, source: str | None, shape: InputShape
) -> LabelledImages | None:
    """All images of a source, if it is given.

    Raises:
        UnusableInput: it cannot be read, or its images are of another shape.
    """
    return None if source is None else load_images(source, shape, options.data_root)


def load_references(options: argparse.Namespace, network: Network) -> References | None:
    """What `--images` and `--control` name, to score runs of a network against.

    Raises:
        UnusableInput: they cannot be read, or are of another shape.
    """
    train = load_source(options, options.images, network.input_shape)
    control = load_source(options, options.control, network.input_shape)
    return None if train is None else References.of(network, train, control)


def load_run(path: Path) -> Session:
    """A run that was saved: a session, or the one in a folder of results.

    Raises:
        UnusableInput: there is none, or it cannot be used.
    """
    return load_session(path if path.suffix == SUFFIX else path / results.SESSION)


def scored_before(folder: Path, session: Session) -> Any:
    """The score in a folder's `report.json`, as `score` or the run itself has left it there.

    None where there is none, or one of another run: one that was killed leaves its session beside
    the report of whatever the folder held before.

    Raises:
        UnusableInput: it cannot be read.
    """
    if not (folder / results.REPORT).exists():
        return None
    report = results.read_report(folder)
    if not results.is_report_of(report, session):
        return None
    evidence = report.get("evidence")
    if evidence is not None and not is_evidence(evidence):
        raise UnusableInput(f"The scores in {folder / results.REPORT} are damaged; score again.")
    return evidence


def _shape(text: str) -> InputShape:
    try:
        return parse_shape(text)
    except UnusableInput as error:
        raise argparse.ArgumentTypeError(str(error)) from error
