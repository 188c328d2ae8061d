"""The drift: packed, and as good as unpacked."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from engine.reconstruction.frame_coding import Levels, deflate, inflate, to_levels
from engine.reconstruction.recording import Recording


def drifting(frames=50, m=30, k=12, seed=0):
    """Candidates that leave their noise and come to rest, of sizes from 1e-6 to 1e4."""
    generator = torch.Generator().manual_seed(seed)
    noise, end = torch.randn(2, m, k, generator=generator)
    sizes = torch.logspace(-6, 4, m)[:, None]
    return [sizes * (noise * 0.8**i + (3 - 3 * 0.9**i) * end) for i in range(frames)]


def recorded(frames):
    return Recording(range(len(frames)), frames)


def relative_error(found, real):
    return float(((found - real).norm(dim=1) / real.norm(dim=1)).max())


def test_every_frame_comes_back_within_the_grain_of_its_own_candidate():
    frames = drifting()
    recording = recorded(frames)
    assert recording.shape == (30, 12)
    for index in (0, 49, 7, 21, 20, 19, 48):
        assert relative_error(recording.frame(index), frames[index]) < 1 / 32
    assert torch.equal(recording.frame(-1), recording.frame(49))


def test_chosen_candidates_are_those_of_the_whole_frame():
    recording = recorded(drifting())
    chosen = torch.tensor([4, 29, 0])
    assert torch.equal(recording.frame(33, chosen), recording.frame(33)[chosen])


def test_what_stands_still_costs_next_to_nothing():
    frames = drifting(40, 200, 50)
    moving = sum(recorded(frames).tensors()["sizes"].tolist())
    assert moving < 40 * 200 * 50 / 2
    resting = recorded([*frames, *[frames[-1]] * 10]).tensors()["sizes"][-9:]
    assert int(resting.max()) < 200 * 50 / 100


def test_a_frame_of_the_same_step_takes_the_place_of_the_last():
    frames = drifting()
    recording = recorded(frames[:21])
    recording.keep(20, frames[30])
    assert recording.steps == tuple(range(21))
    assert relative_error(recording.frame(20), frames[30]) < 1 / 32
    assert relative_error(recording.frame(19), frames[19]) < 1 / 32


def test_what_is_cut_off_leaves_no_trace():
    frames = drifting()
    recording = recorded(frames)
    recording.frame(45)
    recording.cut_after(30)
    for step in range(31, 50):
        recording.keep(step, frames[step - 31])
    expected = recorded([*frames[:31], *frames[:19]])
    for name, tensor in expected.tensors().items():
        assert torch.equal(recording.tensors()[name], tensor)
    assert torch.equal(recording.frame(45), expected.frame(45))


def test_a_copy_goes_its_own_way():
    frames = drifting()
    recording = recorded(frames[:10])
    twin = recording.copy()
    twin.keep(10, frames[40])
    recording.keep(10, frames[10])
    assert relative_error(twin.frame(10), frames[40]) < 1 / 32
    assert relative_error(recording.frame(10), frames[10]) < 1 / 32
    assert len(recording) == len(twin) == 11


def test_tensors_give_the_recording_back_and_it_can_go_on():
    frames = drifting()
    recording = recorded(frames[:33])
    again = Recording.from_tensors(recording.steps, recording.tensors(), 12)
    for kept in (recording, again):
        kept.keep(33, frames[33])
    assert again.steps == recording.steps
    for name, tensor in recording.tensors().items():
        assert torch.equal(again.tensors()[name], tensor)


@pytest.mark.parametrize(
    "numbers",
    [[1e9, -1e9], [1e38, -1e38], [float("inf"), 1], [float("nan"), 1], [0, 0], [1e-45, 0]],
)
def test_any_number_is_kept_as_a_finite_one(numbers):
    recording = Recording()
    recording.keep(0, torch.tensor([numbers]))
    assert bool(torch.isfinite(recording.frame(0)).all())


def changed(tensors, name, change):
    return {**tensors, name: change(tensors[name])}


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("packed", lambda t: t[:-1]),
        ("packed", lambda t: t.flip(0)),
        ("sizes", lambda t: t[:-1]),
        ("sizes", lambda t: -t),
        ("sizes", lambda t: t + 1),
        ("units", lambda t: t[:, 1:]),
        ("units", lambda t: -t),
        ("units", lambda t: t * float("nan")),
    ],
)
def test_tensors_that_are_no_frames_are_refused(name, change):
    recording = recorded(drifting(5))
    with pytest.raises(ValueError, match="drift"):
        Recording.from_tensors(
            recording.steps, changed(recording.tensors(), name, change), recording.shape[1]
        )


def test_no_more_is_unpacked_than_a_frame_may_hold():
    """A bomb: a few bytes that say they are megabytes."""
    bomb = deflate(Levels(np.zeros((1000, 1000), np.int8), np.ones((1000, 1), np.float32)), None)
    with pytest.raises(ValueError, match="another size"):
        inflate(bomb, np.ones((2, 1), np.float32), 3, None)


def test_levels_wrap_around_and_back():
    """A difference of two levels may be too large for a byte."""
    units = np.ones((1, 1), np.float32)
    before, after = (Levels(np.array([[v]], np.int8), units) for v in (-127, 127))
    back = inflate(deflate(after, before), units, 1, before)
    assert back.values.item() == 127
    assert to_levels(torch.tensor([[3.0]])).values.item() == 16
