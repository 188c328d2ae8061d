"""Images in a file of PyTorch's that is dropped are images, beside a network or alone."""

from __future__ import annotations

import torch
from torch import nn

from gui.opening.reading import is_model, open_paths

LABELS = torch.tensor([0, 1, 0, 1])


def test_tensors_of_images_are_opened_beside_their_network(tmp_path):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(64, 12), nn.ReLU(), nn.Linear(12, 1))
    torch.save(model.state_dict(), tmp_path / "network.pt")
    train, control = torch.rand(4, 1, 8, 8), torch.rand(4, 8, 8)
    torch.save({"images": train, "labels": LABELS}, tmp_path / "train.pt")
    torch.save((control, LABELS), tmp_path / "control.pt")
    paths = [tmp_path / name for name in ("train.pt", "network.pt", "control.pt")]
    assert [is_model(path) for path in paths] == [False, True, False]
    opened = open_paths(paths, None)
    assert torch.equal(opened.train.images, train)
    assert opened.train.labels.tolist() == LABELS.tolist()
    assert torch.equal(opened.control.images[:, 0], control)
    assert torch.equal(opened.network.weights[0], model[0].weight.detach())
    alone = open_paths([tmp_path / "train.pt"], opened.network)
    assert torch.equal(alone.train.images, train)
