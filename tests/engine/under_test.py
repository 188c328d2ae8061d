"""The engine, asked for the numbers that the oracle states; the one place where both meet.

Tensors and plain numbers go in and come out. Where the engine is rebuilt, this file follows, and
neither the oracle nor a test of it. It computes on `ORACLE_DEVICE`, the CPU if nobody says.
"""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from engine.data.inputs import InputSpec
from engine.evidence.confidence import Case, log_odds
from engine.evidence.gallery import Gallery, make_gallery, signs_of_truth
from engine.evidence.lineup import LineUp
from engine.evidence.lining_up import Deal, deal, line_up
from engine.evidence.scoring import Matches, score
from engine.evidence.similarity import ncc_features
from engine.network.network import Network
from engine.network.parameters import Parameters
from engine.reconstruction import planning
from engine.reconstruction import run as run_module
from engine.reconstruction.problem import Problem
from engine.reconstruction.run import Reconstruction
from engine.reconstruction.settings import Settings, fast
from engine.reconstruction.snapshot import Snapshot
from engine.stationarity.row_space import row_space
from engine.stationarity.spectrum import Spectrum, read_spectrum
from tests.engine.oracle import Array, Pair, Physics, SearchNumbers, StepNumbers, Theta

_DEVICE = os.environ.get("ORACLE_DEVICE", "cpu")
_OF_A_SEARCH = (
    "scale_power",
    "whitening",
    "hidden_whitening",
    "neuron_weighing",
    "training",
    "margin_weight",
    "margin_after",
    "smoothness",
    "range_weight",
    "minimum_multiplier",
    "alpha_start",
    "alpha_end",
    "initial_scale",
    "candidate_rate",
    "multiplier_rate",
    "multiplier_growth",
    "steps",
    "optimizer",
)


def default_physics(theta: Theta, shape: tuple[int, int, int], training: str = "auto") -> Physics:
    """What a run does that nobody has set anything of, but perhaps the training."""
    settings = replace(fast(training), dtype="float64", device="cpu")
    run = Reconstruction(_network(theta, shape), settings)
    values = {name: getattr(run.settings, name) for name in _OF_A_SEARCH}
    assert run.problem.space is not None
    return Physics(shape, run.problem.space.basis, **values)


def _network(theta: Theta, shape: tuple[int, int, int]) -> Network:
    return Network(Parameters(theta.weights, theta.biases), InputSpec(shape))


def _settings(physics: Physics, **others: Any) -> Settings:
    values = {name: getattr(physics, name) for name in _OF_A_SEARCH}
    if physics.basis is None:  # Both act on the row space alone; the engine refuses them here.
        values |= {"scale_power": 0.0, "whitening": 0.0, "neuron_weighing": 0.0}
    if physics.training == "free":  # There is none to be too small.
        values |= {"minimum_multiplier": 0.0}
    return Settings(
        space="pixel" if physics.basis is None else "row",
        rank=0 if physics.basis is None else len(physics.basis),
        dtype="float64",
        device=_DEVICE,
        **values,
        **others,
    )


def basis(theta: Theta, k: int) -> Tensor:
    """B, the k leading right singular vectors of W_1 with the engine's signs, shape (k, D)."""
    return row_space(_network(theta, (1, theta.weights[0].shape[1], 1)), 0.0, k).basis


def images(theta: Theta, physics: Physics, unknowns: Tensor) -> Tensor:
    """Unknowns (m, k) → x, shape (m, D)."""
    problem = Problem(_network(theta, physics.shape), _settings(physics), torch.device(_DEVICE))
    return problem.pixels(unknowns.to(_DEVICE)).cpu()


def step_numbers(
    theta: Theta,
    physics: Physics,
    unknowns: Tensor,
    lam: Tensor,
    y: Tensor,
    alpha: float,
    step: int,
    gradient: str = "closed form",
    at_once: int | None = None,
) -> StepNumbers:
    """Losses and gradients at some unknowns; by either gradient, all or a few at once."""
    settings = replace(_settings(physics), gradient=gradient)
    problem = Problem(_network(theta, physics.shape), settings, torch.device(_DEVICE))
    there = (each.to(_DEVICE) for each in (unknowns, lam, y))
    pulls = step >= physics.margin_after * physics.steps
    found = problem.evaluate(*there, alpha, step, at_once, pulls)
    penalties = (found.penalties[name] for name in ("box", "multiplier floor"))
    return StepNumbers(
        found.per_layer.cpu(),
        *(None if each is None else each.cpu() for each in penalties),
        found.unknowns_gradient.cpu(),
        found.multiplier_gradient.cpu(),
    )


def search(theta: Theta, physics: Physics, m: int, seed: int, restarts: int = 1) -> SearchNumbers:
    """A whole run; of several searches, the last one."""
    settings = _settings(physics, candidates=m, seed=seed, restarts=restarts)
    run = Reconstruction(_network(theta, physics.shape), settings)
    whole = run_module.SNAPSHOT_INTERVAL
    run_module.SNAPSHOT_INTERVAL = 0.0  # A snapshot after every step.
    try:
        every = list(run.iterate())
    finally:
        run_module.SNAPSHOT_INTERVAL = whole
    taken: list[Snapshot] = [each for each in every if len(each.finished) == restarts - 1]
    losses = taken[-1].losses
    rows = slice(-physics.steps, None)
    norms = run.problem.squared_norms.cpu()
    per_layer = torch.from_numpy(losses.relative_per_layer[rows] ** 2) * norms
    # A step that did not look at the pixels repeats the constraint loss of the one before.
    return SearchNumbers(
        [each.unknowns.cpu() for each in taken],
        [each.multipliers.cpu() for each in taken],
        taken[-1].labels.cpu(),
        losses.alpha[rows].tolist(),
        per_layer,
        losses.constraint[rows].tolist(),
    )


