"""`main.py score`: what a folder of results is worth, measured on real images."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from engine.base.errors import UnusableInput
from engine.commands.names import OVERWRITE
from engine.commands.sources import (
    add_control,
    add_data_root,
    add_images,
    add_other,
    load_pair,
    with_other,
)
from engine.commands.targets import add_overwrite
from engine.commands.told import matches_in_words
from engine.data.inputs import is_vector
from engine.data.nouns import nouns_of
from engine.evidence.references import References
from engine.evidence.scoring import is_evidence
from engine.exports import results, results_read
from engine.exports.run_read import read_run
from engine.runtime.lazy import torch

ABOUT = "score the results in a folder"

_ROUNDING = 2e-4
"""Measures are written with four decimals."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `score`."""
    parser.add_argument("folder", metavar="DIR")
    add_images(parser, "training images", required=True)
    add_control(parser)
    add_other(parser)
    add_data_root(parser)
    parser.add_argument(
        "--many-to-one", action="store_true", help="score as the paper does, for comparison"
    )
    add_overwrite(parser, f"another score in the folder's {results.REPORT}")


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Scores the reconstructions, and puts the score into the folder's report if it has one.

    Raises:
        UnusableInput: the folder or the images cannot be used, or the report holds another score.
        OSError: the report cannot be written.
    """
    folder = Path(options.folder)
    scored = read_run(folder)
    candidates, mean = scored.candidates, scored.mean
    channels, height, width = candidates.shape[1:]
    shape = (channels, height, width)
    train, control = load_pair(options, shape)
    assert train is not None
    real = [None if each is None else each.images for each in (train, control)]
    by_cosine = False
    if is_vector(shape):  # Rows as the network reads them, as their candidates are.
        inputs = results_read.read_inputs(folder)
        real = [None if each is None else inputs.less_mean(each) for each in real]
        mean, by_cosine = torch.zeros(shape), inputs.is_embedding
    images, unseen = real
    assert images is not None
    sets = (train, control)
    if options.many_to_one and options.other is not None:
        raise UnusableInput("--other stands in line-ups, which --many-to-one has none of.")
    references = References(images, unseen, mean, train.labels, sets=sets, by_cosine=by_cosine)
    beside = with_other(options, references, scored.network, scored.sha256) or references
    found = beside.score(candidates, one_to_one=not options.many_to_one).as_dict()
    path = folder / results.REPORT
    if not path.exists():
        return {"evidence": found, "report": None, "input_shape": list(shape)}
    report = results_read.read_report(folder)
    held: Any = report.get("evidence")
    if is_evidence(held) and not options.overwrite and not _is_same(held, found):
        raise UnusableInput(
            f"{path} holds another score already ({_in_short(held)}); this one "
            f"({_in_short(found)}) would replace it.",
            f"Give {OVERWRITE} to replace it, or score a copy of the folder.",
        )
    results.write_report({**report, "evidence": found}, folder)
    return {"evidence": found, "report": str(path), "input_shape": list(shape)}


def lines(summary: dict[str, Any], _options: argparse.Namespace) -> list[str]:
    """What was found, beside the control, and where it was written."""
    found = matches_in_words(summary["evidence"], nouns_of(summary["input_shape"]))
    return [found] if summary["report"] is None else [found, f"Written into {summary['report']}"]


def _is_same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether a second score holds all of the first, but for what rounding can make of it."""
    if (held := _elsewhere(one)) is not None and held != _elsewhere(other):
        return False
    return all(_are_alike(one[name], other[name]) for name in ("train", "control"))


def _elsewhere(evidence: Mapping[str, Any]) -> object:
    """What line-ups came to with another network's run; None where none was given."""
    return (evidence.get("lineup") or {}).get("elsewhere")


def _are_alike(one: Mapping[str, Any] | None, other: Mapping[str, Any] | None) -> bool:
    if one is None or other is None:
        return one is other
    counts = ("count", "good", "recovered", "rule", "above_control")
    return all(one.get(name) == other.get(name) for name in counts) and all(
        len(one[name]) == len(other[name]) and np.allclose(one[name], other[name], atol=_ROUNDING)
        for name in ("ssim", "ncc")
    )


def _in_short(evidence: Mapping[str, Any]) -> str:
    train, control = evidence["train"], evidence["control"]
    beside = "no control" if control is None else f"{control['good']} of {control['count']} beside"
    return f"{train['good']} of {train['count']} good, {beside}, {train['rule']}"
