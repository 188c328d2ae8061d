"""What waits in the queue comes back as it was; a file that is anything else is refused."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from engine.base.errors import UnusableInput
from engine.data.origin import ImageOrigin
from engine.reconstruction.settings import fast
from engine.session.image_sets import ImageSet, ImageSets
from engine.session.waiting_list import WaitingList, read_waiting_list, write_waiting_list

ORIGIN = ImageOrigin("file", "/data/images.npz", "a" * 64, 9)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "waiting-list.json"


@pytest.mark.parametrize(
    "waiting",
    [
        WaitingList((Path("/a.pth"),)),
        WaitingList((Path("/b.pth"), Path("/a.npz")), Path("/out"), replace(fast(), seed=7)),
        WaitingList((Path("/a.pth"),), sets=ImageSets(ImageSet("images.npz", 5, ORIGIN))),
        WaitingList((Path("/ü\n“odd”/\udcff.pth"), Path("/with space.ckpt"))),
    ],
)
def test_what_is_written_is_read(path, waiting):
    write_waiting_list(waiting, path)
    assert read_waiting_list(path) == waiting
    json.loads(path.read_bytes().decode("ascii"))


def content(**changes):
    whole = {
        "format": 1,
        "checkpoints": ["/a.pth"],
        "results": "/out",
        "settings": fast().as_dict(),
    }
    return {**whole, **changes}


def test_the_whole_of_it_is_read(path):
    path.write_text(json.dumps(content()))
    assert read_waiting_list(path) == WaitingList((Path("/a.pth"),), Path("/out"), fast())


@pytest.mark.parametrize(
    "changes",
    [
        {"format": 2},
        {"images": []},
        {"images": {"train": {"name": "a"}, "control": None}},
        {
            "images": {
                "train": {
                    "name": "a",
                    "count": 1,
                    "kind": "file",
                    "place": "/a",
                    "sha256": "",
                    "size": 1,
                    "is_kept": True,
                },
                "control": None,
            }
        },
        {"checkpoints": []},
        {"checkpoints": "/a.pth"},
        {"checkpoints": {"/a.pth": 1}},
        {"checkpoints": ["/a.pth"] * 1001},
        {"checkpoints": [1]},
        {"checkpoints": [""]},
        {"checkpoints": ["a.pth"]},
        {"checkpoints": ["/a\0.pth"]},
        {"checkpoints": ["/" + "a" * 5000]},
        {"checkpoints": ["\\\\server\\share\\a.pth"]},
        {"checkpoints": ["//server/share/a.pth"]},
        {"results": "//server/share"},
        {"results": ["/out"]},
        {"settings": []},
        {"settings": {"preset": "fast", "unknown": 1}},
        {"settings": {**fast().as_dict(), "steps": "many"}},
        {"settings": {**fast().as_dict(), "steps": -1}},
        {"settings": {**fast().as_dict(), "candidates": 10**30}},
        {"settings": {**fast().as_dict(), "margin_weight": float("nan")}},
    ],
)
def test_what_is_no_list_is_refused(path, changes):
    path.write_text(json.dumps(content(**changes)))
    with pytest.raises(UnusableInput):
        read_waiting_list(path)


@pytest.mark.parametrize(
    "text", ["", "[]", "null", "{}", "[" * 100_000, '{"format": NaN}', "\ud83d", "\xff"]
)
def test_what_is_no_json_of_ours_is_refused(path, text):
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    with pytest.raises(UnusableInput):
        read_waiting_list(path)


def test_neither_a_pipe_nor_a_giant_is_read(path):
    os.mkfifo(path)
    with pytest.raises(UnusableInput, match="pipe"):
        read_waiting_list(path)
    path.unlink()
    with path.open("wb") as file:
        file.truncate(1 << 30)
    with pytest.raises(UnusableInput, match="too large"):
        read_waiting_list(path)


def test_no_more_is_written_than_is_read(path):
    many = tuple(Path(f"/{number}.pth") for number in range(1500))
    write_waiting_list(WaitingList(many), path)
    assert read_waiting_list(path).checkpoints == many[:1000]
