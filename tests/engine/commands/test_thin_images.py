"""Images one pixel high or wide, and smaller than any window, go through every command."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from PIL import Image

from engine.commands import command_line
from engine.data.datasets import LabelledImages
from engine.data.inputs import format_shape
from engine.network.checkpoints import save_network
from engine.training.recipe import Recipe
from engine.training.training import Training


def call(capsys, *arguments):
    status = command_line.main([str(a) for a in arguments])
    captured = capsys.readouterr()
    assert status == 0, captured.err
    return json.loads(captured.out)


@pytest.mark.parametrize("shape", [(1, 12, 1), (3, 1, 5), (3, 1, 1), (1, 2, 6), (1, 1, 9)])
def test_thin_images_are_reconstructed_scored_exported_reported_and_compared(
    capsys, tmp_path, shape
):
    generator = torch.Generator().manual_seed(1)
    images = torch.rand(12, *shape, generator=generator)
    labels = torch.arange(6) % 2
    for name, part in (("train", images[:6]), ("control", images[6:])):
        np.savez(tmp_path / f"{name}.npz", images=part.numpy(), labels=labels.numpy())
    training = Training(
        LabelledImages(images[:6], labels, "six"),
        Recipe((10,), dtype="float64", until_exponent=-3),
    )
    assert [snapshot.is_last for snapshot in training.iterate()][-1]
    model = tmp_path / "model.safetensors"
    save_network(training.network, model, {})
    against = ("--images", tmp_path / "train.npz", "--control", tmp_path / "control.npz")
    for folder, seed in (("a", 0), ("b", 1)):
        report = call(
            capsys,
            *("reconstruct", model, "--shape", format_shape(shape), "--out", tmp_path / folder),
            *("--candidates", 8, "--steps", 5, "--seed", seed, "--quiet", *against),
        )
        assert report["evidence"]["train"]["count"] == 6
    scored = call(capsys, "score", tmp_path / "a", *against)["evidence"]
    assert len(scored["train"]["ncc"]) == len(scored["control"]["ssim"]) == 6
    assert np.isfinite(scored["train"]["ssim"] + scored["train"]["ncc"]).all()
    kinds = {kind: tmp_path / f"x.{kind}" for kind in ("gif", "png", "npz")}
    kinds["scores"] = tmp_path / "x.csv"
    files = [word for kind, path in kinds.items() for word in (f"--{kind}", path)]
    call(capsys, "export", tmp_path / "a", *files, "--pairs", "--quiet", *against)
    with np.load(kinds["npz"]) as arrays:
        assert arrays["images"].shape == (8, *shape)
    with Image.open(kinds["gif"]) as film:
        assert film.n_frames > 1
    call(capsys, "report", tmp_path / "a", "--html", tmp_path / "r.html", *against)
    compared = call(capsys, "compare", tmp_path / "a", tmp_path / "b", "--json", *against)
    assert compared["rule"]
