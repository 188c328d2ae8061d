"""A study on a Ray cluster of four worker processes, which starts and ends here."""

from __future__ import annotations

import gc
import os
import signal
import socket
import sys
from pathlib import Path

import pytest

from engine.base.errors import UnusableInput
from engine.study.driving import Driver
from engine.study.lock import Lock
from engine.study.on_ray import RayCluster
from engine.study.store import Store
from tests.engine.study.studies import TWO_BY_TWO, finished, ready, told, written
from tests.engine.study.test_driving import Here

CELLS = 64


def test_without_ray_a_sentence_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(UnusableInput, match="Install what requirements-cluster"):
        RayCluster()


@pytest.mark.parametrize("address", ["127.0.0.1:{}", "ray://127.0.0.1:{}"])
def test_where_no_cluster_is_a_sentence_says_so(address):
    pytest.importorskip("ray", reason="Ray does not install here")
    with socket.socket() as taken:  # A port that is bound, at which nobody listens.
        taken.bind(("127.0.0.1", 0))
        address = address.format(taken.getsockname()[1])
        with pytest.raises(UnusableInput, match=f"No Ray cluster can be reached at {address}"):
            RayCluster(address)


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="finds workers in /proc, to kill one")
@pytest.mark.filterwarnings("default")  # Those of Ray are not ours.
def test_killed_workers_and_a_killed_driver_lose_nothing(tmp_path):
    """64 cells; a worker is killed midway, the driver stops at half, another goes on."""
    pytest.importorskip("ray", reason="Ray does not install here")
    text = TWO_BY_TWO.replace("[0, 1]", str(list(range(16)))).replace("steps = 4", "steps = [3, 4]")
    alone = told(finished(*ready(text, tmp_path, tmp_path / "alone"), Here()))
    assert len(alone) == CELLS
    made, store = ready(text, tmp_path, tmp_path / "out")
    with Lock(store):
        half = until(Driver(made, store, RayCluster("local", 4, "cpu")), CELLS // 2)
    assert half
    before = written(tmp_path / "out")
    assert CELLS // 2 <= len(before) < CELLS
    again = Store(tmp_path / "out")
    with Lock(again):
        list(Driver(again.read(), again, RayCluster("local", 2, "cpu")).iterate())
    after = written(tmp_path / "out")
    assert {key: after[key] for key in before} == before
    assert told(list(again.table(made).rows)) == alone
    gc.collect()  # While the warnings of Ray count for nothing.


def until(driver, count):
    """Works until so many runs have ended, and kills one of the workers on the way."""
    killed = 0
    for progress in driver.iterate():
        if progress.ended >= count // 2 and not killed:
            killed = kill_a_worker()
        if progress.ended >= count:
            break
    return killed


def kill_a_worker():
    """Ends a process that does a task for Ray; the number of such that were ended."""
    for process in Path("/proc").iterdir():
        if process.name.isdigit() and is_at_work(process):
            os.kill(int(process.name), signal.SIGKILL)
            return 1
    return 0


def is_at_work(process):
    try:
        called = (process / "cmdline").read_bytes()
        parents = (process / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return False
    return called.startswith(b"ray::_work") and is_ours(int(parents[1]))


def is_ours(pid):
    """Whether a process was started by this one, or by one that was."""
    while pid > 1:
        if pid == os.getpid():
            return True
        try:
            pid = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            return False
    return False
