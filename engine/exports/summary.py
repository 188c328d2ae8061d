"""Several runs in one folder: a subfolder for each, and a summary of all.

The summary is written anew after each run, so that whatever ends the program loses nothing that
is finished. A folder that holds the summary of earlier runs keeps their rows.
"""

from __future__ import annotations

import csv
import json
import unicodedata
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from engine.base.errors import UnusableInput
from engine.base.files import atomic_path, sha256_of
from engine.base.json_text import read_json

SUMMARY_JSON, SUMMARY_CSV = "summary.json", "summary.csv"

DONE, STOPPED, REFUSED, FAILED = "done", "stopped", "refused", "failed"
"""How a checkpoint can have come out."""

_LARGEST = 1 << 24
_LONGEST_NAME = 150
_RESERVED = {"con", "prn", "aux", "nul"} | {f"{p}{n}" for p in ("com", "lpt") for n in range(10)}
_FORMULA = ("=", "+", "-", "@")


@dataclass(frozen=True)
class Outcome:
    """What became of one checkpoint; what is not known is None.

    Attributes:
        checkpoint: its file.
        outcome: `DONE`, `STOPPED`, `REFUSED` or `FAILED`.
        folder: name of the subfolder that holds the results.
        sha256: of the file.
        architecture: of the network, for people.
        remembered: about how many training images left a trace, by the weights alone.
        training_images: how many there were to score against.
        control_images: how many the network never saw, alike.
        recovered: training images that are good and above the control's best.
        good: training images with a good match, whatever the control says.
        gallery_above_0_9: distinct images with a confidence above 0.9.
        steps: steps taken.
        seconds: computing time.
        sentence: why it was refused, failed, ended before its time, or had no chance.
    """

    checkpoint: str
    outcome: str
    folder: str | None = None
    sha256: str | None = None
    architecture: str | None = None
    remembered: int | None = None
    training_images: int | None = None
    control_images: int | None = None
    recovered: int | None = None
    good: int | None = None
    gallery_above_0_9: int | None = None
    steps: int | None = None
    seconds: float | None = None
    sentence: str = ""


Row = dict[str, str | int | float | bool | None]
"""An `Outcome` that is read back; one of another version may have other columns."""

COLUMNS = tuple(each.name for each in fields(Outcome))


class Summary:
    """The rows of `summary.json` and `summary.csv` in one folder."""

    def __init__(self, folder: Path) -> None:
        """Makes the folder if need be, and takes over the rows that it holds.

        Raises:
            UnusableInput: it holds a summary that cannot be read, and would be lost.
            OSError: it cannot be made or read.
        """
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._rows = _read_rows(folder / SUMMARY_JSON)

    def add(self, outcome: Outcome) -> None:
        """Adds a row, and writes both files.

        Raises:
            OSError: they cannot be written; what stood there before is untouched.
        """
        self._rows.append(asdict(outcome))
        with atomic_path(self._folder / SUMMARY_JSON) as temporary:
            text = json.dumps(self._rows, indent=2, ensure_ascii=True)
            temporary.write_text(text + "\n", encoding="utf-8")
        with (
            atomic_path(self._folder / SUMMARY_CSV) as temporary,
            temporary.open("w", newline="", encoding="utf-8") as file,
        ):
            writer = csv.writer(file)
            writer.writerow(COLUMNS)
            writer.writerows([_cell(row.get(name)) for name in COLUMNS] for row in self._rows)


def with_report(outcome: Outcome, report: Mapping[str, Any]) -> Outcome:
    """The same with what a run's `report.json` says (`engine.exports.results.make_report`)."""
    evidence = report["evidence"] or {}
    train, control = evidence.get("train"), evidence.get("control")
    return replace(
        outcome,
        sha256=report["model"]["sha256"],
        training_images=None if train is None else train["count"],
        control_images=None if control is None else control["count"],
        recovered=None if train is None else train["recovered"],
        good=None if train is None else train["good"],
        gallery_above_0_9=report["gallery"]["above_0.9"],
        steps=report["steps"],
        seconds=report["seconds"],
        sentence=" ".join(dict.fromkeys(filter(None, (outcome.sentence, report["note"])))),
    )


def without_run(path: Path, outcome: str, sentence: str) -> Outcome:
    """What is known of a checkpoint that has not been run; reads the file for its SHA-256."""
    try:
        sha256 = sha256_of(path) if path.is_file() else None
    except OSError:
        sha256 = None
    return Outcome(str(path), outcome, sha256=sha256, sentence=sentence)


def make_subfolder(folder: Path, checkpoint: Path) -> Path:
    """Makes an empty subfolder that is called like a checkpoint and was not there before.

    Raises:
        OSError: it cannot be made.
    """
    name = folder_name(checkpoint)
    # Compared without regard to case: elsewhere the folder may be on a disk that has none.
    there = {_compared(each.name) for each in folder.iterdir()}
    there |= {SUMMARY_JSON, SUMMARY_CSV}
    number, chosen = 1, name
    while _compared(chosen) in there:
        number += 1
        chosen = f"{name}-{number}"
    (folder / chosen).mkdir()
    return folder / chosen


def folder_name(checkpoint: Path) -> str:
    """A name for a folder, on any system, that reads like the checkpoint's without its suffix.

    Letters and digits of all scripts stay; what means something to a system, or shows nothing, is
    an underscore.
    """
    stem = unicodedata.normalize("NFC", checkpoint.stem)
    kept = "".join(each if each.isalnum() or each in " -_.()" else "_" for each in stem)
    while len(kept.encode()) > _LONGEST_NAME:
        kept = kept[:-1]
    kept = kept.strip(" .")
    if not kept.strip("_"):
        return "checkpoint"
    return f"{kept}_" if _compared(kept.split(".")[0].strip()) in _RESERVED else kept


def _compared(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


def _read_rows(path: Path) -> list[Row]:
    if not path.exists():
        return []
    try:
        if path.stat().st_size > _LARGEST:
            raise ValueError
        return read_json(path.read_text(encoding="utf-8"), list[Row])
    except ValueError as error:
        raise UnusableInput(
            f"{path} is no summary that Afterimage can add to; choose another folder."
        ) from error


def _cell(value: Any) -> Any:
    """A value as a spreadsheet may see it: no text of a file's name becomes a formula there."""
    if not isinstance(value, str):
        return value
    text = "".join(each if each.isprintable() else "�" for each in value)
    return f"'{text}" if text.startswith(_FORMULA) else text
