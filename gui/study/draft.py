"""What a person has chosen for a study that is not begun: the same that its file says."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.base.errors import UnusableInput
from engine.base.resources import ready_made_study
from engine.study.places import is_address
from engine.study.plan import Plan, Value, plan_of, read_plan
from engine.study.reading import READING
from engine.study.writing import as_toml

FILES = "files"
"""The variable of a study of checkpoints."""

TRAINING, CHECKPOINTS, SETTINGS = "training", "checkpoints", "settings"

MOST_SEEDS = 10


@dataclass(frozen=True)
class Variable:
    """What can be varied.

    Attributes:
        table: of the study's file that it stands in.
        label: for people.
        presets: values that suggest themselves; of the kind that it takes.
    """

    table: str
    label: str
    presets: tuple[Value, ...] = ()

    def parse(self, text: str) -> Value:
        """A value that was typed.

        Raises:
            UnusableInput: it is of another kind than the presets.
        """
        kind = type(self.presets[0]) if self.presets else str
        try:
            return kind(text.strip())
        except ValueError as error:
            what = "a whole number" if kind is int else "a number"
            raise UnusableInput(
                f"“{text}” is no value of “{self.label}”.", f"Write {what}."
            ) from error


_OF_TRAINING = {
    "epochs": Variable(TRAINING, "Epochs", (100, 300, 1000, 2000, 3500, 5000)),
    "weight_decay": Variable(TRAINING, "Weight decay", (0.0, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2)),
    "per_class": Variable(TRAINING, "Training images a class", (5, 10, 20, 50, 100)),
    "hidden": Variable(
        TRAINING, "Widths of the hidden layers", ("100-100", "200-200", "400-400", "800-800")
    ),
    "rate": Variable(TRAINING, "Learning rate", (0.02, 0.05, 0.1, 0.2)),
    "batch": Variable(TRAINING, "Batch (0: all images)", (0, 16, 32, 64)),
}


@dataclass(frozen=True)
class Draft:
    """A study as its file would say it; each choice makes another one.

    Attributes:
        said: tables and values by name, as `engine.study.plan` reads them.
    """

    said: Mapping[str, Any]

    @property
    def text(self) -> str:
        """The file.

        Raises:
            UnusableInput: it is no study yet.
        """
        return as_toml(self.said)

    def plan(self) -> Plan:
        """The study; all paths in it are whole, so that it is the same wherever its file lies.

        Raises:
            UnusableInput: it is no study yet.
        """
        return plan_of(self.text, self.name, Path())

    @property
    def name(self) -> str:
        """What the study is called."""
        return str(self.said.get("name", "Study"))

    @property
    def is_of_training(self) -> bool:
        """Whether its networks are trained for it."""
        return TRAINING in self.said

    # --- what is varied ---------------------------------------------------------------------

    @property
    def variables(self) -> dict[str, Variable]:
        """What can be varied, by name; what the file varies beyond the usual is there, too."""
        if not self.is_of_training:
            known = {FILES: Variable(CHECKPOINTS, "Checkpoints")}
        else:
            known = dict(_OF_TRAINING)
        for table in (TRAINING, SETTINGS):
            for name, values in self.said.get(table, {}).items():
                if isinstance(values, list) and values and name not in known:
                    known[name] = Variable(table, name, tuple(values))
        return known

    @property
    def first_varied(self) -> str:
        """The variable with the most values; the first of several."""
        return max(self.variables, key=lambda name: len(self.values(name)))

    def values(self, name: str) -> list[Value]:
        """The values of a variable; none where the file leaves it as it usually is."""
        found = self.said.get(self.variables[name].table, {}).get(name, [])
        return list(found) if isinstance(found, list) else [found]

    def with_values(self, name: str, values: Sequence[Value]) -> Draft:
        """The same over other values of a variable; without any it is as it usually is."""
        table = self.variables[name].table
        said = dict(self.said.get(table, {}))
        if name == FILES:  # What is said of a checkpoint goes with it.
            said = {k: v for k, v in said.items() if not isinstance(v, dict) or k in values}
        if not values and name != FILES:
            said.pop(name, None)
        else:
            single = len(values) == 1 and name != FILES
            said[name] = values[0] if single else list(values)
        return self._with(table, said)

    # --- how checkpoints are read ---------------------------------------------------------------

    def reading(self, file: str = "") -> dict[str, str]:
        """What is said of a checkpoint, by name.

        Args:
            file: one of the files, for what is said of it alone; of all where it is empty.
        """
        said = self.said.get(CHECKPOINTS, {})
        said = said.get(file, {}) if file else said
        return {name: said[name] for name in READING if name in said}

    def with_reading(self, reading: Mapping[str, str], file: str = "") -> Draft:
        """The same with something else said of a checkpoint, or of all; what is empty is not."""
        known = {name: value for name, value in reading.items() if value}
        table = dict(self.said.get(CHECKPOINTS, {}))
        if not file:
            table = {name: value for name, value in table.items() if name not in READING}
            return self._with(CHECKPOINTS, {**table, **known})
        table.pop(file, None)
        return self._with(CHECKPOINTS, {**table, file: known} if known else table)

    # --- the rest ---------------------------------------------------------------------------

    @property
    def seeds(self) -> int:
        """How many seeds there are."""
        seeds = self.said.get("seeds", [0])
        return len(seeds) if isinstance(seeds, list) else 1

    def with_seeds(self, count: int) -> Draft:
        """The same with so many seeds, from 0 on."""
        return self._with("seeds", list(range(count)))

    def setting(self, name: str, usual: Value) -> Value | None:
        """A setting of the search; None where it is varied."""
        value = self.said.get(SETTINGS, {}).get(name, usual)
        return None if isinstance(value, list) else value

    def with_setting(self, name: str, value: Value) -> Draft:
        """The same with another setting of the search."""
        return self._with(SETTINGS, {**self.said.get(SETTINGS, {}), name: value})

    @property
    def data_root(self) -> Path | None:
        """Folder of the data sets that are known by name; None takes the cache."""
        return Path(self.said["data_root"]) if "data_root" in self.said else None

    def with_data_root(self, folder: Path | None) -> Draft:
        """The same with data sets from another folder."""
        said = {name: value for name, value in self.said.items() if name != "data_root"}
        return Draft(said if folder is None else {"data_root": str(folder), **said})

    def _with(self, name: str, value: Any) -> Draft:
        return Draft({**self.said, name: value})


def ready_made(name: str) -> Draft:
    """One of the ready-made studies."""
    return Draft(tomllib.loads(ready_made_study(name).read_text(encoding="utf-8")))


def of_checkpoints(files: Sequence[Path]) -> Draft:
    """A study of networks that are there."""
    return Draft(
        {
            "name": "Checkpoints",
            "seeds": [0],
            CHECKPOINTS: {FILES: [str(path.absolute()) for path in files]},
            SETTINGS: {"steps": 500},
        }
    )


def read_draft(path: Path) -> Draft:
    """A study's file, to be changed; paths in it are whole afterwards.

    Raises:
        UnusableInput: it cannot be read, or is no study.
    """
    plan = read_plan(path)
    said = tomllib.loads(plan.text)
    said.setdefault("name", plan.name)
    if "data_root" in said:
        said["data_root"] = str(plan.folder / said["data_root"])
    for table, names in (
        (TRAINING, ("dataset", "base")),
        (CHECKPOINTS, ("images", "control", "base")),
    ):
        for name in names:
            if name in said.get(table, {}):
                said[table][name] = _whole(said[table][name], plan.folder)
    if CHECKPOINTS in said:
        files = said[CHECKPOINTS][FILES]
        files = [files] if isinstance(files, str) else files
        whole = {each: each if is_address(each) else str(plan.folder / each) for each in files}
        said[CHECKPOINTS][FILES] = list(whole.values())
        for each in files:
            own = said[CHECKPOINTS].pop(each, None)
            if own is not None:
                if "base" in own:
                    own["base"] = _whole(own["base"], plan.folder)
                said[CHECKPOINTS][whole[each]] = own
    return Draft(said)


def _whole(source: Any, folder: Path) -> Any:
    """A path that starts from the file's folder, where there is such a one; else as it is."""
    if isinstance(source, list):
        return [_whole(each, folder) for each in source]
    is_path = not is_address(source) and (folder / source).exists()
    return str(folder / source) if is_path else source
