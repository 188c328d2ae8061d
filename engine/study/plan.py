"""A study as its file says it: which networks, which settings, which seeds (docs/studies.md).

    seeds = [0, 1]

    [training]                  # or [checkpoints], with files = ["release/*.safetensors"]
    dataset = "mnist"
    per_class = 10
    recipe = "usual"
    epochs = [50, 100, 200]     # checkpoints along one training

    [settings]
    steps = 500

A list is varied: the study is every combination of what stands in its lists.
"""

from __future__ import annotations

import itertools
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from engine.base.errors import UnusableInput
from engine.base.file_checks import check_file
from engine.data.datasets import Selection
from engine.study.measures import MEASURES
from engine.study.reading import AS_FILED, READING, Reading, reading_of
from engine.study.said import (
    check_count,
    check_names,
    check_settings,
    check_values,
    recipe_of,
    seeds_of,
    selection_of,
    text_of,
)
from engine.training.recipe import Recipe

Value = str | int | float | bool
"""What a variable of a run may be."""

PLAN_SUFFIX = ".toml"
"""Of a study's file."""

_LARGEST = 1 << 20

_TOP = ("name", "about", "data_root", "seeds", "training", "checkpoints", "settings")
_OF_DATA = ("dataset", "classes", "per_class", "draw", "base")
_OF_CHECKPOINTS = ("files", "images", "control", *READING)
_NOT_IN_RECIPE = ("seed",)


@dataclass(frozen=True)
class Given:
    """A network that is there.

    Attributes:
        address: path of its checkpoint, or an address such as `s3://…`; may name several (`*`).
        images: training images to score against; None takes what lies beside the checkpoint.
        control: images that it never saw, alike.
        reading: what is said of how it is read.
    """

    address: str
    images: str | None = None
    control: str | None = None
    reading: Reading = AS_FILED


@dataclass(frozen=True)
class Made:
    """A network that is trained for the study.

    Attributes:
        dataset: where its images come from.
        selection: which of them.
        recipe: how; its seed is that of the run.
        at_epoch: after how many epochs it is looked at; 0 is its end.
        base: address of what it is fine-tuned from; None where it is trained from its start.
    """

    dataset: str
    selection: Selection
    recipe: Recipe
    at_epoch: int = 0
    base: str | None = None


@dataclass(frozen=True)
class Cell:
    """One run as it is planned.

    Attributes:
        network: where its network comes from.
        settings: what the file says of the search.
        seed: of the training's start and batches, and of the search's noise.
        variables: what tells it from others, by name, as the table shows it.
    """

    network: Given | Made
    settings: Mapping[str, Any]
    seed: int
    variables: Mapping[str, Value]


@dataclass(frozen=True)
class Plan:
    """A study.

    Attributes:
        name: for people.
        about: what it asks.
        data_root: folder of the known data sets; None takes the cache.
        cells: its runs; `Given` networks may still name several checkpoints each.
        text: the file, word for word.
        folder: what relative paths in it start from.
    """

    name: str
    about: str
    data_root: Path | None
    cells: tuple[Cell, ...]
    text: str
    folder: Path


def read_plan(path: Path, data_root: Path | None = None) -> Plan:
    """Reads a study's file.

    Args:
        path: of a `.toml`.
        data_root: folder of the known data sets, in place of the one that the file names.

    Raises:
        UnusableInput: it cannot be read, or is no study.
    """
    if check_file(path) > _LARGEST:
        raise UnusableInput(f"{path.name} is larger than a study can be.", "Give a .toml file.")
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise UnusableInput(f"{path.name} is no text in UTF-8.", "Give a .toml file.") from error
    return plan_of(text, path.stem, path.resolve().parent, data_root)


def plan_of(text: str, name: str, folder: Path, data_root: Path | None = None) -> Plan:
    """The study that a text says.

    Args:
        text: as TOML.
        name: what it is called where it does not say.
        folder: what relative paths in it start from.
        data_root: as above.

    Raises:
        UnusableInput: it is no study.
    """
    try:
        said = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # Numbers of thousands of digits are the former.
        raise UnusableInput(f"The study {name} is no TOML: {error}.") from error
    if not {"training", "checkpoints"} & said.keys():
        raise UnusableInput(
            f"{name} is no study: it says neither how networks are trained nor which they are.",
            "Give it a table [training], or one [checkpoints].",
        )
    check_names(said, _TOP, "a study")
    for key in ("training", "checkpoints", "settings"):
        if key in said and not isinstance(said[key], dict):
            raise UnusableInput(f"“{key}” is no table of the study.", f"Write it as [{key}].")
        check_values(
            {
                name: value
                for name, value in said.get(key, {}).items()
                if key != "checkpoints" or not isinstance(value, dict)
            }
        )
    if "training" in said and "checkpoints" in said:
        raise UnusableInput(
            "A study says either how its networks are trained or which checkpoints they are.",
            "Give it one table [training], or one [checkpoints].",
        )
    root = data_root
    if root is None and "data_root" in said:
        root = folder / text_of(said, "data_root")
    check_count(said)
    cells = tuple(_cells(said))
    about = text_of(said, "about") if "about" in said else ""
    return Plan(text_of(said, "name") if "name" in said else name, about, root, cells, text, folder)


