"""A GPU that fails in the middle of a run costs some steps, never the run."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from itertools import islice

import pytest
import torch

from engine.base.errors import OutOfMemory
from engine.commands import command_line
from engine.data.datasets import LabelledImages, TrainingData
from engine.reconstruction.optimizers import Adam
from engine.reconstruction.run import Reconstruction
from engine.reconstruction.settings import fast, paper
from engine.session.session import session_of
from engine.session.session_file import load_session, save_session
from engine.training.recipe import Recipe
from engine.training.trained import details_of
from engine.training.training import Training
from tests import pretend_gpu
from tests.engine.reconstruction.test_run import numbers_of

SMALL = replace(fast(), candidates=64, steps=40, rank=5, smoothness=4.0, device="cuda")
ON_CPU = replace(SMALL, device="cpu")


@pytest.fixture
def network(make_network):
    return make_network(16, 12, 10, 1, shape=(1, 4, 4))


@pytest.fixture(autouse=True)
def _one_thread():
    """Steps as small as these lose more by waiting for threads than they gain."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def gpu(monkeypatch):
    return pretend_gpu.install(monkeypatch)


@pytest.fixture
def every_step(monkeypatch):
    """Every step is seen."""
    monkeypatch.setattr("engine.reconstruction.run.SNAPSHOT_INTERVAL", 0.0)


def copy_every(monkeypatch, seconds):
    monkeypatch.setattr("engine.runtime.failover._COPY_EVERY", seconds)
    monkeypatch.setattr("engine.runtime.failover._COPY_SHARE", math.inf)


def run(network, settings, state=None):
    """The last snapshot of a whole run."""
    *_, last = Reconstruction(network, settings, state).iterate()
    return last


def assert_same(one, other):
    assert one.step == other.step
    assert torch.equal(one.images(), other.images())
    assert torch.equal(one.multipliers.cpu(), other.multipliers.cpu())
    assert (numbers_of(one.losses) == numbers_of(other.losses)).all()


@pytest.mark.parametrize("settings", [SMALL, replace(SMALL, restarts=2, steps=20)])
@pytest.mark.parametrize("fails_after", [0, 12, 20, 31])
def test_a_lost_gpu_leaves_the_run_that_a_cpu_would_have_made(
    network, gpu, every_step, monkeypatch, settings, fails_after
):
    copy_every(monkeypatch, 0.0)
    whole = run(network, replace(settings, device="cpu"))
    reconstruction = Reconstruction(network, settings)
    snapshots = reconstruction.iterate()
    for snapshot in snapshots:
        if snapshot.step == min(6, fails_after):
            copy_every(monkeypatch, 1e9)  # The last copy is of this step or the next one.
        if snapshot.step == fails_after:
            break
    gpu.is_lost = True
    *_, last = snapshots
    assert_same(last, whole)
    assert reconstruction.device.type == "cpu"
    assert reconstruction.computed_on.startswith("cuda (Pretender 3000), then cpu (")
    (note,) = last.notes
    assert "The GPU (cuda) stopped answering" in note
    assert f"after step {fails_after}" in note or fails_after == 0
    assert note.endswith("on the CPU from step 7." if fails_after > 6 else "from step 0.")


def test_what_is_seen_after_a_loss_is_the_step_that_the_run_went_back_to(
    network, gpu, every_step, monkeypatch
):
    copy_every(monkeypatch, 1e9)
    snapshots = Reconstruction(network, SMALL).iterate()
    assert next(islice(snapshots, 9, None)).step == 9
    gpu.is_lost = True
    back = next(snapshots)
    assert (back.step, len(back.losses)) == (0, 0)
    assert back.images().shape == (64, 1, 4, 4)
    assert next(snapshots).step == 1


def test_a_state_asked_of_a_lost_gpu_is_the_last_copy(network, gpu, every_step, monkeypatch):
    copy_every(monkeypatch, 0.0)
    reconstruction = Reconstruction(network, SMALL)
    snapshots = reconstruction.iterate()
    next(islice(snapshots, 9, None))
    gpu.is_lost = True
    state = reconstruction.state()
    assert state.step == 9
    assert_same(run(network, ON_CPU, state), run(network, ON_CPU))


def test_a_gpu_that_is_lost_before_the_run_is_not_needed(network, gpu):
    gpu.is_lost = True
    last = run(network, SMALL)
    assert_same(last, run(network, ON_CPU))
    assert "at the start" in last.notes[0]


def test_a_run_that_goes_on_without_its_gpu_says_from_where(network, gpu, every_step):
    first = Reconstruction(network, ON_CPU)
    next(islice(first.iterate(), 9, None))
    gpu.is_lost = True
    last = run(network, SMALL, first.state())
    assert last.notes[0].endswith("at the start; the run went on on the CPU from step 9.")
    assert_same(last, run(network, ON_CPU))


