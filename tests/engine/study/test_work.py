"""One piece of work: a pure function of what goes in."""

from __future__ import annotations

import errno
import hashlib
import math
import os

import numpy as np
import pytest
import torch

from engine.evidence.membership import ask
from engine.evidence.references import References
from engine.network.checkpoints import load_network, save_network
from engine.reconstruction.run import Reconstruction
from engine.reconstruction.settings import fast
from engine.session import session_file
from engine.session.session import session_of
from engine.study import work
from engine.study.measuring import precision_of
from engine.study.study import Run
from engine.study.work import Task, Trained, perform, settings_of
from tests.engine.study.studies import TRAINING, TWO_BY_TWO, ready, with_settings


def files_of(study, store):
    return {each.sha256: store.place.folder / each.place for each in study.files}


def trained(study, store, number=0):
    training = study.trainings[number]
    done = perform(Task(training, {training.train: "images.npz"}), files_of(study, store))
    assert isinstance(done, Trained)
    return done


def task_of(run, network, copy=None):
    """A run's task, and its network as a file's content."""
    sha256 = hashlib.sha256(network).hexdigest()
    names = {sha256: "a.safetensors", **{k: f"{k}.npz" for k in (run.train, run.control) if k}}
    return Task(run, names, sha256, copy), {sha256: network}


@pytest.fixture
def study(tmp_path):
    return ready(TWO_BY_TWO, tmp_path, tmp_path / "out")


def test_networks_along_a_training_are_those_of_trainings_that_end_there(study, tmp_path):
    along = trained(*study).networks
    assert sorted(along) == [2, 5]
    for epochs in (2, 5):
        alone = ready(TWO_BY_TWO.replace("[2, 5]", f"{epochs}"), tmp_path, tmp_path / f"{epochs}")
        ended = trained(*alone).networks[0]
        for name, content in (("along", along[epochs]), ("ended", ended)):
            (tmp_path / f"{name}.safetensors").write_bytes(content)
        one, other = (load_network(tmp_path / f"{n}.safetensors") for n in ("along", "ended"))
        for p, q in zip(one.parameters.tensors, other.parameters.tensors, strict=True):
            assert torch.equal(p, q)


def test_a_run_comes_to_what_the_command_line_comes_to(study, tmp_path):
    """By the same rule: its score is that of a session which is scored with the same images."""
    made, _ = study
    run = made.runs[0]
    network = trained(*study).networks[2]
    task, files = task_of(run, network)
    result = perform(task, {**files_of(*study), **files})
    (tmp_path / "a.safetensors").write_bytes(network)
    read = load_network(tmp_path / "a.safetensors")
    reconstruction = Reconstruction(read, settings_of(run, read))
    (*_, last) = reconstruction.iterate()
    session = session_of(reconstruction, "cpu")
    paths = files_of(*study)
    train, control = (work.load_images(paths[key]) for key in (run.train, run.control))
    evidence = session.score(References.of(read, train, control))
    assert result.state == "done"
    assert result.steps == last.step == 4
    assert (result.recovered, result.good) == (evidence.recovered, evidence.train.good)
    assert result.control_good == evidence.control.good
    assert (result.images, result.control_images) == (6, 6)
    few = ask(read, train, control).multiplier.few
    assert result.exposure == pytest.approx(few.rate, abs=1e-4)


def test_the_images_enter_no_run(study, monkeypatch):
    """Whatever the images are, the search ends at the same candidates."""
    made, _ = study
    network = trained(*study).networks[5]
    ends = []

    def scored(id_, session, train, control):
        ends.append((session.images(), train is not None))
        return work.Result(id=id_, state="done")

    monkeypatch.setattr(work, "scored", scored)
    for train in (made.runs[0].train, ""):
        values = {n: getattr(made.runs[0], n) for n in Run.__struct_fields__}
        run = Run(**{**values, "train": train, "control": ""})
        task, files = task_of(run, network)
        perform(task, {**files_of(*study), **files})
    (with_images, had), (without, had_none) = ends
    assert (had, had_none) == (True, False)
    assert torch.equal(with_images, without)


def test_without_images_nothing_is_recovered_and_nothing_exposed(study):
    values = {n: getattr(study[0].runs[0], n) for n in Run.__struct_fields__}
    run = Run(**{**values, "train": "", "control": ""})
    task, files = task_of(run, trained(*study).networks[5])
    result = perform(task, files)
    assert result.state == "done"
    assert (result.recovered, result.good, result.images, result.exposure) == (None,) * 4


def test_without_a_control_nothing_is_recovered(study):
    values = {n: getattr(study[0].runs[0], n) for n in Run.__struct_fields__}
    run = Run(**{**values, "control": ""})
    task, files = task_of(run, trained(*study).networks[5])
    result = perform(task, {**files_of(*study), **files})
    assert (result.recovered, result.control_good, result.exposure) == (None, None, None)
    assert result.good is not None


def test_precision_is_the_share_of_the_sure_ones_that_are_recovered():
    confidence = torch.tensor([0.99, 0.95, 0.91, 0.9, 0.2, math.nan])
    is_recovered = np.array([True, False, False, True, True, True])
    assert precision_of(confidence, is_recovered) == 0.3333
    assert precision_of(confidence[3:], is_recovered[3:]) is None
    assert precision_of(None, is_recovered) is None
    assert precision_of(confidence, None) is None


