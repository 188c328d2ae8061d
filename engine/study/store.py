"""Where a study lies: a folder of plain files, each written whole or not at all.

    study.json          its runs, as `engine.study.study` has them
    study.toml          its plan, word for word
    images/  networks/  what its runs need, and networks that it has trained
    results/ID.json     one for each run that has ended
    running/            copies of runs that are under way, from which they go on
    lock                who is at work on it

The folder is one of this machine, or any address that fsspec knows (`s3://…`).
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import msgspec

from engine.base.errors import UnusableInput
from engine.base.json_text import read_json
from engine.study.places import Place, place_of
from engine.study.study import Study, study_of
from engine.study.table import LASTING, Result, Table

PLAN, STUDY, RESULTS, NETWORKS, IMAGES = "study.toml", "study.json", "results", "networks", "images"
RUNNING, CSV, PAGE, LOCK = "running", "table.csv", "study.html", "lock"


class Store:
    """A study's folder; any number may read it, one at a time works on it (`lock.py`)."""

    def __init__(self, address: str | Path) -> None:
        """
        Args:
            address: a folder of this machine, or an address that fsspec knows.

        Raises:
            UnusableInput: what it takes to reach such an address is not installed.
        """
        self.place: Place = place_of(address)

    def is_there(self) -> bool:
        """Whether it holds a study."""
        return self.place.has(STUDY)

    def read(self) -> Study:
        """The study that it holds.

        Raises:
            UnusableInput: it holds none, or it cannot be read.
            OSError: alike.
        """
        if not self.is_there():
            raise UnusableInput(
                f"{self.place.name} holds no study.", "Start one: study FILE --out DIR."
            )
        try:
            return study_of(self.place.read(STUDY))
        except ValueError as error:
            raise UnusableInput(
                f"The {STUDY} of {self.place.name} is damaged: {error}.",
                "Start the study anew in this folder; what it has computed is kept.",
            ) from error

    def write(self, study: Study, plan: str) -> None:
        """Writes a study and its plan.

        Raises:
            OSError: they cannot be written; what stood there before is untouched.
        """
        self.place.write(PLAN, plan.encode("utf-8"))
        self.place.write(STUDY, msgspec.json.encode(study))

    def table(self, study: Study) -> Table:
        """The results so far; `Table.refresh` takes up what comes later."""
        table = Table(((run.id, run.variables) for run in study.runs), self.result, self.ended)
        table.refresh()
        return table

    def ended(self) -> Iterable[str]:
        """Ids of runs whose result is there."""
        return [name.removesuffix(".json") for name in self.place.names(RESULTS)]

    def result(self, id_: str) -> Result | None:
        """What a run came to; None where its file is damaged or of another run."""
        try:
            found = read_json(self.place.read(f"{RESULTS}/{id_}.json").decode("utf-8"), Result)
        except (ValueError, OSError):
            return None
        return found if found.id == id_ else None

    def put(self, result: Result) -> None:
        """Writes what a run came to.

        Raises:
            OSError: it cannot be written.
        """
        self.place.write(f"{RESULTS}/{result.id}.json", msgspec.json.encode(result))
        if result.state in LASTING:
            self.place.remove(f"{RUNNING}/{result.id}.afterimage")
