"""`main.py compare`: two runs side by side, on one page of text."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from engine import results
from engine.comparison import compare
from engine.comparison_text import as_dict, as_text
from engine.datasets import load_images
from engine.errors import UnusableInput
from engine.live import References
from engine.report_command import scored_before
from engine.session import SUFFIX, Session, load_session


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `compare`."""
    what = f"a folder of results, or a {SUFFIX} file"
    parser.add_argument("a", metavar="A", help=what)
    parser.add_argument("b", metavar="B", help="another")
    parser.add_argument("--images", metavar="SOURCE", help="training images, to score both")
    parser.add_argument("--control", metavar="SOURCE", help="images that neither network saw")
    parser.add_argument("--data-root", type=Path, metavar="DIR", help="folder of known data sets")
    parser.add_argument("--json", action="store_true", help="as JSON instead of text")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Compares the two.

    Raises:
        UnusableInput: there is no run to be read, or the two cannot be compared.
    """
    if options.control is not None and options.images is None:
        raise UnusableInput("--control needs --images: a control is compared with training images.")
    names = (options.a, options.b)
    a, b = (_load(Path(name)) for name in names)
    comparison = compare(a, b, (_references(options, a), _references(options, b)))
    if not options.json:
        options.text = lambda _summary: as_text(comparison, names)
    return as_dict(comparison, names)


def _load(path: Path) -> Session:
    """A run, with the score that its folder holds."""
    if path.suffix == SUFFIX:
        return load_session(path)
    session = load_session(path / results.SESSION)
    evidence = scored_before(path) if (path / results.REPORT).exists() else None
    return session if evidence is None else session.with_evidence(evidence)


def _references(options: argparse.Namespace, session: Session) -> References | None:
    if options.images is None:
        return None
    network, root = session.network, options.data_root
    train = load_images(options.images, network.input_shape, root)
    control = (
        None
        if options.control is None
        else load_images(options.control, network.input_shape, root).images
    )
    return References(train.images, control, network.mean, train.labels, network)
