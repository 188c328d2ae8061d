"""`main.py score`: what a folder of results is worth, measured on real images."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Any

from engine.commands.sources import add_control, add_data_root, add_images, load_pair
from engine.evidence.scoring import score
from engine.exports import results

ABOUT = "score the results in a folder"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `score`."""
    parser.add_argument("folder", metavar="DIR")
    add_images(parser, "training images", required=True)
    add_control(parser)
    add_data_root(parser)
    parser.add_argument(
        "--many-to-one", action="store_true", help="score as the paper does, for comparison"
    )


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Scores the reconstructions, and puts the score into the folder's report if it has one.

    Raises:
        UnusableInput: the folder or the images cannot be used.
        OSError: the report cannot be written.
    """
    folder = Path(options.folder)
    candidates, mean = results.read_reconstructions(folder)
    channels, height, width = candidates.shape[1:]
    shape = (channels, height, width)
    train, control = load_pair(options, shape)
    assert train is not None
    evidence = score(
        candidates,
        train.images,
        None if control is None else control.images,
        mean,
        one_to_one=not options.many_to_one,
    )
    apart = None if control is None else control.apart
    evidence = replace(evidence, left_out=0 if apart is None else len(apart.left_out))
    if (folder / results.REPORT).exists():
        scored = {**results.read_report(folder), "evidence": evidence.as_dict()}
        results.write_report(scored, folder)
    return {"evidence": evidence.as_dict()}
