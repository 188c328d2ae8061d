"""What a session says of itself is held to one contract, in all formats."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from safetensors import safe_open

from engine.base.errors import UnusableInput
from engine.reconstruction.settings import fast
from engine.session.header import FORMAT_VERSION, read_header

FIXTURES = Path(__file__).parent / "formats"


def stored(version):
    with safe_open(FIXTURES / f"format-{version}.afterimage", "pt") as file:
        return json.loads(file.metadata()["session"])


def read(header):
    return read_header(json.dumps(header), "a.afterimage")


@pytest.mark.parametrize("version", range(1, FORMAT_VERSION + 1))
def test_what_came_later_is_absent_in_what_was_written_before(version):
    written = stored(version)
    found = read(written)
    for name, value in written.items():
        as_json = json.loads(json.dumps(getattr(found, name)))
        assert as_json == value
    assert ("restart_frame_steps" in written) == (version > 1)
    assert found.notes == ()
    assert found.evidence is None


SCORE = {"count": 5, "good": 1, "rule": "a", "ssim": [0.5], "ncc": [0.5]}


@pytest.mark.parametrize(
    "lie",
    [
        {"format": 0},
        {"format": "4"},
        {"version": None},
        {"settings": []},
        {"step": -1},
        {"step": 60.0},
        {"seconds": float("nan")},
        {"seconds": -1},
        {"frame_steps": [0, 1, 1]},
        {"frame_steps": [0, True]},
        {"restart_frame_steps": [[3, 2]]},
        {"restart_frame_steps": [0, 1]},
        {"floor": float("inf")},
        {"rank": "3"},
        {"input_shape": [1, 4]},
        {"input_shape": [1, 4, 0]},
        {"shape_is_known": 1},
        {"layout": "cwh"},
        {"layout_said_by": "nobody else"},
        {"origin": ["a.pth", ""]},
        {"origin": ["a.pth", "", {"recipe": 1}]},
        {"origin": ["a.pth", "<i>", {}]},
        {"device": 3},
        {"note": None},
        {"notes": "It went on."},
        {"notes": [1]},
        {"evidence": {"train": SCORE}},
        {"evidence": {"train": None, "control": None}},
        {"evidence": {"train": {**SCORE, "good": -1}, "control": None}},
        {"evidence": {"train": {**SCORE, "ncc": ["<b>"]}, "control": None}},
        {"evidence": {"train": {**SCORE, "rule": "\ud800"}, "control": None}},
        {"evidence": {"train": {**SCORE, "rule": "\x1b[2J"}, "control": None}},
    ],
)
def test_another_kind_of_value_is_refused(lie):
    with pytest.raises(ValueError, match=r"."):
        read({**stored(4), **lie})


@pytest.mark.parametrize("name", ["format", "version", "settings", "origin", "frame_steps", "note"])
def test_what_every_format_holds_has_to_be_there(name):
    header = stored(1)
    del header[name]
    with pytest.raises(ValueError, match=name):
        read(header)


def test_a_score_is_read_with_what_may_be_missing():
    found = read({**stored(4), "evidence": {"train": SCORE, "control": None, "more": 1}}).evidence
    assert (found.train.count, found.train.recovered, found.control) == (5, None, None)


def test_a_newer_format_says_so_whatever_else_it_holds():
    newer = {"format": FORMAT_VERSION + 1, "version": "9.0", "settings": {"all": "new"}}
    with pytest.raises(UnusableInput, match=r"newer Afterimage \(9\.0\)"):
        read(newer)


def test_settings_are_what_that_format_knew():
    assert stored(1)["settings"].keys() < fast().as_dict().keys()
