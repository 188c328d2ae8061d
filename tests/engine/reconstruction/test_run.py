"""A run: its snapshots, its end, and going on where it left off."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice

import numpy as np
import pytest
import torch

from engine.base.errors import RunFailed, UnusableInput
from engine.base.resources import sample_network
from engine.data.inputs import Preprocessing
from engine.network.checkpoints import load_network
from engine.reconstruction.planning import usable_seconds
from engine.reconstruction.run import Reconstruction
from engine.reconstruction.settings import Settings, fast, paper, preset, settings_from_dict
from engine.reconstruction.terms import Box
from engine.runtime.device_errors import device_errors
from engine.runtime.devices import choose_device
from engine.session.session import session_of
from engine.session.session_file import load_session, save_session
from engine.stationarity.coordinates import Pixels
from engine.stationarity.row_space import row_space
from engine.stationarity.spectrum import spectrum_of
from tests.conftest import going_on
from tests.engine import oracle

SMALL = replace(fast(), candidates=6, steps=40, rank=5, smoothness=4.0, device="cpu")
SETTINGS_OF = {
    "row": SMALL,
    "pixel": replace(
        SMALL, space="pixel", rank=0, scale_power=0.0, whitening=0.0, neuron_weighing=0.0
    ),
}


def run(network, settings, state=None):
    """The last snapshot of a whole run."""
    *_, last = Reconstruction(network, settings, state).iterate()
    return last


def numbers_of(losses):
    """All columns but those that two runs of the same steps need not share: number and clock."""
    own = [losses.column(name) for name in losses.COLUMNS if name not in ("step", "seconds")]
    return np.column_stack([*own, losses.relative_per_layer])


@pytest.fixture
def network(make_network):
    return make_network(16, 12, 10, 1, shape=(1, 4, 4))


def test_a_run_starts_from_noise_and_lowers_its_loss(network):
    first, *_, last = Reconstruction(network, SMALL).iterate()
    assert first.step == 0
    assert first.remaining_seconds is None
    assert last.is_last
    assert last.step == last.steps == 40
    assert last.images().shape == (6, 1, 4, 4)
    losses = last.losses
    assert list(losses.step) == list(range(1, 41))
    assert losses.stationarity[-1] < losses.stationarity[0]
    assert losses.column_names[-1] == "relative_3"


@pytest.mark.usefixtures("two_threads")
def test_the_same_seed_gives_the_same_images_and_another_seed_others(network):
    one, same = run(network, SMALL), run(network, SMALL)
    other = run(network, replace(SMALL, seed=1))
    assert torch.equal(one.images(), same.images())
    assert torch.equal(one.multipliers, same.multipliers)
    assert not torch.equal(one.images(), other.images())


def test_a_snapshot_does_not_change_while_the_run_goes_on(network):
    snapshots = Reconstruction(network, SMALL).iterate()
    first = next(snapshots)
    before = first.images().clone()
    list(snapshots)
    assert torch.equal(first.images(), before)


@pytest.mark.usefixtures("two_threads")
@pytest.mark.parametrize("settings", [SMALL, replace(paper(1), candidates=6, steps=40)])
@pytest.mark.parametrize("through_a_file", [False, True])
def test_a_resumed_run_is_bit_identical(network, settings, through_a_file, tmp_path, monkeypatch):
    # A snapshot after every step, so that the run can be left in its middle.
    monkeypatch.setattr("engine.reconstruction.run.SNAPSHOT_INTERVAL", 0.0)
    whole = run(network, settings)
    half = Reconstruction(network, settings)
    list(islice(half.iterate(), 18))
    assert 0 < half.step < 40
    if through_a_file:
        path = tmp_path / "half.afterimage"
        save_session(session_of(half, "cpu"), path)
        resumed = going_on(load_session(path))
    else:
        resumed = Reconstruction(network, half.settings, half.state())
    *_, last = resumed.iterate()
    assert last.step == 40
    assert torch.equal(last.images(), whole.images())
    assert torch.equal(last.multipliers, whole.multipliers)
    assert (numbers_of(last.losses) == numbers_of(whole.losses)).all()
    assert resumed.recording.steps == tuple(sorted({0, *resumed.recording.steps}))


RESTARTS = replace(SMALL, restarts=3, steps=20)


def test_restarts_are_the_runs_of_the_next_seeds(network):
    reconstruction = Reconstruction(network, RESTARTS)
    *_, last = reconstruction.iterate()
    assert last.step == last.steps == 60
    alone = [run(network, replace(SMALL, steps=20, seed=seed)) for seed in range(3)]
    assert torch.equal(last.pool(), torch.cat([each.images() for each in alone]))
    losses = [numbers_of(each.losses) for each in alone]
    assert (numbers_of(last.losses) == np.concatenate(losses)).all()
    session = session_of(reconstruction, "cpu")
    torch.testing.assert_close(session.images(), last.pool())
    assert torch.equal(session.multipliers, torch.cat([each.multipliers for each in alone]))
    assert session.labels.tolist() == 3 * last.labels.tolist()


def test_the_drift_of_restarts_is_one_wide_film(network):
    reconstruction = Reconstruction(network, RESTARTS)
    *_, last = reconstruction.iterate()
    drift = session_of(reconstruction, "cpu").drift
    chosen = torch.tensor([17, 2, 6, 0])
    shown = drift.images(len(drift) - 1, chosen)
    torch.testing.assert_close(shown, last.pool()[chosen])
    alone = Reconstruction(network, replace(SMALL, steps=20, seed=1))
    list(alone.iterate())
    single = session_of(alone, "cpu").drift
    torch.testing.assert_close(
        drift.images(3, torch.tensor([6, 11])), single.images(3, torch.tensor([0, 5]))
    )


@pytest.mark.usefixtures("two_threads")
@pytest.mark.parametrize("taken", [9, 21, 22, 30, 43])
def test_restarts_go_on_from_a_file_bit_for_bit(network, taken, tmp_path, monkeypatch):
    """Also where one has just ended (step 20, once before and once after the new noise)."""
    monkeypatch.setattr("engine.reconstruction.run.SNAPSHOT_INTERVAL", 0.0)
    whole = run(network, RESTARTS)
    part = Reconstruction(network, RESTARTS)
    list(islice(part.iterate(), taken))
    save_session(session_of(part, "cpu"), tmp_path / "part.afterimage")
    resumed = going_on(load_session(tmp_path / "part.afterimage"))
    *_, last = resumed.iterate()
    assert torch.equal(last.pool(), whole.pool())
    assert (numbers_of(last.losses) == numbers_of(whole.losses)).all()
    recordings = session_of(resumed, "cpu").drift.recordings
    assert [recording.steps for recording in recordings] == 3 * [recordings[0].steps]


def test_pooled_restarts_are_less_smooth_unless_told_otherwise(network):
    def chosen(**changes):
        settings = replace(SMALL, **{"smoothness": -1.0, **changes})
        return Reconstruction(network, settings).settings.smoothness

    assert (chosen(), chosen(restarts=2), chosen(restarts=2, smoothness=0.0)) == (4.0, 2.0, 0.0)


@pytest.mark.parametrize("space", ["row", "pixel"])
def test_noise_and_gates_are_the_same_in_pixels_whatever_images_are_divided_by(network, space):
    """What is divided by a quarter is read four times as large: z is, and α a quarter."""
    settings = SETTINGS_OF[space]
    std = torch.full((network.input_shape[0], 1, 1), 0.25)
    divided = network.with_preprocessing(Preprocessing(None, std, "user"))
    plain, other = (Reconstruction(each, settings) for each in (network, divided))
    assert other.settings.initial_scale == plain.settings.initial_scale
    starts = [next(run.iterate()).images() for run in (plain, other)]
    torch.testing.assert_close(starts[0], starts[1])
    assert other.settings.alpha_start < plain.settings.alpha_start


def test_noise_is_no_rougher_than_two_thirds_of_a_photograph(network):
    start = next(Reconstruction(network, replace(SMALL, candidates=400)).iterate())
    assert float(start.images().square().mean().sqrt()) == pytest.approx(0.17, rel=0.05)


def test_a_run_that_goes_on_has_what_was_chosen_for_it(network, tmp_path):
    part = Reconstruction(network, replace(SMALL, candidates=0, smoothness=-1.0))
    next(iter(part.iterate()))
    save_session(session_of(part, "cpu"), tmp_path / "part.afterimage")
    kept = load_session(tmp_path / "part.afterimage")
    assert kept.settings == part.settings
    assert going_on(kept).settings == part.settings
    chosen = kept.settings
    assert min(chosen.alpha_start, chosen.alpha_end, chosen.candidates) > 0
    assert min(chosen.margin_weight, chosen.hidden_whitening, chosen.smoothness) >= 0
    assert chosen.training != "auto"


def test_the_time_limit_is_that_of_all_restarts(network):
    limited = Reconstruction(network, replace(SMALL, restarts=3, seconds=6.0))
    single = Reconstruction(network, replace(SMALL, seconds=6.0))
    assert usable_seconds(limited.settings) == pytest.approx(usable_seconds(single.settings) / 3)
    *_, last = limited.iterate()
    assert len(last.finished) == 2


def test_a_restart_that_fails_keeps_those_before_it(network, monkeypatch):
    monkeypatch.setattr("engine.reconstruction.run.SNAPSHOT_INTERVAL", 0.0)
    reconstruction = Reconstruction(network, RESTARTS)
    snapshots = reconstruction.iterate()
    *_, second = islice(snapshots, 32)
    reconstruction._search.unknowns.mul_(torch.inf)
    *_, last = snapshots
    assert "finite" in last.note
    assert len(last.finished) == 1
    assert last.step == second.step == 30
    assert bool(torch.isfinite(last.pool()).all())
    again = Reconstruction(network, RESTARTS, reconstruction.state())
    *_, end = again.iterate()
    assert end.is_last
    assert torch.equal(end.pool(), last.pool())


def test_closing_the_generator_stops_the_run(network, monkeypatch):
    monkeypatch.setattr("engine.reconstruction.run.SNAPSHOT_INTERVAL", 0.0)
    reconstruction = Reconstruction(network, SMALL)
    snapshots = reconstruction.iterate()
    list(islice(snapshots, 5))
    snapshots.close()
    assert reconstruction.step == 4


def test_automatic_candidates_are_twelve_for_each_image_that_left_a_trace():
    network = load_network(sample_network())
    images = spectrum_of(network).remembered
    many = Reconstruction(network, replace(SMALL, candidates=0, rank=0)).settings.candidates
    assert 12 * images <= many < 12 * images + 50


def test_a_short_time_takes_fewer_candidates_before_it_takes_fewer_steps():
    network = load_network(sample_network())
    images = spectrum_of(network).remembered
    hasty = replace(SMALL, candidates=0, rank=0, steps=1_000_000, seconds=0.3)
    few = Reconstruction(network, hasty).settings.candidates
    assert 4 * images <= few < 4 * images + 50


def test_candidates_are_made_of_directions_above_the_noise_that_are_not_faint():
    space = row_space(load_network(sample_network()), 0.8)
    values, floor = space.spectrum.values, space.spectrum.floor
    assert space.rank == space.spectrum.clear < space.spectrum.rank
    assert space.rank == oracle.directions(values, floor)


def test_a_time_limit_takes_fewer_steps(network):
    last = run(network, replace(SMALL, steps=10_000_000, seconds=0.4))
    assert last.is_last
    assert 0 < last.step < 10_000_000


def test_a_run_that_ran_out_of_time_can_go_on(network):
    limited = replace(SMALL, steps=1_000_000, seconds=0.2)
    first = Reconstruction(network, limited)
    *_, last = first.iterate()
    resumed = Reconstruction(network, replace(first.settings, seconds=0.2), first.state())
    resumed._steps = last.steps + 10_000  # Out of time before its last step, for certain.
    *_, later = resumed.iterate()
    assert later.step > last.step


def test_values_that_are_not_finite_end_the_run_with_what_was_last_good(network, monkeypatch):
    monkeypatch.setattr("engine.reconstruction.run.SNAPSHOT_INTERVAL", 0.0)
    explosive = replace(SMALL, candidate_rate=10.0, optimizer="sgd", steps=300, initial_scale=50)
    reconstruction = Reconstruction(network, explosive)
    *_, last = reconstruction.iterate()
    assert last.is_last
    assert "finite" in last.note
    assert last.step < 300
    assert bool(torch.isfinite(last.images()).all())
    assert bool(torch.isfinite(reconstruction.state().tensors["unknowns"]).all())
    assert max(reconstruction.recording.steps) == last.step


def test_the_drift_is_spaced_logarithmically_and_ends_at_the_end(network):
    reconstruction = Reconstruction(network, SMALL)
    *_, last = reconstruction.iterate()
    drift = session_of(reconstruction, "cpu").drift
    steps = drift.recordings[0].steps
    assert steps[:5] == (0, 1, 2, 3, 4)
    assert steps[-1] == 40
    shown = drift.images(len(steps) - 1, torch.arange(6))
    torch.testing.assert_close(shown, last.images())


def test_the_paper_preset_is_the_published_one():
    grey, colour = paper(1), paper(3)
    assert grey.space == colour.space == "pixel"
    assert (grey.dtype, grey.optimizer, grey.candidates, grey.steps) == (
        "float64",
        "sgd",
        1000,
        50_000,
    )
    assert grey.gradient == "double backward"
    assert (grey.initial_scale, grey.candidate_rate) == (1.7e-3, 0.282)
    assert (grey.minimum_multiplier, grey.alpha_start, grey.alpha_end) == (0.415, 19.2, 19.2)
    assert (colour.initial_scale, colour.candidate_rate) == (8.9e-4, 0.555)
    assert (colour.minimum_multiplier, colour.alpha_start, colour.alpha_end) == (0.498, 19.1, 19.1)
    assert grey.margin_weight == colour.margin_weight == 0
    assert grey.multiplier_rate == colour.multiplier_rate == 1e-4
    assert grey.training == colour.training == "margin"


def test_the_paper_preset_has_the_published_numbers_of_several_classes():
    several = paper(1, outputs=10)
    assert several == paper(3, outputs=2) == paper(3, 4, "runner-up")
    assert several.training == "runner-up"
    published = {
        "initial_scale": 6.228e-5,
        "candidate_rate": 1.362e-3,
        "multiplier_rate": 0.479,
        "minimum_multiplier": 0.203,
        "alpha_start": 39.5,
        "alpha_end": 39.5,
    }
    assert several == replace(paper(1), training="runner-up", **published)
    assert paper(1, 10, "margin") == replace(several, training="margin")


def test_the_paper_preset_has_the_published_numbers_of_regression():
    published = {
        "initial_scale": 0.01975,
        "candidate_rate": 0.952,
        "multiplier_rate": 1e-4,
        "minimum_multiplier": 0.0,
        "alpha_start": 90.3,
        "alpha_end": 90.3,
    }
    for channels, outputs in ((1, 1), (3, 1), (1, 10)):
        found = paper(channels, outputs, "free")
        assert found == replace(paper(1), **{**published, "training": "free"})


@pytest.mark.parametrize(
    ("outputs", "training"), [(1, "margin"), (3, "runner-up"), (1, "free")], ids=str
)
def test_the_paper_preset_takes_the_published_step(make_network, outputs, training):
    """Against the procedure written out with torch alone: x, λ, SGD 0.9, loss by autograd."""
    network = make_network(16, 12, 10, outputs, shape=(1, 4, 4))
    settings = replace(paper(1, outputs, training), candidates=6, steps=5)
    last = run(network, settings)

    scale, rate, multiplier_rate, least, alpha = {
        "margin": (1.7e-3, 0.282, 1e-4, 0.415, 19.2),
        "runner-up": (6.228e-5, 1.362e-3, 0.479, 0.203, 39.5),
        "free": (0.01975, 0.952, 1e-4, 0.0, 90.3),
    }[training]
    generator = torch.Generator().manual_seed(settings.seed)
    x = torch.randn(6, 16, generator=generator, dtype=torch.float64) * scale
    draw = torch.randn if training == "free" else torch.rand
    lam = draw(6, generator=generator, dtype=torch.float64)
    x.requires_grad_()
    lam.requires_grad_()
    optimizers = [
        torch.optim.SGD([x], lr=rate, momentum=0.9),
        torch.optim.SGD([lam], lr=multiplier_rate, momentum=0.9),
    ]

    class SoftReLU(torch.autograd.Function):
        @staticmethod
        def forward(ctx, z):
            ctx.save_for_backward(z)
            return z.relu()

        @staticmethod
        def backward(ctx, g):
            return g * torch.sigmoid(alpha * ctx.saved_tensors[0])

    def explained(outputs):
        """What λ multiplies: ± the output, the output, or the lead over the runner-up."""
        if training == "free":
            return outputs[:, 0]
        if training == "margin":
            return outputs[:, 0] * torch.tensor([-1.0, -1, -1, 1, 1, 1], dtype=torch.float64)
        own = torch.tensor([0, 0, 1, 1, 2, 2])
        wrong = outputs.scatter(1, own[:, None], -torch.inf)
        return outputs[torch.arange(6), own] - wrong.max(1).values

    w1, w2, w3 = (w.clone().requires_grad_() for w in network.weights)
    b1 = network.biases[0].clone().requires_grad_()
    for _ in range(5):
        h = SoftReLU.apply(SoftReLU.apply(x @ w1.T + b1) @ w2.T)
        values = explained(h @ w3.T)
        grads = torch.autograd.grad((values * lam).mean(), (w1, w2, w3, b1), create_graph=True)
        loss = sum(
            (p.detach() - g).square().sum() for p, g in zip((w1, w2, w3, b1), grads, strict=True)
        )
        loss = loss + (x - 1).relu().square().sum() + (-1 - x).relu().square().sum()
        if training != "free":
            loss = loss + 5 * (least - lam).relu().square().sum()
        for optimizer in optimizers:
            optimizer.zero_grad()
        loss.backward()
        for optimizer in optimizers:
            optimizer.step()
    torch.testing.assert_close(last.unknowns, x.detach(), rtol=1e-9, atol=1e-14)
    torch.testing.assert_close(last.multipliers.flatten(), lam.detach(), rtol=1e-9, atol=1e-14)


def test_devices_are_chosen_in_one_place():
    assert choose_device("cpu", torch.float64).type == "cpu"
    assert choose_device("auto", torch.float32).type in ("cuda", "mps", "cpu")
    if not torch.cuda.is_available():
        with pytest.raises(UnusableInput, match="CUDA"):
            choose_device("cuda", torch.float32)
    with pytest.raises(UnusableInput, match="no device"):
        choose_device("abacus", torch.float32)


def test_too_little_memory_is_one_sentence():
    with (
        pytest.raises(RunFailed, match="fewer candidates"),
        device_errors(torch.device("cpu"), 1000),
    ):
        torch.empty(1 << 60)


def test_a_lost_device_is_one_sentence():
    with (
        pytest.raises(RunFailed, match="stopped answering"),
        device_errors(torch.device("cpu"), 1000),
    ):
        raise RuntimeError("CUDA error: the launch timed out and was terminated")


def test_settings_out_of_range_are_refused_by_name():
    with pytest.raises(UnusableInput, match="Steps"):
        Settings(steps=0)
    with pytest.raises(UnusableInput, match="preset"):
        preset("slow", 1)


def test_settings_saved_before_whitening_and_smoothness_came_mean_runs_without_them():
    earlier = fast().as_dict()
    for name in ("whitening", "smoothness", "neuron_weighing", "range_weight", "margin_after"):
        del earlier[name]
    read = settings_from_dict(earlier)
    assert read.whitening == read.smoothness == 0
    assert read.neuron_weighing == read.range_weight == read.margin_after == 0
    assert settings_from_dict(fast().as_dict()) == fast()


def test_a_std_stretches_noise_and_box_and_nothing_else(make_network):
    """One network reads images divided by 1/4, the other the same images as they are."""
    plain = make_network(12, 6, 1, shape=(1, 3, 4), mean=torch.zeros(1, 3, 4))
    divided = plain.with_preprocessing(
        replace(plain.inputs.preprocessing, std=torch.full((1, 1, 1), 0.25))
    )
    off = {"scale_power": 0.0, "whitening": 0.0, "neuron_weighing": 0.0}
    settings = replace(fast(), space="pixel", device="cpu", candidates=4, steps=1, **off)
    first, second = (next(Reconstruction(n, settings).iterate()) for n in (plain, divided))
    torch.testing.assert_close(second.unknowns, 4 * first.unknowns)
    torch.testing.assert_close(second.images(), first.images())
    box = Box(Pixels(12), divided.inputs.bounds)
    inside, outside = torch.full((1, 12), 3.9), torch.full((1, 12), 4.5)
    no = torch.zeros(1)
    assert float(box.at(inside, no, no, 0, None).penalty) == 0
    assert float(box.at(outside, no, no, 0, None).penalty) == pytest.approx(12 * 0.25)
    assert float(box.at(-inside / 10, no, no, 0, None).penalty) == pytest.approx(12 * 0.39**2)


def test_numbers_that_cannot_be_scored_end_a_run_where_they_still_could(network):
    """float64 holds numbers whose squares float32, which images are scored in, does not."""
    run = Reconstruction(network, replace(SMALL, dtype="float64"))
    snapshots = run.iterate()
    next(snapshots)
    run._search.unknowns += 1e18
    *_, last = snapshots
    assert "stopped being finite" in last.note
    assert torch.isfinite(last.images().square().sum())