def test_a_gpu_that_is_lost_as_the_run_ends_takes_nothing_with_it(network, gpu):
    reconstruction = Reconstruction(network, SMALL)
    *_, last = reconstruction.iterate()
    gpu.is_lost = True
    state = reconstruction.state()
    assert state.step == last.step == 40
    assert torch.equal(state.tensors["unknowns"], run(network, ON_CPU).unknowns)


def test_too_little_memory_halves_what_is_worked_on_until_it_fits(network, gpu, every_step):
    reconstruction = Reconstruction(network, SMALL)
    snapshots = reconstruction.iterate()
    next(islice(snapshots, 9, None))
    gpu.room = 600  # 64 candidates × 12 neurons do not fit; 32 × 16 pixels do.
    *_, last = snapshots
    assert reconstruction.device.type == "cuda"
    assert last.step == 40
    (note,) = last.notes
    assert note == (
        "The GPU (cuda) ran out of memory in step 10; since then it takes 32 of 64 candidates at "
        "a time, which is slower."
    )
    gpu.room = None
    torch.testing.assert_close(last.images(), run(network, ON_CPU).images(), rtol=1e-3, atol=1e-3)


def test_in_double_precision_the_parts_give_the_published_run(network, gpu, every_step):
    published = replace(paper(1), candidates=64, steps=20, device="cuda")
    snapshots = Reconstruction(network, published).iterate()
    next(islice(snapshots, 5, None))
    gpu.room = 1100  # The unknowns themselves are 64 × 16.
    *_, last = snapshots
    expected = run(network, replace(published, device="cpu"))
    gpu.room = None
    torch.testing.assert_close(last.unknowns.cpu(), expected.unknowns, rtol=1e-9, atol=1e-12)


def test_a_memory_that_no_part_fits_moves_the_run_to_the_cpu(network, gpu, every_step, monkeypatch):
    copy_every(monkeypatch, 0.0)
    reconstruction = Reconstruction(network, SMALL)
    snapshots = reconstruction.iterate()
    next(islice(snapshots, 9, None))
    gpu.room = 10
    *_, last = snapshots
    assert_same(last, run(network, ON_CPU))
    assert "16 of 64 candidates" in last.notes[0]
    assert last.notes[1] == (
        "The GPU (cuda) ran out of memory after step 9; the run went on on the CPU from step 9."
    )


def test_a_gpu_without_room_for_the_network_is_left_at_once(network, gpu):
    gpu.room = 10
    last = run(network, replace(SMALL, candidates=0))
    assert_same(last, run(network, replace(ON_CPU, candidates=0)))


def test_what_happened_is_kept_with_the_session(network, gpu, every_step, tmp_path):
    reconstruction = Reconstruction(network, SMALL)
    snapshots = reconstruction.iterate()
    next(islice(snapshots, 9, None))
    gpu.is_lost = True
    next(islice(snapshots, 3, None))
    save_session(session_of(reconstruction, reconstruction.computed_on), tmp_path / "a.afterimage")
    session = load_session(tmp_path / "a.afterimage")
    assert "stopped answering" in session.remarks
    assert "then cpu" in session.device
    again = Reconstruction(network, ON_CPU, session.state)
    *_, last = again.iterate()
    assert last.notes == session.state.notes


def test_a_cpu_without_memory_ends_the_run_with_what_was_found(network, every_step, monkeypatch):
    """PyTorch's own words for it, from the step's first product on."""
    reconstruction = Reconstruction(network, ON_CPU)
    snapshots = reconstruction.iterate()
    found = next(islice(snapshots, 9, None))

    def refuse(*_args, **_kwargs):
        torch.empty(1 << 60)

    with monkeypatch.context() as patch:
        patch.setattr(torch, "addmm", refuse)
        with pytest.raises(OutOfMemory) as raised:
            next(snapshots)
    assert "take fewer candidates. What was found up to step 9 is kept." in str(raised.value)
    assert reconstruction.state().step == 9
    assert torch.equal(reconstruction.state().tensors["unknowns"], found.unknowns)
    assert_same(run(network, ON_CPU, reconstruction.state()), run(network, ON_CPU))


def test_a_step_that_there_is_no_memory_to_show_is_taken_back_in_whole(
    network, every_step, monkeypatch, tmp_path
):
    """PyTorch's own words for it, from the first copy after the step on."""
    reconstruction = Reconstruction(network, ON_CPU)
    snapshots = reconstruction.iterate()
    found = next(islice(snapshots, 9, None))

    def refuse(*_args, **_kwargs):
        torch.empty(1 << 60)

    with monkeypatch.context() as patch:
        patch.setattr(torch.Tensor, "clone", refuse)
        with pytest.raises(OutOfMemory):
            next(snapshots)
    save_session(session_of(reconstruction, "cpu"), tmp_path / "a.afterimage")
    state = load_session(tmp_path / "a.afterimage").state
    assert state.step == len(state.losses) == 9
    assert state.seconds == found.seconds
    assert torch.equal(state.tensors["unknowns"], found.unknowns)


