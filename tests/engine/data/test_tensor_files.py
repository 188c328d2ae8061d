"""A file of PyTorch's is told to hold images by its names and shapes."""

from __future__ import annotations

import pickle

import pytest
import torch
from torch import nn

from engine.data.datasets import holds_images, load_images

IMAGES, LABELS = torch.rand(5, 1, 6, 6), torch.tensor([0, 1, 0, 1, 1])
BYTES = torch.arange(5 * 36).reshape(5, 6, 6).to(torch.uint8) + 60
MATRIX, BIAS = torch.rand(12, 36), torch.rand(12)


@pytest.mark.parametrize(
    "content",
    [
        {"images": IMAGES, "labels": LABELS},
        {"labels": LABELS, "x_train": IMAGES, "x_test": IMAGES, "mean": IMAGES.mean(0)},
        {"data": IMAGES.flatten(1), "targets": LABELS, "classes": ["cat", "dog"]},
        {"images": IMAGES, "labels": LABELS.tolist() * 20_000},
        {"images": nn.Parameter(IMAGES)},
        IMAGES,
        (BYTES, LABELS),
        [IMAGES, LABELS],
    ],
)
@pytest.mark.parametrize("ending", [".pt", ".pth", ".PT"])
def test_images_are_told_from_a_network(tmp_path, content, ending):
    torch.save(content, tmp_path / f"a{ending}")
    assert holds_images(tmp_path / f"a{ending}")


@pytest.mark.parametrize(
    "content",
    [
        {"0.weight": MATRIX, "0.bias": BIAS},
        {"state_dict": {"0.weight": MATRIX}, "images": IMAGES},
        {"model": {"x": MATRIX}, "x": IMAGES, "fc.weight": MATRIX + 1},
        {"mean": IMAGES.mean(0)},
        {"labels": LABELS},
        {"images": LABELS},
        {"note": "images", "w": IMAGES},
        {"images": "a.npz"},
        [MATRIX, BIAS],
        [IMAGES, IMAGES + 1],
        [IMAGES, LABELS, LABELS + 1],
        MATRIX,
        {},
        nn.Linear(3, 2).state_dict(),
    ],
)
def test_what_may_be_a_network_is_one(tmp_path, content):
    torch.save(content, tmp_path / "a.pt")
    assert not holds_images(tmp_path / "a.pt")


def test_a_name_that_is_used_again_is_still_read(tmp_path):
    name = "images"
    torch.save({"first": {name: IMAGES}, "second": {name: IMAGES, "w": MATRIX}}, tmp_path / "a.pt")
    assert not holds_images(tmp_path / "a.pt")
    torch.save({"first": {name: IMAGES}, "second": {name: IMAGES}}, tmp_path / "b.pt")
    assert holds_images(tmp_path / "b.pt")


def test_what_cannot_be_looked_into_holds_no_images(tmp_path):
    for name, content in (("a.pt", b"PK"), ("b.pt", pickle.dumps({"images": 1})), ("c.pt", b"")):
        (tmp_path / name).write_bytes(content)
        assert not holds_images(tmp_path / name)
    assert not holds_images(tmp_path / "nothing.pt")
    (tmp_path / "folder.pt").mkdir()
    assert holds_images(tmp_path / "folder.pt")


def test_what_is_told_is_what_is_read(tmp_path):
    torch.save((BYTES, LABELS), tmp_path / "training.pt")
    found = load_images(tmp_path / "training.pt")
    assert torch.equal(found.images[:, 0] * 255, BYTES.float())
    assert torch.equal(found.labels, LABELS)
