"""Damaged and hostile files open or are refused with a sentence; nothing else may come of them."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path

import pytest

from engine.base.errors import UnusableInput
from tests.fuzz.mutation import Mutator
from tests.fuzz.pickles import hostile_calls
from tests.fuzz.reading import READERS
from tests.fuzz.running import Limits, fuzz
from tests.fuzz.seeds import Seed, make_seeds

FILES = 2000

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="measures memory as Linux tells it")


def test_mutated_files_open_or_are_refused_with_a_sentence(tmp_path):
    """`make bench BENCH=fuzz` reads fifty times as many."""
    found = fuzz(make_seeds(), range(FILES), tmp_path)
    assert not found.failures, f"see {tmp_path / 'failed'}"
    assert found.outcomes.total() == FILES
    assert found.outcomes["opened"] > FILES / 20  # What nobody can open would prove little.
    assert found.outcomes["refused"] > FILES / 2


def test_every_seed_is_a_file_that_opens_or_one_of_another_kind(tmp_path):
    for place, seed in enumerate(make_seeds()):
        for name, content in {**seed.beside, seed.name: seed.content}.items():
            path = tmp_path / str(place) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        with nullcontext() if seed.opens else pytest.raises(UnusableInput):
            READERS[seed.reader](tmp_path / str(place) / seed.name)


def test_a_number_always_stands_for_the_same_file():
    seeds = make_seeds()
    one, other = Mutator(seeds, "/canary"), Mutator(seeds, "/canary")
    made = [one.make(number) for number in range(200)]
    assert made == [other.make(number) for number in range(200)]
    assert sum(content != seeds[place].content for place, content in made) > 190


@pytest.mark.parametrize("which", range(len(hostile_calls(""))))
def test_the_hostile_pickles_are_hostile(tmp_path, which):
    """Each writes its file where pickles are loaded without care."""
    canary = tmp_path / "canary"
    content = hostile_calls(str(canary))[which] + b"N."
    careless = "import pickle, sys; pickle.loads(sys.stdin.buffer.read())"
    subprocess.run(
        [sys.executable, "-c", careless], input=content, check=False, capture_output=True
    )
    assert canary.exists()


# --- what must not happen is found ----------------------------------------------------------------


def _crash(_path: Path) -> None:
    os.abort()


def _hang(_path: Path) -> None:
    while True:
        pass


def _fill_memory(_path: Path) -> None:
    bytearray(os.urandom(1 << 20)) * 400


def _raise(_path: Path) -> None:
    raise KeyError


def _execute(path: Path) -> None:
    pickle.dump(0, (path.parents[2] / "canary").open("wb"))


@pytest.mark.parametrize(
    ("reader", "limits", "says"),
    [
        (_crash, Limits(), "ended the process with -6"),
        (_hang, Limits(seconds=1), "hung"),
        (_fill_memory, Limits(megabytes=400), "MB"),
        (_raise, Limits(), "KeyError"),
        (_execute, Limits(), "code was executed"),
    ],
)
def test_what_must_not_happen_is_found_and_its_file_is_kept(tmp_path, reader, limits, says):
    seeds = [Seed("bad", "file.bin", bytes(100))]
    found = fuzz(seeds, [7], tmp_path, workers=1, limits=limits, readers={"bad": reader})
    assert says in found.failures[7]
    kept = tmp_path / "failed" / "7-file.bin"
    assert kept.read_bytes() == Mutator(seeds, str(tmp_path / "canary")).make(7)[1]