def test_without_a_failure_nothing_is_copied_and_nothing_said(network):
    reconstruction = Reconstruction(network, ON_CPU)
    *_, last = reconstruction.iterate()
    assert last.notes == ()
    assert reconstruction._recovery.copy.state is None


# --- training -------------------------------------------------------------------------------------

RECIPE = Recipe(hidden=(20,), until_exponent=-4.0, most_steps=60, device="cuda")


@pytest.fixture
def images():
    generator = torch.Generator().manual_seed(0)
    return LabelledImages(
        torch.rand(40, 1, 4, 4, generator=generator), torch.arange(40) % 2, "noise"
    )


def trained(images, recipe):
    training = Training(images, recipe)
    *_, last = training.iterate()
    return training, last


@pytest.mark.parametrize("schedule", ["fast", "plain"])
@pytest.mark.parametrize("fails_after", [1, 20])
def test_a_lost_gpu_leaves_the_network_that_a_cpu_would_have_made(
    images, gpu, monkeypatch, schedule, fails_after
):
    recipe = replace(RECIPE, schedule=schedule)
    whole, _ = trained(images, replace(recipe, device="cpu"))
    copy_every(monkeypatch, 0.0)
    training = Training(images, recipe)
    snapshots = training.iterate()
    for snapshot in snapshots:
        if snapshot.step == fails_after:
            break
    gpu.is_lost = True
    *_, last = snapshots
    assert "the training went on on the CPU" in last.notes[0]
    assert training.state.step == whole.state.step == len(last.curves)
    for one, other in zip(training.network.weights, whole.network.weights, strict=True):
        assert torch.equal(one, other)
    data = TrainingData(images, None, None, ("a", "b"), "noise")
    assert "then cpu" in details_of(training, data)["recipe"]


def test_a_training_can_be_had_from_a_lost_gpu(images, gpu, monkeypatch):
    copy_every(monkeypatch, 0.0)
    training = Training(images, RECIPE)
    snapshots = training.iterate()
    next(islice(snapshots, 9, None))
    gpu.is_lost = True
    assert training.is_sound
    assert training.network.layer_sizes == (16, 20, 1)
    assert training.state.step == 10
    assert next(snapshots).step == 11


def test_a_training_takes_fewer_images_at_a_time_where_memory_is_short(images, gpu):
    training = Training(images, RECIPE)
    snapshots = training.iterate()
    next(islice(snapshots, 9, None))
    gpu.room = 700  # 40 images × 20 neurons do not fit, 20 × 20 do.
    *_, last = snapshots
    gpu.room = None
    assert "20 of 40 images at a time" in last.notes[0]
    assert training.device.type == "cuda"
    assert last.end


# --- without a window -----------------------------------------------------------------------------


@pytest.fixture
def checkpoint(network, tmp_path):
    state = {f"layers.{i}.weight": w for i, w in enumerate(network.weights)}
    torch.save({**state, "layers.0.bias": network.biases[0]}, tmp_path / "small.pth")
    return str(tmp_path / "small.pth")


def test_the_command_line_says_that_it_went_on_on_the_cpu(checkpoint, gpu, tmp_path, capsys):
    gpu.is_lost = True
    out = str(tmp_path / "out")
    options = ["--candidates", "8", "--steps", "20", "--device", "cuda"]
    assert command_line.main(["reconstruct", checkpoint, "--out", out, *options]) == 0
    said = capsys.readouterr()
    assert "afterimage: The GPU (cuda) stopped answering at the start" in said.err
    report = json.loads(said.out)
    assert "went on on the CPU from step 0" in report["note"]
    assert report["device"].startswith("cuda (Pretender 3000), then cpu (")


def test_an_error_that_nobody_expected_leaves_the_run_on_disk(
    checkpoint, tmp_path, monkeypatch, every_step
):
    real, calls = Adam.move, []

    def step(*args, **kwargs):
        calls.append(1)
        if len(calls) == 15:  # In the eighth step: images first, then multipliers.
            raise ZeroDivisionError
        return real(*args, **kwargs)

    monkeypatch.setattr(Adam, "move", step)
    options = ["--candidates", "8", "--steps", "20", "--device", "cpu", "--quiet"]
    with pytest.raises(ZeroDivisionError):
        command_line.main(["reconstruct", checkpoint, "--out", str(tmp_path / "out"), *options])
    assert load_session(tmp_path / "out" / "session.afterimage").state.step == 7
