"""`main.py inspect`: what weights alone tell, as numbers for programs, as lines for people."""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import Any

from engine.base.plain_text import counted, percent
from engine.commands.sources import (
    add_base,
    add_data_root,
    add_images,
    add_reading,
    load_source,
    read_network,
)
from engine.commands.targets import add_overwrite, check_free
from engine.data.datasets import LabelledImages
from engine.data.inputs import shape_in_words, who_said
from engine.data.nouns import nouns_of
from engine.data.pixels import columns_for, enlarged, enlargement, mosaic
from engine.evidence.assumptions import check_assumptions
from engine.evidence.diagnostics import check_weights
from engine.evidence.first_look import first_look
from engine.evidence.outlook import about_images
from engine.evidence.stationarity_check import CARRIES, DecayReading, true_stationarity
from engine.exports.endings import check_ending
from engine.exports.writing import write_png
from engine.network.facts import about_outputs, model_facts
from engine.network.network import Network

ABOUT = "what a checkpoint's weights tell"

_SHOWN_IMAGES = 8


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `inspect`."""
    parser.add_argument("model", metavar="MODEL", help="a checkpoint")
    add_images(parser, "training images: how true is it?")
    add_data_root(parser)
    add_base(parser)
    add_reading(parser)
    parser.add_argument(
        "--look",
        type=Path,
        metavar="FILE.png",
        help="a picture of what single neurons and their differences already show; not a finding",
    )
    add_overwrite(parser, "the picture where it is there already")


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Inspects a network.

    Raises:
        UnusableInput: network or images cannot be used, or the picture would replace a file.
        OSError: the picture cannot be written.
    """
    if options.look is not None:
        check_ending("png", options.look, "--look")
        check_free(options, [options.look], "Name another file")
    network = read_network(options, options.model, options.images)
    found = inspection(network, load_source(options, options.images, network.input_shape))
    return found if options.look is None else {**found, "look": _look(network, options.look)}


def lines(summary: dict[str, Any], _options: argparse.Namespace) -> list[str]:
    """The same for people."""
    return [*inspection_text(summary).split("\n"), *_look_lines(summary)]


def _look(network: Network, path: Path) -> dict[str, Any]:
    """A first look in numbers; its picture is written where there is one."""
    found = first_look(network)
    if len(found):
        pixels = mosaic(found.tiles, columns_for(found.tiles))
        write_png(path, enlarged(pixels, enlargement(pixels.shape[1])))
    return {
        "file": str(path) if len(found) else None,
        "images": len(found),
        "recurrences": list(found.recurrences),
        "by_chance": found.by_chance,
    }


def _look_lines(summary: dict[str, Any]) -> list[str]:
    look = summary.get("look")
    if look is None:
        return []
    if not look["images"]:
        return [
            "first look    nothing stands out among differences of neurons; no picture is written"
        ]
    images = counted(look["images"], "images")
    return [f"first look    {images} that differences of neurons show; no finding: {look['file']}"]


def inspection(network: Network, train: LabelledImages | None = None) -> dict[str, Any]:
    """What the weights alone tell before any run; with the training images, how true it is.

    Args:
        network: the network.
        train: the images it was trained on, with labels 0 and 1.

    Raises:
        UnusableInput: there are too many images.
    """
    health = check_weights(network)
    assumptions = None if train is None else check_assumptions(network, train)
    return {
        **model_facts(network),
        "told_apart": about_outputs(network),
        "homogeneous": network.homogeneity,
        "parameters": network.parameters.count,
        "input_shape_is_known": network.inputs.is_known,
        "layout_described": network.inputs.layout_described,
        "mean_image": network.inputs.is_preprocessing_said,
        "layer_norms": [round(layer.norm, 4) for layer in health.layers],
        "row_space": {
            "rank": health.spectrum.rank if network.structure is None else None,
            "input_dimension": network.input_dimension,
            "noise_floor": health.spectrum.floor,
        },
        "health": health.as_dict(),
        "assumptions": None if assumptions is None else assumptions.as_dict(),
        "stationarity": None if train is None else _stationarity_numbers(network, train),
    }


