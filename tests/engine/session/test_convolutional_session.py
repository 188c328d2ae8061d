"""A session of a network with convolutions holds how its layers follow each other."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from engine.base.errors import DamagedSession
from engine.network.structure import Activated, Convolution, Full, Pooling, Structure
from engine.reconstruction.run import Reconstruction
from engine.reconstruction.settings import Settings
from engine.session.session import session_of
from engine.session.session_file import load_session, save_session
from tests.engine.convolutions import small


@pytest.fixture
def session():
    settings = Settings(candidates=6, steps=8)
    run = Reconstruction(small(dtype=torch.float32), settings)
    snapshots = run.iterate()
    next(snapshots)
    next(snapshots)
    return session_of(run, "cpu")


def test_a_session_comes_back_with_its_structure(session, tmp_path):
    path = tmp_path / "run.afterimage"
    save_session(session, path)
    back = load_session(path)
    assert back.network.structure == session.network.structure
    for mine, theirs in zip(
        session.network.parameters.tensors, back.network.parameters.tensors, strict=True
    ):
        assert torch.equal(mine, theirs)
    assert torch.equal(back.state.tensors["unknowns"], session.state.tensors["unknowns"])
    assert back.settings == session.settings


def test_every_kind_of_step_comes_back(tmp_path, session):
    steps = (
        Convolution((2, 1), (1, 2), (1, 2), 2),
        Pooling("max", (2, 2), (1, 1), (1, 0)),
        Activated(),
        Pooling("average", (1, 2), (1, 2)),
        Full(),
        Activated(),
        Full(),
    )
    g = torch.Generator().manual_seed(0)
    shapes = (4, 1, 3, 3), (6, 4 * 5 * 3), (3, 6)
    weights = tuple(torch.randn(*shape, generator=g) for shape in shapes)
    parameters = replace(session.network.parameters, weights=weights)
    network = replace(session.network, parameters=parameters, structure=Structure(steps))
    run = Reconstruction(network, Settings(candidates=6, steps=3))
    next(run.iterate())
    path = tmp_path / "run.afterimage"
    save_session(session_of(run, "cpu"), path)
    assert load_session(path).network.structure == Structure(steps)


def rewritten(path, **changes):
    with safe_open(path, "pt") as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        header = json.loads(file.metadata()["session"])
    save_file(tensors, path, {"session": json.dumps(header | changes)})


@pytest.mark.parametrize("text", ["conv, nonsense", "conv, batchnorm, linear", "x" * 9000])
def test_an_architecture_that_nobody_wrote_is_damage(session, tmp_path, text):
    path = tmp_path / "run.afterimage"
    save_session(session, path)
    rewritten(path, architecture=text)
    with pytest.raises(DamagedSession):
        load_session(path)
