"""Each checkpoint of the zoo computes what was saved, or is refused for the right cause."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from engine.base.errors import UnusableInput
from engine.data.layout import places
from engine.network.checkpoints import load_network
from engine.network.network import Network
from tests.zoo.collection import ITEMS, PENDING
from tests.zoo.items import Item
from tests.zoo.table import PAGE, page

_WRONG = pytest.mark.xfail(reason="not yet as it is to be", strict=True)


def _each(opens: bool) -> list[object]:
    return [
        pytest.param(item, id=item.name, marks=[_WRONG] if item.name in PENDING else [])
        for item in ITEMS
        if item.opens == opens
    ]


def _read(item: Item, path: Path) -> Network:
    network = load_network(path)
    if item.activation is not None:
        assert network.activation_said_by == "nobody"
        network = network.with_activation(item.activation, "user")
    return network


@pytest.mark.parametrize("item", _each(opens=True))
def test_it_computes_what_was_saved(tmp_path: Path, item: Item) -> None:
    path = tmp_path / item.name
    function = item.make(path)
    assert function is not None
    network = _read(item, path)
    x = torch.rand(20, item.inputs, generator=torch.Generator().manual_seed(9))
    x = x.to(network.weights[0].dtype) * 4 - 1
    with torch.no_grad():
        expected = function(x)
        # Inputs here are C×H×W, whatever the file's first layer reads.
        row = x[:, places(network.input_shape, network.inputs.layout)]
        torch.testing.assert_close(network.forward(row), expected)
    assert expected.std(0).min() > 0


@pytest.mark.parametrize("item", _each(opens=False))
def test_it_is_refused_for_its_cause(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, item: Item
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / item.name
    item.make(path)
    with pytest.raises(UnusableInput) as caught:
        load_network(path)
    assert item.says in caught.value.why
    assert list(tmp_path.iterdir()) == [path]


def test_names_are_unique_and_pending_ones_exist() -> None:
    names = [item.name for item in ITEMS]
    assert len(names) == len(set(names)) >= 60
    assert set(names) >= PENDING


def test_the_page_of_the_documentation_is_that_of_the_zoo() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "python -m tests.zoo writes it anew"
