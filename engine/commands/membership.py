"""`main.py membership`: scores given images, and measures the scores against a control."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.base.errors import UnusableInput
from engine.base.files import atomic_path
from engine.data.datasets import load_images
from engine.data.inputs import InputShape
from engine.evidence.membership import SCORES, Membership, Values, ask
from engine.exports import results
from engine.network.checkpoints import load_network
from engine.network.network import Network
from engine.session.session import SUFFIX, load_session

if TYPE_CHECKING:
    from torch import Tensor


def add_arguments(parser: argparse.ArgumentParser, shape: Callable[[str], InputShape]) -> None:
    """The options of `membership`; `shape` reads an input shape."""
    parser.add_argument("model", metavar="MODEL", help="a checkpoint")
    parser.add_argument(
        "--images", required=True, metavar="SOURCE", help="images whose membership is in question"
    )
    parser.add_argument(
        "--control", metavar="SOURCE", help="images of the same kind that the network never saw"
    )
    parser.add_argument(
        "--run",
        dest="of_run",  # `run` is the function of a command.
        metavar="RUN",
        help=f"a folder of results, or a {SUFFIX} file, of this network",
    )
    parser.add_argument(
        "--mean-of",
        metavar="SOURCE",
        help="images whose mean was subtracted in training, where the checkpoint holds no mean",
    )
    parser.add_argument("--data-root", type=Path, metavar="DIR", help="folder of known data sets")
    parser.add_argument("--shape", type=shape, help="input shape like 1x28x28")
    parser.add_argument("--csv", type=Path, metavar="FILE", help="one row an image")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Scores the images; writes the table if one is wanted.

    Raises:
        UnusableInput: network, images or run cannot be used, or do not belong together.
        OSError: the table cannot be written.
    """
    network = load_network(options.model, options.shape)
    shape, root = network.input_shape, options.data_root
    images = load_images(options.images, shape, root)
    control = None if options.control is None else load_images(options.control, shape, root)
    if options.mean_of is not None:
        if network.mean is not None:
            raise UnusableInput("The checkpoint holds its mean image; leave --mean-of out.")
        mean = load_images(options.mean_of, shape, root).images.mean(0)
        network = network.with_mean(mean)
    candidates = None if options.of_run is None else candidates_of(Path(options.of_run), network)
    found = ask(network, images, control, candidates)
    if options.csv is not None:
        write_csv(found, options.csv)
    origin = network.origin
    return {"model": {"file": origin.name, "sha256": origin.sha256}, **found.as_dict()}


def candidates_of(path: Path, network: Network) -> Tensor:
    """The centred candidates of a run, shape (m, c, h, w).

    Args:
        path: a session, or a folder of results.
        network: whose run it has to be.

    Raises:
        UnusableInput: it cannot be read, or is a run of another network.
    """
    if path.suffix == SUFFIX:
        session = load_session(path)
        images, sha256 = session.images(), session.network.origin.sha256
    else:
        images, _ = results.read_reconstructions(path)
        sha256 = ""
        if (path / results.REPORT).exists():
            model = results.read_report(path).get("model")
            sha256 = str(model.get("sha256", "")) if isinstance(model, dict) else ""
    if sha256 and network.origin.sha256 and sha256 != network.origin.sha256:
        raise UnusableInput(
            f"{path.name} is a run of another network; its candidates say nothing of this one."
        )
    return images


def write_csv(found: Membership, path: Path) -> None:
    """One row an image: its place in its set, the set, its label, and its scores.

    Raises:
        OSError: it cannot be written; what stood there before is untouched.
    """
    lines = [",".join(("index", "set", "label", *SCORES))]
    for name, signs in (("images", found.signs), ("control", found.control_signs)):
        if signs is None:
            continue
        columns = []
        for score in found.scores.values():
            values = None if score is None else getattr(score, name)
            columns.append([""] * len(signs) if values is None else _numbers(values))
        for index, (sign, *values) in enumerate(zip(signs, *columns, strict=True)):
            lines.append(",".join((str(index), name, f"{sign:+.0f}", *values)))
    with atomic_path(path) as temporary:
        temporary.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _numbers(values: Values) -> list[str]:
    return [f"{value:.9g}" for value in values]
