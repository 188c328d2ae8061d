"""`main.py membership`: scores given images, and measures the scores against a control."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.base.errors import UnusableInput
from engine.base.files import atomic_path
from engine.base.plain_text import counted, percent
from engine.commands.sources import (
    add_control,
    add_data_root,
    add_images,
    add_reading,
    load_pair,
    read_network,
)
from engine.commands.targets import add_overwrite, check_files
from engine.evidence.membership import ask
from engine.evidence.membership_scores import SCORES, Membership, Values
from engine.exports import results
from engine.network.network import Network
from engine.session.session import SUFFIX
from engine.session.session_file import load_session

if TYPE_CHECKING:
    from torch import Tensor

ABOUT = "were these images trained on?"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `membership`."""
    parser.add_argument("model", metavar="MODEL", help="a checkpoint")
    add_images(parser, "images whose membership is in question", required=True)
    add_control(parser, "images of the same kind that the network never saw")
    parser.add_argument(
        "--run",
        dest="of_run",  # `run` is the function of a command.
        metavar="RUN",
        help=f"a folder of results, or a {SUFFIX} file, of this network",
    )
    add_data_root(parser)
    add_reading(parser)
    parser.add_argument("--csv", type=Path, metavar="FILE", help="one row an image")
    add_overwrite(parser, "the table where it is there already")


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Scores the images; writes the table if one is wanted.

    Raises:
        UnusableInput: network, images or run cannot be used, or do not belong together; the table
            would replace a file.
        OSError: the table cannot be written.
    """
    check_files(options, {} if options.csv is None else {"csv": options.csv})
    # The images in question centre nothing: it would favour them, if they are no members.
    network = read_network(options, options.model)
    shape = network.input_shape
    images, control = load_pair(options, shape)
    assert images is not None
    candidates = None if options.of_run is None else candidates_of(Path(options.of_run), network)
    found = ask(network, images, control, candidates)
    if options.csv is not None:
        write_csv(found, options.csv)
    origin = network.origin
    written = {} if options.csv is None else {"csv": str(options.csv)}
    model = {"file": origin.name, "sha256": origin.sha256}
    return {"model": model, **found.as_dict(), **written}


def lines(summary: dict[str, Any], _options: argparse.Namespace) -> list[str]:
    """How many images stand out by each score, beside the control; where the table is."""
    control = summary["control"]
    beside = "no control" if control is None else f"{counted(control, 'images')} as control"
    said = [f"{summary['model']['file']}: {counted(summary['images'], 'images')}, {beside}"]
    for name, score in summary["scores"].items():
        said += [] if control is None else [f"{name:10}  {_worth(score)}"]
    said += [summary["note"]] if summary["note"] else []
    return [*said, f"Table: {summary['csv']}"] if "csv" in summary else said


def _worth(score: dict[str, Any] | None) -> str:
    """What one score came to."""
    if score is None:
        return "not asked: it needs a run (--run)"
    low, high = score["interval"]
    return (
        f"{percent(score['tpr_at_1_percent_fpr'])} found at 1 % false positives "
        f"({percent(low)} to {percent(high)}), area under the curve {score['area']:.2f}"
    )


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
            f"{path.name} is a run of another network; its candidates say nothing of this one.",
            f"Give a run of {network.origin.name}.",
        )
    return images


def write_csv(found: Membership, path: Path) -> None:
    """One row an image: its place in its set, the set, its label, and its scores.

    Raises:
        OSError: it cannot be written; what stood there before is untouched.
    """
    lines = [",".join(("index", "set", "label", *SCORES))]
    for name, labels, places in (
        ("images", found.labels, np.arange(len(found.labels))),
        ("control", found.control_labels, found.control_places),
    ):
        if labels is None:
            continue
        columns = []
        for score in found.scores.values():
            values = None if score is None else getattr(score, name)
            columns.append([""] * len(labels) if values is None else _numbers(values))
        for index, label, *values in zip(places, labels, *columns, strict=True):
            written = f"{label:+.0f}" if found.classes.outputs == 1 else f"{label:.0f}"
            lines.append(",".join((str(index), name, written, *values)))
    with atomic_path(path) as temporary:
        temporary.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _numbers(values: Values) -> list[str]:
    return [f"{value:.9g}" for value in values]
