"""`main.py compare`: two runs side by side, on one page of text; a page and a picture of them."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from engine.base.errors import UnusableInput
from engine.commands.report import scored_before
from engine.comparison.comparison import compare
from engine.comparison.files import PAGE, PICTURE, check_folder, write_comparison
from engine.comparison.text import as_dict, as_text
from engine.data.datasets import load_images
from engine.evidence.references import References
from engine.exports import results
from engine.session.session import SUFFIX, Session, load_session


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `compare`."""
    what = f"a folder of results, or a {SUFFIX} file"
    parser.add_argument("a", metavar="A", help=what)
    parser.add_argument("b", metavar="B", help="another")
    parser.add_argument("--images", metavar="SOURCE", help="training images, to score both")
    parser.add_argument("--control", metavar="SOURCE", help="images that neither network saw")
    parser.add_argument("--data-root", type=Path, metavar="DIR", help="folder of known data sets")
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help=f"folder for {PAGE} and {PICTURE}, to take away"
    )
    parser.add_argument(
        "--replace", action="store_true", help="replaces those files where they are there already"
    )
    parser.add_argument("--json", action="store_true", help="as JSON instead of text")
    parser.set_defaults(run=run)


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
    if options.control is not None and options.images is None:
        raise UnusableInput("--control needs --images: a control is compared with training images.")
    names = (options.a, options.b)
    a, b = (_load(Path(name)) for name in names)
    comparison = compare(a, b, (_references(options, a), _references(options, b)))
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
    if path.suffix == SUFFIX:
        return load_session(path)
    session = load_session(path / results.SESSION)
    evidence = scored_before(path, session) if (path / results.REPORT).exists() else None
    return session if evidence is None else session.with_evidence(evidence)


def _references(options: argparse.Namespace, session: Session) -> References | None:
    if options.images is None:
        return None
    network, root = session.network, options.data_root
    train = load_images(options.images, network.input_shape, root)
    control = (
        None if options.control is None else load_images(options.control, network.input_shape, root)
    )
    return References.of(network, train, control)