def test_a_file_that_has_changed_is_refused(study):
    made, _ = study
    run = made.runs[0]
    task, files = task_of(run, trained(*study).networks[5])
    paths = files_of(*study)
    paths[run.train].write_bytes(paths[run.control].read_bytes())
    result = perform(task, {**paths, **files})
    assert result.state == "refused"
    assert "has changed since the study began" in result.reason


def test_a_checkpoint_that_cannot_be_read_is_refused(study):
    run = study[0].runs[0]
    task, files = task_of(run, b"no checkpoint at all")
    result = perform(task, {**files_of(*study), **files})
    assert result.state == "refused"
    assert result.id == run.id
    assert result.reason


def test_settings_that_do_not_go_together_are_refused(study):
    run = with_settings(study[0].runs[0], "x", restarts=30, candidates=10_000)
    task, files = task_of(run, trained(*study).networks[5])
    result = perform(task, {**files_of(*study), **files})
    assert result.state == "refused"
    assert "30 restarts of 10,000 candidates" in result.reason


def test_a_training_that_diverges_says_so_and_keeps_what_it_had(tmp_path):
    text = TWO_BY_TWO.replace("rate = 0.1", "rate = 1000\nmomentum = 0.99").replace(
        "[2, 5]", "[1, 400]"
    )
    done = trained(*ready(text, tmp_path, tmp_path / "out"))
    assert sorted(done.networks) == [1]
    assert done.failure.state == "failed"
    assert "diverged" in done.failure.reason


def test_a_training_that_ends_before_an_epoch_says_after_how_many(tmp_path):
    text = f"[training]\n{TRAINING}\nmost_steps = 3\nepochs = [2, 5]\n"
    done = trained(*ready(text, tmp_path, tmp_path / "out"))
    assert sorted(done.networks) == [2]
    assert done.failure.state == "refused"
    assert done.failure.reason == "The training ended after 3 epochs: All steps are taken."


def test_a_full_disk_is_no_fault_of_the_run(study, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/tmp/x/network.safetensors")

    monkeypatch.setattr(work, "save_network", full)
    training = study[0].trainings[0]
    done = perform(Task(training, {training.train: "i.npz"}), files_of(*study))
    assert done.networks == {}
    assert done.failure.state == "lost"
    assert done.failure.reason == "No space left on device (network.safetensors)."


def test_an_error_that_nobody_expected_costs_one_run(study, monkeypatch):
    def broken(*_):
        raise ZeroDivisionError("by zero\nindeed")

    monkeypatch.setattr(work, "read_network", broken)
    task, files = task_of(study[0].runs[0], b"x")
    result = perform(task, {**files_of(*study), **files})
    assert result.state == "failed"
    assert result.reason == r"An error that nobody expected: ZeroDivisionError: by zero\nindeed"


def test_a_worker_of_another_version_refuses(study, monkeypatch):
    task, files = task_of(study[0].runs[0], b"x")
    monkeypatch.setattr(work, "VERSION", "9.9")
    result = perform(task, files)
    assert result.reason.startswith("The worker is Afterimage 9.9, and the study is run by")


def test_a_run_goes_on_from_its_copy_to_the_same_end(study, tmp_path):
    made, _ = study
    run = made.runs[0]
    network = trained(*study).networks[5]
    task, files = task_of(run, network)
    whole = perform(task, {**files_of(*study), **files})
    (tmp_path / "a.safetensors").write_bytes(network)
    read = load_network(tmp_path / "a.safetensors")
    half = Reconstruction(read, settings_of(run, read))
    snapshots = half.iterate()
    while next(snapshots).step < 2:
        pass
    copy = tmp_path / "copy.afterimage"
    session_file.save_session(session_of(half, "cpu"), copy)
    seen = []
    begin = work.Reconstruction

    class Watched(begin):
        def __init__(self, network, settings, state=None):
            seen.append(0 if state is None else state.step)
            super().__init__(network, settings, state)

    work.Reconstruction = Watched
    try:
        gone_on = perform(task_of(run, network, copy)[0], {**files_of(*study), **files})
        copy.write_bytes(b"damaged")
        anew = perform(task_of(run, network, copy)[0], {**files_of(*study), **files})
    finally:
        work.Reconstruction = begin
    assert seen == [half.step, 0]
    assert half.step >= 2
    for result in (gone_on, anew):
        assert told_result(result) == told_result(whole)


def told_result(result):
    return {name: getattr(result, name) for name in result.__struct_fields__ if name != "seconds"}


def test_settings_are_those_of_the_preset_where_nothing_is_said(make_network):
    network = make_network(36, 5, 1, shape=(1, 6, 6))
    run = Run("x", {}, "n", {"steps": 7, "scale_power": 1}, 3)
    settings = settings_of(run, network)
    assert (settings.steps, settings.seed, settings.scale_power) == (7, 3, 1.0)
    assert settings.candidate_rate == fast().candidate_rate
    published = settings_of(Run("x", {}, "n", {"preset": "paper", "steps": 7}, 3), network)
    assert (published.space, published.steps) == ("pixel", 7)


def test_a_checkpoint_of_rows_needs_no_images(make_network, tmp_path):
    path = tmp_path / "rows.safetensors"
    save_network(make_network(12, 6, 3, shape=(1, 1, 12)), path, {})
    run = Run("x", {}, "", {"steps": 3, "candidates": 6, "device": "cpu"}, 0)
    task, files = task_of(run, path.read_bytes())
    assert perform(task, files).state == "done"
