"""The guide's tables of files say what is said when such a file is opened."""

from __future__ import annotations

from docs.file_tables import opened_rows, refused_rows, renewed
from engine.base.resources import guide_file
from engine.network.foreign import _SIGNATURES
from engine.network.kinds import NETWORK_FILES, READ
from engine.network.readers import SUFFIXES


def test_the_guide_says_of_files_what_is_said_when_they_are_opened():
    guide = guide_file().read_text(encoding="utf-8")
    assert renewed(guide) == guide, "refusals have changed: `make file-tables` renews the guide"


def test_what_is_taken_out_or_changed_in_the_guide_is_noticed():
    guide = guide_file().read_text(encoding="utf-8")
    for row in (opened_rows()[0], *refused_rows()[:2]):
        assert row in guide.split("\n")
        assert renewed(guide.replace(row, row.replace("| ", "| not ", 1))).count(row) == 1
        assert renewed(guide.replace(f"{row}\n", "")) == guide


def test_every_kind_that_is_recognised_by_its_first_bytes_is_in_the_guide():
    said = "\n".join(refused_rows())
    for _, _, foreign in _SIGNATURES:
        kind = foreign.what.split(",")[0].split(":")[0]
        words = kind.removesuffix(" image").removesuffix(" archive").split()
        assert words[-1].strip("()") in said, foreign.what


def test_no_file_says_of_itself_in_the_guide():
    said = "\n".join(refused_rows())
    assert "made by" not in said
    assert "| is an exported program (.pt2), not weights |" in said
    assert "| is a film (MP4, Matroska or AVI), not a network |" in said
    assert "a gzip, bzip2, xz, zstd, 7-Zip, RAR, tar or zip archive" in said


def test_refusals_name_the_files_that_are_read():
    of_pytorch = "PyTorch (.pth .pt .th .ckpt)"
    assert f"Networks come as {of_pytorch}, .safetensors, .npz or ONNX (.onnx) files." == READ
    assert tuple(ending for each in NETWORK_FILES for ending in each.endings) == SUFFIXES