def _cells(said: Mapping[str, Any]) -> Iterator[Cell]:
    """Every combination of what stands in lists; the seed changes quickest."""
    seeds = seeds_of(said.get("seeds", [0]))
    searches = list(_combinations(said.get("settings", {})))
    for settings_said, _ in searches:
        check_settings(settings_said)
    if "training" in said:
        of_network = _combinations(said["training"])
    else:
        of_network = iter([(said["checkpoints"], ())])
    for network_said, network_names in of_network:
        networks: list[tuple[Given | Made, dict[str, Value]]]
        networks = list((_made if "training" in said else _given)(network_said))
        for settings_said, setting_names in searches:
            shared = {_told("training", name): network_said[name] for name in network_names}
            shared |= {_told("settings", name): settings_said[name] for name in setting_names}
            for network, its_own in networks:
                for seed in seeds:
                    variables = {**shared, **its_own, "seed": seed}
                    yield Cell(_with_seed(network, seed), settings_said, seed, variables)


def _told(table: str, name: str) -> str:
    """What a variable is called: by its table's name, too, where another column has the same."""
    taken = {each.name for each in fields(Recipe)} if table == "settings" else set()
    return f"{table}.{name}" if name in taken or name in MEASURES else name


def _with_seed(network: Given | Made, seed: int) -> Given | Made:
    if isinstance(network, Given):
        return network
    return replace(network, recipe=replace(network.recipe, seed=seed))


def _combinations(said: Mapping[str, Any]) -> Iterator[tuple[dict[str, Any], tuple[str, ...]]]:
    """Each combination of a table's lists, and which of its names are varied in it."""
    lists = {k: v for k, v in said.items() if isinstance(v, list) and k != "epochs"}
    for name, values in lists.items():
        if not values:
            raise UnusableInput(f"“{name}” is an empty list.", "Name at least one value.")
        if any(not isinstance(value, str | int | float | bool) for value in values):
            raise UnusableInput(
                f"“{name}” holds lists of lists.",
                'Write the widths of hidden layers as text: hidden = ["400-400", "800-800"].',
            )
        if len({repr(value) for value in values}) < len(values):
            raise UnusableInput(f"“{name}” holds a value twice.", "Name each once.")
    names = tuple(lists)
    fixed = {k: v for k, v in said.items() if k not in lists}
    for chosen in itertools.product(*lists.values()):
        yield {**fixed, **dict(zip(names, chosen, strict=True))}, names


def _given(said: Mapping[str, Any]) -> Iterator[tuple[Given, dict[str, Value]]]:
    own = {name: value for name, value in said.items() if isinstance(value, dict)}
    said = {name: value for name, value in said.items() if name not in own}
    check_names(said, _OF_CHECKPOINTS, "[checkpoints]")
    files = said.get("files", [])
    files = [files] if isinstance(files, str) else files
    named = isinstance(files, list) and all(isinstance(each, str) and each for each in files)
    if not files or not named:
        raise UnusableInput(
            "[checkpoints] names no files.", 'Write files = ["release/*.safetensors"].'
        )
    images = text_of(said, "images") if "images" in said else None
    control = text_of(said, "control") if "control" in said else None
    if control is not None and images is None:
        raise UnusableInput("A control needs images: it is compared with training images.")
    for name in own:
        if name not in files:
            raise UnusableInput(
                f"[checkpoints.{name}] is about none of the files.", "Call it as one of them."
            )
        check_names(own[name], READING, f"[checkpoints.{name}]")
    for each in files:
        reading = reading_of({**said, **own.get(each, {})})
        yield Given(each, images, control, reading), {"checkpoint": each}


def _made(said: Mapping[str, Any]) -> Iterator[tuple[Made, dict[str, Value]]]:
    of_recipe = [each.name for each in fields(Recipe) if each.name not in _NOT_IN_RECIPE]
    check_names(said, (*_OF_DATA, "recipe", *of_recipe), "[training]")
    if "dataset" not in said:
        raise UnusableInput("[training] names no images.", 'Write dataset = "mnist", or a folder.')
    along = said.get("epochs", 0)
    epochs: list[Any] = along if isinstance(along, list) else [along]
    if not epochs or any(type(each) is not int or each < 0 for each in epochs):
        raise UnusableInput("“epochs” is no list of whole numbers.", "Write epochs = [50, 100].")
    if len(epochs) > 1 and (min(epochs) < 1 or len(set(epochs)) < len(epochs)):
        raise UnusableInput("“epochs” names checkpoints along one training: each once, from 1 on.")
    base = text_of(said, "base") if "base" in said else None
    recipe = recipe_of({**said, "epochs": max(epochs)}, of_recipe, base is not None)
    selection = selection_of(said)
    for each in epochs:
        at = each if isinstance(along, list) else 0
        shown: dict[str, Value] = {"epochs": each} if isinstance(along, list) else {}
        yield Made(text_of(said, "dataset"), selection, recipe, at, base), shown
