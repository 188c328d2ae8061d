"""`main.py score`: what a folder of results is worth, measured on real images."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from engine.commands.sources import add_control, add_data_root, add_images, load_source
from engine.data.inputs import is_vector
from engine.evidence.scoring import score
from engine.exports import results
from engine.runtime.lazy import torch

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
    train = load_source(options, options.images, shape)
    control = load_source(options, options.control, shape)
    real = [None if each is None else each.images for each in (train, control)]
    if is_vector(shape):  # Rows as the network reads them, as their candidates are.
        inputs = results.read_inputs(folder)
        real = [None if each is None else inputs.less_mean(each) for each in real]
        mean = torch.zeros(shape)
    images, unseen = real
    assert images is not None
    evidence = score(candidates, images, unseen, mean, one_to_one=not options.many_to_one)
    if (folder / results.REPORT).exists():
        scored = {**results.read_report(folder), "evidence": evidence.as_dict()}
        results.write_report(scored, folder)
    return {"evidence": evidence.as_dict()}
