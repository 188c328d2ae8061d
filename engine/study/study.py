"""A study made ready: its runs, each with the id of what makes it, and the files that they need."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from engine.base.json_text import Count
from engine.study.plan import Value
from engine.study.reading import AS_FILED, Reading
from engine.training.recipe import Recipe

Id = Annotated[str, msgspec.Meta(pattern=r"\A[0-9a-z]{1,64}\Z")]
"""Files are called by it: a stranger's study may name none outside its folder."""


class File(msgspec.Struct, frozen=True, gc=False):
    """A file that runs need.

    Attributes:
        name: what it is called, for people, with its ending.
        sha256: of what is in it.
        place: where it lies: a path, or, where that is relative, in the study's folder.
        source: the address that it was fetched from; empty where it was not.
        pixels: SHA-256 of images and labels, of a file that was written for the study; else empty.
    """

    name: str
    sha256: str
    place: str
    source: str = ""
    pixels: str = ""


class TrainingRun(msgspec.Struct, frozen=True):
    """A training that makes the networks of some runs.

    Attributes:
        id: of what makes it: images, recipe and seed.
        recipe: how, its seed with it.
        train: SHA-256 of the file of its images.
        classes: what their classes are called.
        about: of the images, in a sentence.
        epochs: after how many epochs it is looked at; 0 is its end.
        base: SHA-256 of what it fine-tunes; empty where it starts anew.
    """

    id: Id
    recipe: Recipe
    train: str
    classes: tuple[str, ...]
    about: str
    epochs: tuple[Count, ...]
    base: str = ""


class Run(msgspec.Struct, frozen=True, gc=False):
    """One run of a study.

    It holds no circle, so that Python's collector leaves it alone: looking through those of ten
    thousand runs would hold up a window.

    Attributes:
        id: of what makes it: network, images, settings and seed.
        variables: what tells it from others, by name.
        network: SHA-256 of its checkpoint; or `TRAINING-EPOCHS`, where a training makes it.
        settings: what the plan says of the search.
        seed: of its noise.
        train: SHA-256 of the file of training images; empty where there are none.
        control: of images that the network never saw, alike.
        refused: why it cannot be begun, in a sentence; empty where it can.
        reading: how its checkpoint is read; its base by its SHA-256.
    """

    id: Id
    variables: dict[str, Value]
    network: str
    settings: dict[str, Any]
    seed: Count
    train: str = ""
    control: str = ""
    refused: str = ""
    reading: Reading = AS_FILED


class Study(msgspec.Struct, frozen=True):
    """All runs of a study, and what they need.

    Attributes:
        name: for people.
        about: what it asks.
        runs: in the order of the plan.
        trainings: that come before some of them.
        files: that they need, each once.
        format: of this file.
    """

    name: str
    about: str
    runs: tuple[Run, ...]
    trainings: tuple[TrainingRun, ...]
    files: tuple[File, ...]
    format: Literal[1] = 1

    def file(self, sha256: str) -> File:
        """One of the files.

        Raises:
            KeyError: the study knows none of that SHA-256.
        """
        for each in self.files:
            if each.sha256 == sha256:
                return each
        raise KeyError(sha256)


def study_of(content: bytes) -> Study:
    """A study out of what is in its file.

    Its entries are read one by one: all at once would keep every other thread of the process
    waiting meanwhile, a window's among them.

    Args:
        content: as JSON.

    Raises:
        ValueError: it is no study.
    """
    try:
        parts = msgspec.json.decode(content, type=dict[str, msgspec.Raw])
        read = {name: _each(parts.pop(name), kind) for name, kind in _LISTS if name in parts}
        whole = msgspec.json.encode({**parts, **dict.fromkeys(read, ())})
        return msgspec.structs.replace(msgspec.json.decode(whole, type=Study), **read)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise ValueError(str(error)) from error


_LISTS: tuple[tuple[str, type[msgspec.Struct]], ...] = (
    ("runs", Run),
    ("trainings", TrainingRun),
    ("files", File),
)


def _each(content: msgspec.Raw, kind: type[msgspec.Struct]) -> tuple[msgspec.Struct, ...]:
    entries, decoder = (
        msgspec.json.decode(content, type=list[msgspec.Raw]),
        msgspec.json.Decoder(kind),
    )
    return tuple(decoder.decode(entry) for entry in entries)


def network_key(training: str, epochs: int) -> str:
    """How a run names the network that a training makes."""
    return f"{training}-{epochs}"
