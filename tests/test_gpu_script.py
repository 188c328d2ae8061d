"""The script that measures a GPU, as far as a CPU, and a GPU that is only pretended, can tell."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import replace

import pytest
import torch

from engine.reconstruction.run import Reconstruction
from engine.reconstruction.settings import fast
from tests import pretend_gpu
from tests.benchmarks import gpu, gpu_speed, gpu_works

UNKNOWN_ON_A_CPU = {"out of memory", "device lost"}


@pytest.fixture
def network(make_network):
    return make_network(16, 12, 10, 1, shape=(1, 4, 4))


def test_without_a_gpu_it_says_so_and_ends(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert gpu.main(["--out", str(tmp_path)]) == 2
    assert capsys.readouterr().err.startswith("There is no CUDA GPU")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", gpu_works.CHECKS)
def test_a_cpu_passes_what_can_be_told_of_it(name):
    row = gpu_works.CHECKS[name]("cpu", True)
    assert row["passes"] is (None if name in UNKNOWN_ON_A_CPU else True)


@pytest.mark.parametrize("name", gpu_speed.CHECKS)
def test_every_speed_is_measured(name):
    row = gpu_speed.CHECKS[name]("cpu", True)
    if name == "never waited for":
        assert row == {"passes": True, "steps": 2, "waited": {}}
    else:
        assert row["steps_per_second"] > 0
        assert row["steps"] == {"16 restarts": 20, "published procedure, steps": 4}.get(
            name, row["steps"]
        )


def test_waiting_is_noticed(monkeypatch):
    from engine.reconstruction.search import Search

    whole = Search.take_step

    def asking(search):
        row, alpha = whole(search)
        float(row.sum())
        return row, alpha

    monkeypatch.setattr(Search, "take_step", asking)
    row = gpu_speed.bench_waiting("cpu", True)
    assert row["passes"] is False
    assert row["waited"] == {"aten::item": 2, "aten::_local_scalar_dense": 2}


def test_a_step_without_enough_memory_is_halved_and_the_same(network, monkeypatch):
    pretended = pretend_gpu.install(monkeypatch)
    settings = replace(fast(), candidates=64, steps=10, rank=5, device="cuda", dtype="float64")
    run = Reconstruction(network, settings)
    next(run.iterate())

    @contextmanager
    def limit():
        pretended.room = 32 * 16
        yield
        pretended.room = None

    row = gpu_works.halves(run, limit())
    assert row["passes"] is True
    assert (row["at_once"], row["of"]) == (32, 64)


def test_a_step_that_fits_is_no_test_of_memory(network):
    settings = replace(fast(), candidates=64, steps=10, rank=5, device="cpu", dtype="float64")
    run = Reconstruction(network, settings)
    next(run.iterate())

    @contextmanager
    def no_limit():
        yield

    assert gpu_works.halves(run, no_limit())["passes"] is False


def test_a_gpu_that_is_lost_hands_over(network, monkeypatch):
    pretended = pretend_gpu.install(monkeypatch)

    def lose():
        pretended.is_lost = True

    row = gpu_works.hands_over(lose, network)
    assert row["passes"] is True
    assert "stopped answering" in row["said"]


def test_a_gpu_that_is_not_lost_hands_nothing_over(network, monkeypatch):
    pretend_gpu.install(monkeypatch)
    assert gpu_works.hands_over(lambda: None, network)["passes"] is False


def some_checks(monkeypatch, **checks):
    """In place of all of them; other names are measured as nothing."""
    for module in (gpu_works, gpu_speed):
        own = {name: checks.get(name.replace(" ", "_"), _nothing) for name in module.CHECKS}
        monkeypatch.setattr(module, "CHECKS", own)


def _nothing(device, quick):
    return {"passes": None}


def test_what_fails_is_said_and_takes_nothing_else_with_it(monkeypatch, tmp_path, capsys):
    def broken(device, quick):
        raise ZeroDivisionError("no")

    some_checks(monkeypatch, same_images=broken, device_lost=lambda *_: {"passes": True})
    assert gpu.main(["--device", "cpu", "--quick", "--out", str(tmp_path)]) == 1
    report = json.loads((tmp_path / "gpu.json").read_text())
    assert report["card"].startswith("cpu (")
    assert report["checks"]["same images"]["why"] == "ZeroDivisionError: no"
    table = (tmp_path / "gpu.md").read_text()
    assert "| same images | NO |" in table
    assert "| device lost | yes |" in table
    assert "| out of memory | – |" in table
    assert "| 16 restarts | – | – | – | – | – |" in table


def test_nothing_begins_after_the_time_is_over(monkeypatch, tmp_path, capsys):
    some_checks(monkeypatch)
    assert gpu.main(["--device", "cpu", "--minutes", "-1", "--out", str(tmp_path)]) == 0
    checks = json.loads((tmp_path / "gpu.json").read_text())["checks"]
    assert {row["why"] for row in checks.values()} == {"left out: the time is over"}
    assert len(checks) == len(gpu_works.CHECKS) + len(gpu_speed.CHECKS)


def test_the_table_shows_what_was_measured():
    rows = {name: {} for name in (*gpu_works.CHECKS, *gpu_speed.CHECKS)}
    rows["16 restarts"] = {"steps_per_second": 1234.5, "seconds": 6.5, "recovered": 30}
    table = gpu.table("cuda (A Card)", rows)
    assert table.startswith("Measured on cuda (A Card), PyTorch ")
    assert "| 16 restarts | 1,234.5 | 6.5 | 30 | – | – |" in table
