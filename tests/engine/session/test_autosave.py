"""A run that is killed loses half of its work at most, and never more than half a minute."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time

import pytest
import torch

from engine.base.errors import DamagedSession
from engine.session.autosave import Autosave
from engine.session.session_file import load_session
from tests.conftest import ROOT, going_on
from tests.engine.networks import learnt


@pytest.mark.parametrize("pace", [0.01, 0.3, 4.0])
def test_at_no_moment_is_more_at_stake_than_was_promised(pace):
    copies, saved, now = Autosave(), 0.0, 0.0
    while now < 300:
        now += pace
        assert now - saved <= min(20.0, max(1.0, saved)) + pace
        if copies.is_due(now):
            copies.done(now)
            saved = now
    assert saved > 270


def test_a_resumed_run_counts_from_where_it_goes_on():
    copies = Autosave(1000.0)
    assert not copies.is_due(1000.5)
    assert copies.is_due(1001.5)


@pytest.fixture
def run_in_a_process(tmp_path, make_network):
    """Starts a long run on the command line; returns the process and its session file."""
    network = learnt(make_network(16, 12, 10, 1), 6)
    state = {f"layers.{i}.weight": w for i, w in enumerate(network.weights)}
    torch.save({**state, "layers.0.bias": network.biases[0]}, tmp_path / "small.pth")

    def start(*arguments, **options):
        command = [sys.executable, "main.py", "reconstruct", str(tmp_path / "small.pth")]
        command += ["--out", str(tmp_path / "out"), "--candidates", "8", "--device", "cpu"]
        process = subprocess.Popen(
            [*command, *arguments], cwd=ROOT, stderr=subprocess.PIPE, text=True, **options
        )
        return process, tmp_path / "out" / "session.afterimage"

    return start


def wait_for(condition, patience=120):
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < patience
        time.sleep(0.05)


def step_of(path):
    try:
        return load_session(path).state.step
    except DamagedSession:  # It is being replaced at this moment, on systems that cannot at once.
        return 0


def test_a_run_that_is_killed_goes_on_from_its_last_copy(run_in_a_process):
    process, path = run_in_a_process("--steps", "10000000", "--quiet")
    wait_for(lambda: path.exists() and step_of(path) > 0)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    session = load_session(path)
    assert session.state.step > 0
    assert session.state.seconds >= 1.0
    run = going_on(session)
    snapshots = run.iterate()
    next(snapshots)
    assert next(snapshots).step > session.state.step


@pytest.mark.skipif(sys.platform == "win32", reason="quotas of this kind are POSIX's")
def test_a_disk_that_is_full_leaves_the_last_whole_copy(run_in_a_process):
    """A real limit on the size of files: what is written past it fails as on a full disk."""
    process, path = run_in_a_process("--steps", "200", "--quiet")
    process.communicate()
    before = path.read_bytes()
    limit = 2000  # Bytes: less than any session takes.

    def restrict():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    process, path = run_in_a_process("--steps", "200", "--quiet", preexec_fn=restrict)
    _, complaint = process.communicate()
    assert process.returncode == 2
    assert "Traceback" not in complaint
    assert len(complaint.strip().splitlines()) == 1
    assert path.read_bytes() == before
    assert [p.name for p in path.parent.iterdir() if p.name.startswith(".")] == []


def test_copies_may_lie_further_apart_where_the_user_prefers():
    copies = Autosave(most=60.0)
    copies.done(100.0)
    assert not copies.is_due(159.0)
    assert copies.is_due(161.0)
    assert Autosave(most=60.0).is_due(1.5)
