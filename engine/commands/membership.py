"""`main.py membership`: scores given images, and measures the scores against a control."""

from __future__ import annotations

import argparse
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.base.errors import UnusableInput
from engine.base.files import atomic_path
from engine.base.plain_text import counted, percent
from engine.commands.shadow_options import add_shadows, check_shadows, shadows_of
from engine.commands.sources import (
    add_base,
    add_control,
    add_data_root,
    add_images,
    add_reading,
    load_pair,
    read_network,
)
from engine.commands.targets import add_overwrite, check_files
from engine.commands.terminal import bar_of, show_share
from engine.evidence.membership import ask
from engine.evidence.membership_scores import NEEDS, SCORES, Membership, Values
from engine.evidence.shadows import about_shadows
from engine.exports.run_read import read_run
from engine.network.facts import base_facts
from engine.network.network import Network
from engine.session.session import SUFFIX

if TYPE_CHECKING:
    from torch import Tensor

ABOUT = "which of these images were trained on, and which do the weights give away?"


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
    add_base(parser)
    add_reading(parser)
    add_shadows(parser)
    parser.add_argument(
        "--csv", type=Path, metavar="FILE", help="one row an image, with its rank by multiplier"
    )
    add_overwrite(parser, "the table where it is there already")
    parser.add_argument("--quiet", action="store_true", help="no progress")


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Scores the images; writes the table if one is wanted.

    Raises:
        UnusableInput: network, images or run cannot be used, or do not belong together; the table
            would replace a file.
        OSError: the table cannot be written.
    """
    check_files(options, {} if options.csv is None else {"csv": options.csv})
    check_shadows(options)
    # The images in question centre nothing: it would favour them, if they are no members.
    network = read_network(options, options.model)
    shape = network.input_shape
    images, control = load_pair(options, shape)
    assert images is not None
    candidates = None if options.of_run is None else candidates_of(Path(options.of_run), network)
    shadows = shadows_of(options, network, images, control)
    with closing(bar_of(options.quiet, total=1.0, desc="multipliers")) as bar:
        found = ask(network, images, control, candidates, partial(show_share, bar), shadows)
    if options.csv is not None:
        write_csv(found, options.csv)
    origin = network.origin
    written = {} if options.csv is None else {"csv": str(options.csv)}
    model = {"file": origin.name, "sha256": origin.sha256, "base": base_facts(network)}
    return {"model": model, **found.as_dict(with_values=True), **written}


def lines(summary: dict[str, Any], _options: argparse.Namespace) -> list[str]:
    """How many images stand out by each score, beside the control; where the table is."""
    control = summary["control"]
    beside = "no control" if control is None else f"{counted(control, 'images')} as control"
    said = [f"{summary['model']['file']}: {counted(summary['images'], 'images')}, {beside}"]
    for name, score in summary["scores"].items():
        said += [] if control is None else [f"{name:10}  {_worth(name, score)}"]
    said += [] if summary["shadow_networks"] is None else about_shadows(summary["shadow_networks"])
    said += [summary["note"]] if summary["note"] else []
    base = summary["model"]["base"]
    said += [] if base is None else [base["about"]]
    if summary["unexplained"] is not None:
        left, of = percent(summary["unexplained"]), "the weights'" if base is None else "its"
        said.append(f"All images together leave {left} of {of} norm unexplained.")
    said += _most_exposed(summary["most_exposed"])
    return [*said, f"Table: {summary['csv']}"] if "csv" in summary else said


def _worth(name: str, score: dict[str, Any] | None) -> str:
    """What one score came to."""
    if score is None:
        return f"–, it needs {NEEDS[name]}"
    found = [
        f"{percent(score[rate], 1)} found at {fpr} ({percent(low, 1)} to {percent(high, 1)})"
        for rate, interval, fpr in (
            ("tpr_at_1_percent_fpr", "interval", "1 % false positives"),
            ("tpr_at_0.1_percent_fpr", "interval_at_0.1_percent", "0.1 %"),
        )
        if score[interval] is not None
        for low, high in [score[interval]]
    ]
    return f"{', '.join(found)}, area under the curve {score['area']:.2f}"


def _most_exposed(images: list[dict[str, Any]]) -> list[str]:
    """The images with the largest multipliers, one a line below a heading."""
    if not images:
        return []
    rows = [("number", "label", "multiplier", "as much in the control")]
    for each in images:
        above = "–" if each["control_above"] is None else f"{each['control_above']:,}"
        label = f"{each['label']}"
        rows.append((f"{each['index'] + 1:,}", label, f"{each['multiplier']:.3g}", above))
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    table = ["  ".join(f"{c:>{w}}" for c, w in zip(row, widths, strict=True)) for row in rows]
    return ["Most exposed, by multiplier:", *table]


def candidates_of(path: Path, network: Network) -> Tensor:
    """The centred candidates of a run, shape (m, c, h, w).

    Args:
        path: a session, or a folder of results.
        network: whose run it has to be.

    Raises:
        UnusableInput: it cannot be read, or is a run of another network.
    """
    found = read_run(path)
    if found.sha256 and network.origin.sha256 and found.sha256 != network.origin.sha256:
        raise UnusableInput(
            f"{path.name} is a run of another network; its candidates say nothing of this one.",
            f"Give a run of {network.origin.name}.",
        )
    return found.candidates


def write_csv(found: Membership, path: Path) -> None:
    """One row an image: its place in its set, the set, its label, its scores, and its exposure.

    That is its rank by multiplier among the images in question, and how many of the control have no
    less of one. What is not known is left empty, as is the calibrated score of those images of the
    control that it was fitted to.

    Raises:
        OSError: it cannot be written; what stood there before is untouched.
    """
    lines = [",".join(("index", "set", "label", *SCORES, "rank", "control_above"))]
    above = found.control_above
    ranks = [f"{rank}" for rank in found.ranks]
    counts = [""] * len(ranks) if above is None else [f"{count}" for count in above]
    for name, labels, places, *exposure in (
        ("images", found.labels, np.arange(len(found.labels)), ranks, counts),
        ("control", found.control_labels, found.control_places, None, None),
    ):
        if labels is None:
            continue
        columns = []
        for score in found.scores.values():
            values = None if score is None else getattr(score, name)
            columns.append([""] * len(labels) if values is None else _numbers(values))
        columns += [[""] * len(labels) if each is None else each for each in exposure]
        for index, label, *values in zip(places, labels, *columns, strict=True):
            written = f"{label:+.0f}" if found.classes.outputs == 1 else f"{label:.0f}"
            lines.append(",".join((str(index), name, written, *values)))
    with atomic_path(path) as temporary:
        temporary.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _numbers(values: Values) -> list[str]:
    return ["" if np.isnan(value) else f"{value:.9g}" for value in values]
