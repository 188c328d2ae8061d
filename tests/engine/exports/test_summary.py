"""Results of several runs in one folder: names that cannot clash or escape, and the summary."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.base.errors import UnusableInput
from engine.exports.summary import (
    COLUMNS,
    DONE,
    REFUSED,
    Outcome,
    Summary,
    folder_name,
    make_subfolder,
    with_report,
    without_run,
)

WINDOWS_FORBIDS = set('<>:"/\\|?*')


@given(st.text(max_size=400).filter(lambda text: "/" not in text and "\0" not in text))
def test_a_folder_name_is_one_plain_name_whatever_the_file_is_called(stem):
    name = folder_name(Path("a") / f"x{stem}.pth")
    assert name not in ("", ".", "..")
    assert Path(name).name == name
    assert not set(name) & WINDOWS_FORBIDS
    assert name.isprintable()
    assert name == name.strip(" .")
    assert len(f"{name}-12345".encode()) < 255


@pytest.mark.parametrize(
    ("checkpoint", "name"),
    [
        ("digits.pth", "digits"),
        ("Größe 3 (neu).safetensors", "Größe 3 (neu)"),
        ("run\n\x1b[31m.pth", "run___31m"),
        (r"..\..\evil.pth", "_.._evil"),
        ("...pth", "checkpoint"),
        ("con.v1.pth", "con.v1_"),
        ("LPT1.npz", "LPT1_"),
        ("\udcff.pth", "checkpoint"),
    ],
)
def test_names_that_systems_dislike(checkpoint, name):
    assert folder_name(Path("somewhere") / checkpoint) == name


def test_subfolders_never_take_what_is_there(tmp_path):
    (tmp_path / "Net").mkdir()
    made = [make_subfolder(tmp_path, Path(where) / "net.pth") for where in ("a", "b")]
    made.append(make_subfolder(tmp_path, Path("summary.json.pth")))
    assert [each.name for each in made] == ["net-2", "net-3", "summary.json-2"]
    assert all(each.parent == tmp_path and not list(each.iterdir()) for each in made)


def test_both_files_say_the_same_and_are_written_after_each(tmp_path):
    summary = Summary(tmp_path / "new")
    summary.add(Outcome("a.pth", DONE, folder="a", recovered=3, seconds=1.5))
    summary.add(Outcome("b.pth", REFUSED, sentence="It is “cut short”, and useless."))
    rows = json.loads((tmp_path / "new" / "summary.json").read_text())
    assert [row["outcome"] for row in rows] == [DONE, REFUSED]
    with (tmp_path / "new" / "summary.csv").open(newline="", encoding="utf-8") as file:
        table = list(csv.DictReader(file))
    assert tuple(table[0]) == COLUMNS
    for row, written in zip(rows, table, strict=True):
        assert written == {name: "" if v is None else str(v) for name, v in row.items()}


def test_rows_of_an_earlier_queue_stay(tmp_path):
    Summary(tmp_path).add(Outcome("a.pth", DONE))
    Summary(tmp_path).add(Outcome("b.pth", DONE))
    rows = json.loads((tmp_path / "summary.json").read_text())
    assert [row["checkpoint"] for row in rows] == ["a.pth", "b.pth"]


@pytest.mark.parametrize(
    "content", [b"{}", b"[1]", b"\xff\xfe", b"[" * 200_000, b""], ids=lambda each: each[:3]
)
def test_a_summary_of_others_is_not_overwritten(tmp_path, content):
    (tmp_path / "summary.json").write_bytes(content)
    with pytest.raises(UnusableInput, match="another folder"):
        Summary(tmp_path)
    assert (tmp_path / "summary.json").read_bytes() == content


def test_no_name_becomes_a_formula_in_a_spreadsheet(tmp_path):
    summary = Summary(tmp_path)
    summary.add(Outcome('=HYPERLINK("x").pth', DONE))
    summary.add(Outcome("a\r\n=b\udcff.pth", DONE))
    with (tmp_path / "summary.csv").open(newline="", encoding="utf-8") as file:
        names = [row["checkpoint"] for row in csv.DictReader(file)]
    assert names == ['\'=HYPERLINK("x").pth', "a��=b�.pth"]
    rows = json.loads((tmp_path / "summary.json").read_text())
    assert rows[0]["checkpoint"] == '=HYPERLINK("x").pth'


def test_what_was_never_run_still_says_which_file_it_was(tmp_path):
    path = tmp_path / "a.pth"
    path.write_bytes(b"abc")
    found = without_run(path, REFUSED, "No.")
    assert found.sha256 == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert without_run(tmp_path / "gone.pth", REFUSED, "No.").sha256 is None


def test_a_report_fills_in_what_a_run_found():
    report = {
        "model": {"sha256": "ab"},
        "evidence": {
            "train": {"count": 5, "good": 3, "recovered": 2},
            "control": {"count": 4, "good": 0, "recovered": None},
        },
        "gallery": {"above_0.9": 7},
        "steps": 30,
        "seconds": 0.5,
        "note": "It ended early.",
    }
    found = with_report(Outcome("a.pth", DONE), report)
    assert (found.recovered, found.good, found.gallery_above_0_9) == (2, 3, 7)
    assert (found.training_images, found.control_images) == (5, 4)
    assert found.sentence == "It ended early."
    alone = with_report(Outcome("a.pth", DONE, sentence="Because."), report | {"evidence": None})
    assert (alone.recovered, alone.training_images, alone.sentence) == (
        *(None, None),
        "Because. It ended early.",
    )
