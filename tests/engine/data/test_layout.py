"""H×W×C rows are put in the order C×H×W, and what was shuffled comes back."""

from __future__ import annotations

import torch

from engine.data.inputs import InputSpec, Preprocessing
from engine.data.layout import places
from engine.data.normalisation import of_channels

SHAPE = (3, 4, 5)


def test_a_row_of_pixels_becomes_a_row_of_channels():
    image = torch.rand(SHAPE)
    row = image.permute(1, 2, 0).flatten()
    assert torch.equal(row[places(SHAPE, "hwc")], image.flatten())
    assert torch.equal(image.flatten()[places(SHAPE, "chw")], image.flatten())


def test_of_one_channel_both_orders_are_one():
    assert torch.equal(places((1, 4, 5), "hwc"), torch.arange(20))
    assert InputSpec((1, 4, 5), layout="hwc").layout_described == ""


def test_only_a_mean_image_of_the_file_lies_as_its_weights_do():
    order, mean = places(SHAPE, "hwc"), torch.rand(SHAPE)
    assert torch.equal(
        Preprocessing(mean, said_by="file").reordered(order).mean,
        mean.flatten()[order].reshape(SHAPE),
    )
    for unmoved in (
        Preprocessing(mean, said_by="user"),
        of_channels([0.1, 0.2, 0.3], None, SHAPE, "file"),
        Preprocessing(),
    ):
        assert unmoved.reordered(order) is unmoved