def spectrum(values: Array, shape: tuple[int, int]) -> tuple[float, int, int]:
    """The noise floor, the rank, and how many directions candidates are made of."""
    found = read_spectrum(values, shape)
    return found.floor, found.rank, found.clear


def directions_taken(theta: Theta, rank: int = 0) -> int:
    """How many coordinates an image has, where a rank is asked for and where not."""
    settings = Settings(dtype="float64", device="cpu", rank=rank)
    network = _network(theta, (1, theta.weights[0].shape[1], 1))
    return Problem(network, settings, torch.device("cpu")).coordinates.per_candidate


def candidates(values: Array, restarts: int, floor: float) -> tuple[int, int]:
    """Fewest and most of one search, by the singular values and the noise floor."""
    spectrum = Spectrum(values, floor, int((values > floor).sum()))
    return planning.candidate_limits(replace(fast(), restarts=restarts), spectrum)


def gate_sharpness(theta: Theta, physics: Physics, **given: float) -> tuple[float, float]:
    """α at the start and at the end, where it is not given."""
    settings = replace(
        _settings(physics, candidates=1), **{"alpha_start": 0.0, "alpha_end": 0.0, **given}
    )
    final = Reconstruction(_network(theta, physics.shape), settings).settings
    return final.alpha_start, final.alpha_end


def candidates_taken(theta: Theta, shape: tuple[int, int, int], restarts: int) -> int:
    """How many a run takes that nobody told how many."""
    settings = replace(fast(), device="cpu", restarts=restarts)
    return Reconstruction(_network(theta, shape), settings).settings.candidates


def smoothness(theta: Theta, shape: tuple[int, int, int], restarts: int) -> float:
    """That is taken where none was set."""
    settings = replace(fast(), restarts=restarts)
    return planning.filled_in(settings, _network(theta, shape)).smoothness


def affordable_steps(steps: int, seconds: float, restarts: int, seconds_per_step: float) -> int:
    """Of one search, within a time limit."""
    settings = replace(fast(), steps=steps, seconds=seconds, restarts=restarts)
    return planning.affordable_steps(settings, seconds_per_step)


def affordable_candidates(
    fewest: int, most: int, steps: int, seconds: float, restarts: int, seconds_per_step: float
) -> int:
    """Of one search, within a time limit."""
    settings = replace(fast(), candidates=fewest, steps=steps, seconds=seconds, restarts=restarts)
    return planning.affordable_candidates(settings, seconds_per_step, most)


# --- what is found ------------------------------------------------------------------------------


def signs(
    theta: Theta, pictures: Tensor, y: Tensor, lam: Tensor, restarts: int, k: int | None = None
) -> Array:
    """The nine of each candidate, shape (R·m, 9); k directions, or those that are clear."""
    network = _network(theta, tuple(pictures.shape[1:]))
    space = None if k is None else row_space(network, 0.8, k)
    features = ncc_features(pictures)
    found = signs_of_truth(network, pictures, y, lam, features, restarts, space)
    return found.double().numpy()


def gallery(theta: Theta, pictures: Tensor, y: Tensor, lam: Tensor, restarts: int) -> Gallery:
    """What is distinct, in how many restarts, and the confidence of each."""
    return make_gallery(_network(theta, tuple(pictures.shape[1:])), pictures, y, lam, restarts)


def log_odds_of(
    theta: Theta, pictures: Tensor, y: Tensor, lam: Tensor, restarts: int, case: Case
) -> Array:
    """Of each candidate of a network of one output, by the clear directions."""
    found = torch.from_numpy(signs(theta, pictures, y, lam, restarts))
    return log_odds(found.float(), case, restarts).numpy()


def _pairs(matches: Matches) -> list[Pair]:
    columns = zip(matches.candidate, matches.reference, matches.ssim, matches.ncc, strict=True)
    found = [Pair(int(i), int(j), float(s), float(n), matches.is_colour) for i, j, s, n in columns]
    assert [pair.is_good for pair in found] == matches.is_good.tolist()
    return found


def line_ups(
    pictures: Tensor, train: Tensor, control: Tensor, labels: tuple[Tensor, Tensor], mean: Tensor
) -> tuple[Deal, LineUp]:
    """Who stands with whom, and how often a partner was first."""
    dealt = deal(*(each.numpy() for each in labels))
    found = line_up(pictures, (train, labels[0]), (control, labels[1]), mean, len(train))
    assert dealt is not None
    assert found is not None
    return dealt, found


def scores(
    pictures: Tensor,
    train: Tensor,
    control: Tensor | None = None,
    mean: Tensor | None = None,
    one_to_one: bool = True,
) -> tuple[list[Pair], list[Pair] | None, set[int] | None, set[int] | None]:
    """Pairs with training images, with the control; who is above it; who is recovered."""
    found = score(pictures, train, control, mean, one_to_one)
    above, is_recovered = found.above_control, found.is_recovered
    if above is None or is_recovered is None:
        return _pairs(found.train), None, None, None
    assert found.control is not None
    assert found.recovered == int(is_recovered.sum())
    reference = found.train.reference
    return (
        _pairs(found.train),
        _pairs(found.control),
        set(reference[above].tolist()),
        set(reference[is_recovered].tolist()),
    )