def inspection_text(found: dict[str, Any]) -> str:
    """The same for people."""
    health, space, true = found["health"], found["row_space"], found["stationarity"]
    shape, nouns = shape_in_words(found["input_shape"]), nouns_of(found["input_shape"])
    guess = "" if found["input_shape_is_known"] else " (assumed; set it with --shape)"
    lines = [
        f"{found['file']}: {found['architecture']}, {found['parameters']:,} parameters",
        f"input         {shape}{guess}",
        *([f"layout        {found['layout_described']}"] if found["layout_described"] else []),
        *_structure_lines(found["structure"]),
        f"tells apart   {found['told_apart']}",
        f"activation    {_said(found['activation'], 'name')}",
        f"preprocessing {_said(found['preprocessing'], 'words')}",
        *_reading_lines(found),
        f"homogeneous   {found['homogeneous']}",
        f"spectrum      {health['rank']} of {health['dimension']} directions of the "
        f"{health['layer']} stand above its noise floor ({space['noise_floor']:.3g})",
        f"remembered    {nouns.of(about_images(health['remembered']))} left a trace",
        *_norm_lines(found),
        f"training      {health['training']}",
        f"least residual {health['floor']:.2f} of that norm, by that many images; per "
        f"layer {_listed(health['floor_per_layer'])}",
        f"outlook       {health['outlook']}",
    ]
    lines += _assumption_lines(found["assumptions"])
    if true is not None:
        low, middle, high = true["margins"]
        wrong = f", {true['wrong']} on the wrong side" if true["wrong"] else ""
        lines += [
            f"residual      {true['relative']:.3f} with the {true['images']} training images; per "
            f"layer {_listed(true['relative_per_layer'])}",
            f"multipliers   {true['carrying']} images carry one above {percent(CARRIES)} of the "
            f"largest; the largest: images {', '.join(str(place) for place in true['heaviest'])}",
            f"margins       {low:.3g} to {high:.3g}, half of them below {middle:.3g}{wrong}",
        ]
        if true["decay"] is not None:
            left = true["decay"]
            lines.append(
                f"weight decay  {left['relative']:.3f} is left over where each image pulls as its "
                f"loss says; per layer {_listed(left['relative_per_layer'])}"
            )
    return "\n".join(lines)


def _structure_lines(structure: dict[str, str] | None) -> list[str]:
    """How convolutions follow each other, and who says so."""
    if structure is None:
        return []
    is_assumed = structure["said_by"] in ("known", "shapes")
    way = "; set it with --architecture" if is_assumed else ""
    return [f"architecture  {structure['text']} ({structure['about']}{way})"]


def _reading_lines(found: dict[str, Any]) -> list[str]:
    """Where the order of layers was a choice, and tensors that are not layers as they stand."""
    about = found["order"]["about"]
    lines = [f"order         {about}"] if about and found["order"]["told_by"] != "shapes" else []
    lines += [f"applied       {noted}" for noted in found["applied"]]
    return [*lines, *(f"ignored       {noted}" for noted in found["ignored"])]


def _norm_lines(found: dict[str, Any]) -> list[str]:
    """How large what is to be explained is, the weights or what fine-tuning changed of a base."""
    health, base, norms = found["health"], found["base"], _listed(found["layer_norms"])
    if base is not None:
        return [f"base          {base['about']}", f"change norms  {norms}"]
    return [
        f"from training {percent(health['signal'], 1)} of the {health['layer']}",
        f"layer norms   {norms} (in balance at stationarity: {health['balance']:.2f} of 1)",
    ]


def _said(fact: dict[str, Any], key: str) -> str:
    said_by = "" if fact["said_by"] == "nobody" and key == "words" else who_said(fact["said_by"])
    return f"{fact[key]} ({said_by})" if said_by else str(fact[key])


def _assumption_lines(found: dict[str, Any] | None) -> list[str]:
    """What the training images say of what was assumed."""
    if found is None:
        return []
    lines = [
        f"as it is read {percent(found['right'])} of the training images are on their own side",
        f"images say    {found['preprocessing']['about']}",
        f"              {found['activation']['about']}",
    ]
    for about in (found["layout"], found["order"], found["architecture"]):
        if about is not None:
            lines.append(f"              {about['about']}")
    return [*lines, f"warning       {found['warning']}"] if found["warning"] else lines


def _stationarity_numbers(network: Network, train: LabelledImages) -> dict[str, Any]:
    true = true_stationarity(network, train)
    margins = sorted(float(margin) for margin in true.margins)
    return {
        "images": len(train),
        "relative": round(true.relative, 5),
        "relative_per_layer": [_rounded(share) for share in true.relative_per_layer],
        "carrying": true.carrying,
        "heaviest": true.heaviest(_SHOWN_IMAGES),
        "wrong": true.wrong,
        "unknowns": true.unknowns,
        "decay": None if true.decay is None else _decay_numbers(true.decay),
        "margins": [margins[0], margins[len(margins) // 2], margins[-1]],
        "multipliers": [round(float(value), 8) for value in true.multipliers],
    }


def _decay_numbers(reading: DecayReading) -> dict[str, Any]:
    return {
        "relative": round(reading.relative, 5),
        "relative_per_layer": [round(share, 5) for share in reading.relative_per_layer],
        "weight_decay": reading.weight_decay if math.isfinite(reading.weight_decay) else None,
    }


def _rounded(value: float) -> float | None:
    return round(value, 5) if math.isfinite(value) else None


def _listed(values: list[float | None]) -> str:
    return ", ".join("–" if value is None else f"{value:.3g}" for value in values)
