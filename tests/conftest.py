"""What all tests share: real checkpoints where they are, and small networks made here."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from hypothesis import Phase, settings

from engine.data.inputs import InputShape, InputSpec
from engine.network.network import Network
from engine.network.parameters import Parameters

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared"

# For who wants to know only whether a test fails; a smaller example can take minutes to find.
settings.register_profile("first-failure", phases=(Phase.explicit, Phase.generate))


def shared_file(name: str) -> Path:
    """A file of the folder of real data; the test is skipped where it is absent."""
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"needs {name} of the folder of real checkpoints, which is not here")
    return path


@pytest.fixture(scope="session")
def make_network() -> Callable[..., Network]:
    """Makes random float64 networks: layer sizes, with or without a first-layer bias."""

    def make(
        *sizes: int,
        bias: bool = True,
        seed: int = 0,
        shape: InputShape | None = None,
        mean: torch.Tensor | None = None,
    ) -> Network:
        generator = torch.Generator().manual_seed(seed)

        def draw(*shape: int) -> torch.Tensor:
            return torch.randn(*shape, generator=generator, dtype=torch.float64)

        weights = tuple(draw(n, k) / k**0.5 for k, n in itertools.pairwise(sizes))
        parameters = Parameters.of(weights, draw(sizes[1]) if bias else None)
        return Network(parameters, InputSpec(shape or (1, 1, sizes[0]), mean))

    return make
