"""The physics, written down a second time: every term of a step, and every sign of a confidence.

Formula by formula, in float64, as it is stated and not as it is fast: one candidate or pair after
the other where that reads better, and autograd for every derivative. Nothing of the engine is used
here. `under_test` is where the engine is asked for the same numbers; test_oracle_* compares.

Shapes: m candidates, D numbers an image, k coordinates, C outputs. y is −1 or +1 with one output,
and 0 … C − 1 with more; λ is of shape (m,), or (m, C) where each class has one.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Array = NDArray[np.float64]

# --- the network and the stationarity loss (Haim et al. 2022, equations 4 to 7) ------------------


@dataclass(frozen=True)
class Theta:
    """The parameters of Φ(x) = W_L relu(… relu(W_1 x + b_1) …) + b_L.

    Attributes:
        weights: W_1 … W_L, of shape (n_l, n_{l−1}).
        biases: b_1 … b_L, of shape (n_l,); None where a layer has none.
    """

    weights: tuple[Tensor, ...]
    biases: tuple[Tensor | None, ...]

    @property
    def layers(self) -> list[tuple[Tensor, Tensor | None]]:
        """Each layer's W and b."""
        return list(zip(self.weights, self.biases, strict=True))


def soft_gated_relu(z: Tensor, alpha: float) -> Tensor:
    """relu(z), whose derivative is σ(αz) in place of the step: the paper's ModifiedReLU."""
    soft = z * torch.sigmoid(alpha * z).detach()
    return soft + (z.relu() - soft).detach()


def activations(theta: Theta, x: Tensor, alpha: float) -> tuple[list[Tensor], list[Tensor]]:
    """z_1 … z_L and h_0 … h_{L−1} of images x (m, D); z_L is the output Φ, of shape (m, C)."""
    z, h = [], [x]
    for weight, bias in theta.layers:
        z.append(h[-1] @ weight.T + (0 if bias is None else bias))
        h.append(soft_gated_relu(z[-1], alpha))
    return z, h[:-1]


def residuals(theta: Theta, x: Tensor, u: Tensor, alpha: float) -> list[tuple[Tensor, Tensor]]:
    """What Σ_i J(x_i)ᵀ u_i leaves of θ: R_l and r_l of each layer; r is 0 where it has no bias.

    By backpropagation with soft gates δ_L = u, δ_l = σ(αz_l) ∘ (δ_{l+1} W_{l+1}), and
    ∂/∂W_l = Σ_i δ_l,i h_{l−1,i}ᵀ, ∂/∂b_l = Σ_i δ_l,i.

    Args:
        theta: the network, which is also what has to be explained.
        x: images, shape (m, D).
        u: cotangents of the outputs, shape (m, C); λ_i y_i / m of one output.
        alpha: gate sharpness.
    """
    z, h = activations(theta, x, alpha)
    found: list[tuple[Tensor, Tensor]] = []
    delta = u
    for layer in reversed(range(len(z))):
        weight, bias = theta.layers[layer]
        of_bias = torch.zeros(()) if bias is None else bias - delta.sum(0)
        found.insert(0, (weight - torch.einsum("ij,ik->jk", delta, h[layer]), of_bias))
        if layer:
            delta = torch.sigmoid(alpha * z[layer - 1]) * (delta @ weight)
    return found


def squared(tensor: Tensor) -> Tensor:
    """The sum of the squares."""
    return (tensor**2).sum()


def norm_of_layer(theta: Theta, layer: int) -> Tensor:
    """‖θ_l‖²; a bias counts with its layer."""
    weight, bias = theta.layers[layer]
    return squared(weight) + (0 if bias is None else squared(bias))


def cotangent(training: str, lam: Tensor, y: float, outputs: Tensor) -> Tensor:
    """m u of one candidate, shape (C,), from its λ, its label and its outputs (C,).

    * free: λ itself, of any sign;
    * one output: λ y;
    * pairwise: Σ_{k ≠ y} λ_k (e_y − e_k);
    * runner-up: λ (e_y − e_k), k the wrong class of largest output (Buzaglo et al. 2023);
    * margin, and decay: λ (e_y − Σ_{k ≠ y} q_k e_k), q_k = exp Φ_k / Σ_{j ≠ y} exp Φ_j, which x can
      change.
    """
    if training == "free":
        return lam
    if len(outputs) == 1:
        return (lam * y).reshape(1)
    unit = torch.eye(len(outputs), dtype=outputs.dtype)
    own, wrong = int(y), [k for k in range(len(outputs)) if k != int(y)]
    if training == "pairwise":
        return sum((lam[k] * (unit[own] - unit[k]) for k in wrong), torch.zeros(len(outputs)))
    if training == "runner-up":
        return lam * (unit[own] - unit[runner_up(outputs, own)])
    shares = [(outputs[k] - torch.logsumexp(outputs[wrong], 0)).exp() for k in wrong]
    return lam * (unit[own] - sum(q * unit[k] for q, k in zip(shares, wrong, strict=True)))


def runner_up(outputs: Tensor, own: int) -> int:
    """The wrong class of largest output; of equals the first."""
    wrong = [k for k in range(len(outputs)) if k != own]
    return max(wrong, key=outputs.tolist().__getitem__)


def cotangents(
    theta: Theta, training: str, x: Tensor, lam: Tensor, y: Tensor, alpha: float
) -> Tensor:
    """U of all candidates, shape (m, C)."""
    outputs = activations(theta, x, alpha)[0][-1]
    each = zip(lam, y.tolist(), outputs, strict=True)
    return torch.stack([cotangent(training, *one) for one in each]) / len(x)


def is_of_each_class(training: str, outputs: int) -> bool:
    """Whether a candidate has as many multipliers as there are outputs, and not one."""
    return training == "free" or (training == "pairwise" and outputs > 1)


def strengths(training: str, lam: Tensor, y: Tensor, outputs: int) -> Tensor:
    """How much each candidate explains, shape (m,): λ_i, Σ_{k ≠ y} λ_ik, or ‖λ_i‖ of any sign."""
    if training == "free":
        return torch.stack([squared(one).sqrt() for one in lam])
    if is_of_each_class(training, outputs):
        return torch.stack([one.sum() - one[int(own)] for one, own in zip(lam, y, strict=True)])
    return lam


# --- what else a step minimises -----------------------------------------------------------------


@dataclass(frozen=True)
class Physics:
    """The numbers of one search; defaults are those of the fast preset on the paper's networks.

    How sharp its gates are depends on the network (`gate_sharpness`).

    Attributes:
        shape: (c, h, w) of an image.
        basis: B of the row space, orthonormal rows, shape (k, D); None: unknowns are pixels.
        scale_power: p of the coordinates' scale s = (S/S_0)^p.
        whitening: q of the directions' weight S^(−2q) in the first layer.
        hidden_whitening: q in the layers between it and the last.
        neuron_weighing: q of the neurons' weight ‖W_j‖^(−2q) in the first layer.
        training: what kind set the weights: margin, pairwise, runner-up, decay or free.
    """

    shape: tuple[int, int, int]
    basis: Tensor | None = None
    scale_power: float = 0.8
    whitening: float = 0.8
    hidden_whitening: float = 0.0
    neuron_weighing: float = 0.5
    training: str = "margin"
    margin_weight: float = 0.2
    margin_after: float = 0.1
    smoothness: float = 4.0
    range_weight: float = 100.0
    minimum_multiplier: float = 0.1
    alpha_start: float = 30.0
    alpha_end: float = 80.0
    initial_scale: float = 1.5
    multiplier_growth: float = 1.0
    candidate_rate: float = 0.3
    multiplier_rate: float = 0.02
    steps: int = 500
    optimizer: str = "adam"


def leading_singular_values(theta: Theta, k: int) -> Tensor:
    """S_0 ≥ … ≥ S_{k−1} of W_1, by way of the smaller of its Gram matrices."""
    first = theta.weights[0]
    gram = first @ first.T if first.shape[0] < first.shape[1] else first.T @ first
    return torch.linalg.eigvalsh(gram).flip(0)[:k].sqrt()


def to_images(theta: Theta, physics: Physics, unknowns: Tensor) -> Tensor:
    """x = (z ∘ s) B with s = (S/S_0)^p, or the unknowns themselves where they are pixels."""
    if physics.basis is None:
        return unknowns
    values = leading_singular_values(theta, len(physics.basis))
    return (unknowns * (values / values[0]) ** physics.scale_power) @ physics.basis


def whitened(left: tuple[Tensor, Tensor], basis: Tensor, weights: Tensor) -> Tensor:
    """Σ_k w_k ‖R B_k‖² + w_b ‖r‖², with w of the rows of B, and then that of the bias."""
    in_space = (w * squared(left[0] @ b) for w, b in zip(weights[:-1], basis, strict=True))
    return sum(in_space, torch.zeros(())) + weights[-1] * squared(left[1])


def direction_weights(values: Tensor, bias: Tensor | None, power: float) -> Tensor:
    """w of each direction, and then w_b of the bias (decision 9).

    w_k ∝ (S_k² + (S_0/100)²)^(−q), scaled so that Σ w_k S_k² = Σ S_k²: as much of W is to be
    explained as without weights. b is the direction of a constant input: ‖b‖ is its S.
    """
    faint = (values[0] / 100) ** 2
    weights = (values**2 + faint) ** -power
    common = (values**2).sum() / (weights * values**2).sum()
    of_bias = torch.zeros(()) if bias is None else (squared(bias) + faint) ** -power
    return common * torch.cat([weights, of_bias.reshape(1)])


def neuron_weights(weight: Tensor, power: float) -> Tensor:
    """v of each neuron (decision 36): ∝ (‖W_j‖² + ε²)^(−q), ε a tenth of the median ‖W_j‖.

    Scaled so that Σ v_j ‖W_j‖² = ‖W‖².
    """
    sizes = (weight**2).sum(1)
    median = sizes.sort().values[(len(sizes) - 1) // 2]
    shares = (sizes + median / 100) ** -power
    return shares * sizes.sum() / (shares * sizes).sum()


def whitened_first(theta: Theta, physics: Physics, left: tuple[Tensor, Tensor]) -> Tensor:
    """The first layer's part of what is minimised, in the row space."""
    assert physics.basis is not None
    values = leading_singular_values(theta, len(physics.basis))
    weights = direction_weights(values, theta.biases[0], physics.whitening)
    by_neuron = neuron_weights(theta.weights[0], physics.neuron_weighing).sqrt()
    return whitened((by_neuron[:, None] * left[0], by_neuron * left[1]), physics.basis, weights)


def whitened_hidden(theta: Theta, layer: int, power: float, left: tuple[Tensor, Tensor]) -> Tensor:
    """A hidden layer's part of what is minimised, in all directions of what it reads.

    Those of W_l itself; S_k below a third of S_0/100 count as 0, as what W_l does not read does.
    """
    weight, bias = theta.layers[layer]
    squares, vectors = torch.linalg.eigh(weight.T @ weight)
    values, basis = squares.clamp(min=0).flip(0).sqrt(), vectors.flip(1).T
    weights = direction_weights(values, bias, power)
    of_nothing = weights[0] * ((1 + 100**-2) / 100**-2) ** power
    is_heard = torch.cat([values > values[0] / 300, torch.ones(1, dtype=torch.bool)])
    return whitened(left, basis, torch.where(is_heard, weights, of_nothing))


def minimised_of_layer(
    theta: Theta, physics: Physics, layer: int, left: tuple[Tensor, Tensor]
) -> Tensor:
    """What a step minimises of a layer's residual."""
    is_hidden = 0 < layer < len(theta.weights) - 1
    if layer == 0 and physics.basis is not None:
        return whitened_first(theta, physics, left)
    if is_hidden and physics.hidden_whitening:
        return whitened_hidden(theta, layer, physics.hidden_whitening, left)
    return squared(left[0]) + squared(left[1])


def margins_of(outputs: Tensor, y: Tensor) -> Tensor:
    """y Φ(x) with one output, else Φ_y(x) − max_{k ≠ y} Φ_k(x); shape (m,)."""
    if outputs.shape[1] == 1:
        return y * outputs[:, 0]
    found = []
    for one, own in zip(outputs, y.long().tolist(), strict=True):
        found.append(one[own] - one[runner_up(one, own)])
    return torch.stack(found)


def one_margin(
    theta: Theta, training: str, x: Tensor, lam: Tensor, y: Tensor, alpha: float
) -> Tensor:
    """‖W_L‖² · (1/m) Σ_i (margin_i/γ − 1)², to be multiplied by its weight (decision 5).

    γ is the mean of the positive margins weighted by the multipliers, and constant: the pull is on
    the candidates, not on the mean. While it is below a twentieth of the mean size of all margins
    there is no margin to pull to.
    """
    outputs = activations(theta, x, alpha)[0][-1]
    margins = margins_of(outputs, y)
    heavy = strengths(training, lam.detach(), y, outputs.shape[1]).clamp(min=0)
    gamma = ((heavy * margins.clamp(min=0)).sum() / heavy.sum().clamp(min=1e-12)).detach()
    if gamma <= margins.abs().mean() / 20:
        return torch.zeros(())
    return squared(theta.weights[-1]) * ((margins / gamma - 1) ** 2).mean()


def roughness(images: Tensor) -> Tensor:
    """Σ ‖∇x_i‖² over images (m, c, h, w): squared differences of neighbouring pixels."""
    across = squared(images[..., 1:] - images[..., :-1])
    return across + squared(images[..., 1:, :] - images[..., :-1, :])


def outside_the_box(x: Tensor) -> Tensor:
    """Σ relu(x − 1)² + Σ relu(−1 − x)²."""
    return squared((x - 1).clamp(min=0)) + squared((-1 - x).clamp(min=0))


def looks_at_pixels(physics: Physics, step: int) -> bool:
    """Whether a step counts pixels outside the box: all of them in pixels.

    In the row space every second, from the first, or every tenth where the range has no weight of
    its own, or every D/1000-th where that is rarer.
    """
    return step % pixels_seen_every(physics) == 0


def pixels_seen_every(physics: Physics) -> int:
    """How many steps there are from one that looks at the pixels to the next."""
    if physics.basis is None:
        return 1
    return max(2 if physics.range_weight else 10, math.prod(physics.shape) // 1000)


def range_pull(theta: Theta, physics: Physics, count: int) -> float:
    """By how much the box counts in a step that looks at the pixels (decision 36).

    As published by itself; weighted as ‖θ_1‖²/D a candidate, and for the steps that do not look.
    """
    if not physics.range_weight:
        return 1.0
    each = physics.range_weight * float(norm_of_layer(theta, 0)) / math.prod(physics.shape)
    return pixels_seen_every(physics) * each / count


def too_small(training: str, lam: Tensor, y: Tensor, outputs: int, least: float) -> Tensor:
    """5 Σ relu(λ_min − λ_i)²; any sign is free to be small.

    Where each wrong class has a multiplier, λ_i is their sum, and none of them is below 0.
    """
    if training == "free":
        return 0 * lam.sum()
    below = squared((least - strengths(training, lam, y, outputs)).clamp(min=0))
    if is_of_each_class(training, outputs):
        wrong = torch.arange(outputs)[None, :] != y.long()[:, None]
        below = below + squared(lam[wrong].clamp(max=0))
    return 5 * below


@dataclass(frozen=True)
class StepNumbers:
    """What a step reports and where it goes.

    Attributes:
        per_layer: stationarity loss of each layer, without any weight, shape (L,).
        box: the pixels' penalty, None where the step does not look at them.
        floor: the multipliers' penalty.
        unknowns_gradient: of everything that is minimised, shape (m, k).
        multiplier_gradient: in the shape of λ.
    """

    per_layer: Tensor
    box: Tensor | None
    floor: Tensor
    unknowns_gradient: Tensor
    multiplier_gradient: Tensor


def step_numbers(
    theta: Theta,
    physics: Physics,
    unknowns: Tensor,
    lam: Tensor,
    y: Tensor,
    alpha: float,
    step: int,
) -> StepNumbers:
    """The sum of all terms at some unknowns, differentiated; `step` were taken before."""
    unknowns = unknowns.detach().clone().requires_grad_()
    lam = lam.detach().clone().requires_grad_()
    x = to_images(theta, physics, unknowns)
    u = cotangents(theta, physics.training, x, lam, y, alpha)
    parts = residuals(theta, x, u, alpha)
    minimised = sum(
        (minimised_of_layer(theta, physics, layer, left) for layer, left in enumerate(parts)),
        torch.zeros(()),
    )
    if physics.margin_weight and step >= physics.margin_after * physics.steps:
        pull = one_margin(theta, physics.training, x, lam, y, alpha)
        minimised = minimised + physics.margin_weight * pull
    images = x.reshape(-1, *physics.shape)
    smooth = norm_of_layer(theta, 0) * roughness(images) / (len(x) * x.shape[1])
    minimised = minimised + physics.smoothness * smooth
    box = outside_the_box(x) if looks_at_pixels(physics, step) else None
    held = range_pull(theta, physics, len(x)) * (0 if box is None else box)
    floor = too_small(physics.training, lam, y, u.shape[1], physics.minimum_multiplier)
    by_z, by_lam = torch.autograd.grad(minimised + floor + held, [unknowns, lam])
    return StepNumbers(
        per_layer=torch.stack([squared(w) + squared(b) for w, b in parts]).detach(),
        box=None if box is None else box.detach(),
        floor=floor.detach(),
        unknowns_gradient=by_z,
        multiplier_gradient=by_lam,
    )


# --- a search -----------------------------------------------------------------------------------


def start(
    m: int, k: int, scale: float, seed: int, training: str = "margin", outputs: int = 1
) -> tuple[Tensor, Tensor, Tensor]:
    """z ~ scale · N(0, 1), λ, and y: of K classes, class c ends before candidate m (c + 1)/K.

    λ ~ U(0, 1); N(0, 1) of any sign; U(0, 2/C) where each class has one. One generator, in this
    order.
    """
    generator = torch.Generator().manual_seed(seed)
    z = scale * torch.randn(m, k, generator=generator, dtype=torch.float64)
    if training == "free":
        lam = torch.randn(m, outputs, generator=generator, dtype=torch.float64)
    elif is_of_each_class(training, outputs):
        lam = torch.rand(m, outputs, generator=generator, dtype=torch.float64) * 2 / outputs
    else:
        lam = torch.rand(m, generator=generator, dtype=torch.float64)
    classes = [-1.0, 1.0] if outputs == 1 else [float(c) for c in range(outputs)]
    ends = [m * (c + 1) // len(classes) for c in range(len(classes))]
    y = [next(c for c, end in zip(classes, ends, strict=True) if i < end) for i in range(m)]
    return z, lam, torch.tensor(y, dtype=torch.float64)


def first_size(training: str, outputs: int) -> float:
    """The mean of |λ| as λ is drawn: E|N(0, 1)|, to a digit, or half of where U(0, …) ends."""
    if training == "free":
        return 0.8
    return 1 / outputs if is_of_each_class(training, outputs) else 0.5


def multiplier_rate(physics: Physics, lam: Tensor, outputs: int) -> float:
    """The step of the multipliers: a share of the mean |λ|, and of the first one at least.

    The rate is meant for a mean of a half.
    """
    size = max(first_size(physics.training, outputs), float(lam.abs().mean()))
    return physics.multiplier_rate * (size / 0.5) ** physics.multiplier_growth


def sharpness(physics: Physics, step: int) -> float:
    """α, which grows by the same factor each step and would reach its end after the last."""
    ratio = physics.alpha_end / physics.alpha_start
    return physics.alpha_start * math.exp(math.log(ratio) * step / physics.steps)


def rate_share(physics: Physics, step: int) -> float:
    """Half a cosine, from 1 down to 0 after the last step; the published SGD keeps its rate."""
    if physics.optimizer == "sgd":
        return 1.0
    return math.cos(math.pi / 2 * step / physics.steps) ** 2


class Adam:
    """Kingma and Ba 2015, algorithm 1, with their β = (0.9, 0.999) and ε = 1e-8."""

    def __init__(self, like: Tensor) -> None:
        self.t = 0
        self.mean, self.square = torch.zeros_like(like), torch.zeros_like(like)

    def move(self, gradient: Tensor, rate: float) -> Tensor:
        """What to add to the unknowns."""
        self.t += 1
        self.mean = 0.9 * self.mean + 0.1 * gradient
        self.square = 0.999 * self.square + 0.001 * gradient**2
        mean = self.mean / (1 - 0.9**self.t)
        square = self.square / (1 - 0.999**self.t)
        return -rate * mean / (square.sqrt() + 1e-8)


class Momentum:
    """Gradient descent with momentum 0.9: v ← 0.9 v + g, x ← x − rate · v."""

    def __init__(self, like: Tensor) -> None:
        self.velocity = torch.zeros_like(like)

    def move(self, gradient: Tensor, rate: float) -> Tensor:
        """What to add to the unknowns."""
        self.velocity = 0.9 * self.velocity + gradient
        return -rate * self.velocity


@dataclass(frozen=True)
class SearchNumbers:
    """A search from its noise to its end.

    Attributes:
        unknowns: before each step and after the last, each of shape (m, k).
        multipliers: likewise, each in the shape of λ.
        labels: shape (m,).
        alphas: of each step.
        per_layer: loss of each layer at the start of each step, shape (steps, L).
        constraint: penalties at the start of each step; None where pixels were not looked at.
    """

    unknowns: list[Tensor]
    multipliers: list[Tensor]
    labels: Tensor
    alphas: list[float]
    per_layer: Tensor
    constraint: list[float | None]


def search(theta: Theta, physics: Physics, m: int, seed: int) -> SearchNumbers:
    """All steps, from the noise of a seed."""
    k = math.prod(physics.shape) if physics.basis is None else len(physics.basis)
    outputs = len(theta.weights[-1])
    z, lam, y = start(m, k, physics.initial_scale, seed, physics.training, outputs)
    make: Callable[[Tensor], Adam | Momentum] = Adam if physics.optimizer == "adam" else Momentum
    of_z, of_lam = make(z), make(lam)
    unknowns, multipliers, alphas, per_layer, constraint = [z], [lam], [], [], []
    for step in range(physics.steps):
        alpha, share = sharpness(physics, step), rate_share(physics, step)
        now = step_numbers(theta, physics, z, lam, y, alpha, step)
        z = z + of_z.move(now.unknowns_gradient, physics.candidate_rate * share)
        rate = multiplier_rate(physics, lam, outputs)
        lam = lam + of_lam.move(now.multiplier_gradient, rate * share)
        unknowns.append(z)
        multipliers.append(lam)
        alphas.append(alpha)
        per_layer.append(now.per_layer)
        constraint.append(None if now.box is None else float(now.box + now.floor))
    return SearchNumbers(unknowns, multipliers, y, alphas, torch.stack(per_layer), constraint)


# --- what depends on the network: gates, directions, candidates, steps ---------------------------


def three_digits(value: float) -> float:
    """As people write it."""
    digits = 2 - math.floor(math.log10(value))
    return round(value, digits)


def typical_preactivation(theta: Theta, physics: Physics) -> float:
    """|z| of 200 images of noise: the median of each hidden layer, and their geometric mean."""
    k = math.prod(physics.shape) if physics.basis is None else len(physics.basis)
    noise = torch.randn(200, k, generator=torch.Generator().manual_seed(0)).double()
    x = to_images(theta, physics, noise_scale(theta, physics) * noise)
    logarithms = []
    for z in activations(theta, x, 1.0)[0][:-1]:
        sizes = z.abs().flatten().sort().values
        logarithms.append(math.log(sizes[(len(sizes) - 1) // 2]))
    return math.exp(sum(logarithms) / len(logarithms))


def gate_sharpness(theta: Theta, physics: Physics) -> tuple[float, float]:
    """α at the start, 2 over the typical |z|, and at the end, five times that."""
    first = three_digits(2 / typical_preactivation(theta, physics))
    return first, three_digits(5 * first)


def noise_scale(theta: Theta, physics: Physics, pixels: float = 0.17) -> float:
    """How strong noise is: 1.5, or less where pixels would vary by more than given."""
    if physics.basis is None:
        return min(1.5, three_digits(pixels))
    values = leading_singular_values(theta, len(physics.basis))
    scales = (values / values[0]) ** physics.scale_power
    of_one = math.sqrt(float(squared(scales)) / math.prod(physics.shape))
    return min(1.5, three_digits(pixels / of_one))


def noise_floor(values: Array, shape: tuple[int, int]) -> tuple[float, int]:
    """The largest singular value of the noise in a p × q matrix, and how many stand above it.

    Noise of standard deviation σ ends at σ(√p + √q), and its squared singular values over qσ² are
    distributed as Marchenko and Pastur (1967) say. σ is the median, over 13 quantiles from 0.1 to
    0.4, of what is measured over what the law gives. A signal of rank r leaves noise of
    (p − r) × (q − r): r grows until it is no more than stands above the floor.
    """
    small, large = sorted(shape)
    exact = float(values[0]) * large * float(np.finfo(float).eps)
    floor, rank = exact, 0
    while small - rank >= 2:
        p, q = small - rank, large - rank
        low, high = (1 - math.sqrt(p / q)) ** 2, (1 + math.sqrt(p / q)) ** 2
        # Fine steps in the square root, in which the density has no pole.
        root = np.linspace(math.sqrt(low), math.sqrt(high), 20_001)
        root = (root[1:] + root[:-1]) / 2
        density = np.sqrt((high - root**2) * (root**2 - low)) / root
        share = (np.cumsum(density) - density / 2) / density.sum()
        at = np.linspace(0.1, 0.4, 13)
        law = math.sqrt(q) * np.interp(at, share, root)
        sigma = float(np.median(np.quantile(values[rank:], at) / law))
        floor = max(exact, sigma * (math.sqrt(p) + math.sqrt(q)))
        above = int((values > floor).sum())
        if above <= rank:
            break
        rank = above
    return floor, rank


FAINTEST = 0.009
"""Share of the largest singular value below which a direction is faint."""


def directions(values: Array, floor: float) -> int:
    """How many a candidate is made of: those above the floor that are not faint; one at least."""
    return max(1, sum(1 for value in values if value > floor and value > FAINTEST * values[0]))


FAINTEST_TRACE = 0.003
"""Share of the largest singular value below which a direction is no trace of an image."""


def remembered(values: Array, floor: float) -> int:
    """How many directions are traces: those above the floor and above that share."""
    return sum(1 for value in values if value > floor and value > FAINTEST_TRACE * values[0])


def next_fifty(count: float) -> int:
    """The next multiple of 50, from 100 to 3,000."""
    return int(min(3000, max(100, 50 * math.ceil(count / 50))))


def hides_images(largest: float, floor: float) -> bool:
    """Whether directions that are not faint may lie below the noise floor."""
    return floor > FAINTEST * largest


def candidates(traces: int, restarts: int, hides: bool) -> tuple[int, int]:
    """Fewest, and as many as are taken without a time limit: twelve an image; eight in a pool.

    There are as many images as traces, and as many again where the noise floor hides some.
    """
    images = 2 * traces if hides else traces
    return next_fifty(4 * images), next_fifty((12 if restarts == 1 else 8) * images)


def smoothness(restarts: int) -> float:
    """4 for one search, 2 where several are pooled."""
    return 4.0 if restarts == 1 else 2.0


def affordable_steps(steps: int, seconds: float, restarts: int, seconds_per_step: float) -> int:
    """What 85 % of an equal share of the time limit pays for; one at least."""
    return max(1, min(steps, math.floor(0.85 * seconds / restarts / seconds_per_step)))


def affordable_candidates(
    fewest: int, most: int, steps: int, seconds: float, restarts: int, seconds_per_step: float
) -> int:
    """As many as can take all steps within that time, a step of the fewest being timed."""
    share = 0.85 * seconds / restarts / (seconds_per_step * steps)
    return max(fewest, min(most, next_fifty(fewest * share)))


# --- scoring ------------------------------------------------------------------------------------


def standardised(image: Array) -> Array:
    """Each channel (c, h, w) to mean 0 and variance 1; a flat one to 0."""
    centred = image - image.mean((1, 2), keepdims=True)
    deviation = np.sqrt((centred**2).mean((1, 2), keepdims=True))
    return np.asarray(np.where(deviation > 1e-12, centred / np.maximum(deviation, 1e-12), 0.0))


def ncc(one: Array, other: Array) -> float:
    """Normalised cross-correlation of two images (c, h, w)."""
    return float((standardised(one) * standardised(other)).mean())


def halved(image: Array) -> Array:
    """Half the resolution, bicubic (a = −3/4): four taps an axis, the edge repeated."""
    taps = {-1: -0.09375, 0: 0.59375, 1: 0.59375, 2: -0.09375}
    for axis in (1, 2):
        size = image.shape[axis]
        at = [np.clip(2 * np.arange(size // 2) + offset, 0, size - 1) for offset in taps]
        image = sum(w * image.take(i, axis) for i, w in zip(at, taps.values(), strict=True))
    return image


def alike(one: Array, other: Array) -> float:
    """What images are matched by: NCC; of colour at half resolution."""
    return ncc(halved(one), halved(other)) if len(one) == 3 else ncc(one, other)


def stretch(image: Array) -> Array:
    """To [0, 1]."""
    return np.asarray((image - image.min()) / max(image.max() - image.min(), 1e-12))


def ssim(one: Array, other: Array) -> float:
    """Wang et al. 2004, window 3 (Gaussian, σ 1.5), mirrored at the edge, range 1."""
    kernel = np.exp(-0.5 * (np.arange(-1, 2) / 1.5) ** 2)
    kernel = kernel / kernel.sum()

    def blurred(image: Array) -> Array:
        for axis in (1, 2):
            width = [(1, 1) if each == axis else (0, 0) for each in range(3)]
            padded, size = np.pad(image, width, mode="reflect"), image.shape[axis]
            taps = (padded.take(range(i, i + size), axis) for i in range(3))
            image = sum(weight * tap for weight, tap in zip(kernel, taps, strict=True))
        return image

    mean_1, mean_2 = blurred(one), blurred(other)
    variance_1 = blurred(one**2) - mean_1**2
    variance_2 = blurred(other**2) - mean_2**2
    covariance = blurred(one * other) - mean_1 * mean_2
    light, contrast = 0.01**2, 0.03**2
    above = (2 * mean_1 * mean_2 + light) * (2 * covariance + contrast)
    below = (mean_1**2 + mean_2**2 + light) * (variance_1 + variance_2 + contrast)
    return float((above / below).mean())


@dataclass(frozen=True)
class Pair:
    """A candidate, the image that it is matched with, and how alike they are."""

    candidate: int
    reference: int
    ssim: float
    ncc: float
    is_colour: bool

    @property
    def measure(self) -> float:
        """SSIM of colour, NCC of grey."""
        return self.ssim if self.is_colour else self.ncc

    @property
    def is_good(self) -> bool:
        """SSIM > 0.4, NCC > 0.8."""
        return self.measure > (0.4 if self.is_colour else 0.8)


def assignment(similarity: Array) -> list[tuple[int, int]]:
    """One to one, of largest total similarity: all of them tried."""
    rows, columns = similarity.shape
    if rows < columns:
        return [(row, column) for column, row in assignment(similarity.T)]
    best = max(
        itertools.permutations(range(rows), columns),
        key=lambda chosen: sum(similarity[row, column] for column, row in enumerate(chosen)),
    )
    return [(row, column) for column, row in enumerate(best)]


def pairs(candidates: Array, references: Array, mean: Array, one_to_one: bool = True) -> list[Pair]:
    """Candidates (m, c, h, w), centred, against images (n, c, h, w) in [0, 1], in any order."""
    centred = references - mean
    table = np.array([[alike(x, y) for y in centred] for x in candidates])
    if one_to_one:
        chosen = assignment(table)
    else:
        chosen = [(int(table[:, j].argmax()), j) for j in range(len(references))]
    return [
        Pair(
            candidate=i,
            reference=j,
            ssim=ssim(stretch(candidates[i] + mean), references[j]),
            ncc=ncc(candidates[i], centred[j]),
            is_colour=candidates.shape[1] == 3,
        )
        for i, j in chosen
    ]


def above_control(train: Sequence[Pair], control: Sequence[Pair]) -> set[int]:
    """Training images whose match is better than the control's best."""
    bar = max(pair.measure for pair in control)
    return {pair.reference for pair in train if pair.measure > bar}


def recovered(train: Sequence[Pair], control: Sequence[Pair]) -> set[int]:
    """Training images that are good and above the control's best."""
    return above_control(train, control) & {pair.reference for pair in train if pair.is_good}


def edges(image: Array) -> Array:
    """Of the mean over channels, at each pixel 12 times it less its eight neighbours, of which
    those beside it count twice; at the border a pixel is its own neighbour. Shape (1, h, w).
    """
    grey = np.pad(image.mean(0), 1, mode="edge")
    height, width = image.shape[1:]
    around = 12 * grey[1:-1, 1:-1]
    for down, right in itertools.product((0, 1, 2), (0, 1, 2)):
        beside = (down == 1) + (right == 1)
        if beside < 2:
            around = around - (1 + beside) * grey[down : down + height, right : right + width]
    return np.asarray(around[None])


def line_ups(
    candidates: Array,
    images: Array,
    together: Sequence[Sequence[int]],
    fillers: Sequence[Sequence[Array]],
    mean: Array,
) -> list[tuple[bool, bool]]:
    """Of each pair, whether its partner is more like the candidate than every filler: by NCC, and
    by the NCC of edges (decision 34).

    Args:
        candidates: centred, (m, c, h, w).
        images: in [0, 1], (n, c, h, w).
        together: places of images that are matched together.
        fillers: those of each of them, in the order of `together` joined, in [0, 1].
        mean: μ.
    """
    found, at = [], 0
    for places in together:
        for pair in pairs(candidates, images[list(places)], mean):
            candidate = candidates[pair.candidate]
            partner = images[places[pair.reference]] - mean
            others = [other - mean for other in fillers[at + pair.reference]]
            by_ncc = [alike(candidate, each) for each in (partner, *others)]
            by_edges = [ncc(edges(candidate), edges(each)) for each in (partner, *others)]
            found.append((by_ncc[0] > max(by_ncc[1:]), by_edges[0] > max(by_edges[1:])))
        at += len(places)
    return found


# --- the confidence (decision 11) ---------------------------------------------------------------

SIGNS = ("across", "within", "margin", "agreement", "contrast", "spread", "roughness")
MORE_SIGNS = ("multiplier", "edges")
OF_POOLS = (7.897, 3.747, 0.989, 3.565, 2.467, 56.612, 37.9, -0.013, 4.817), -3.229
OF_ONE_SEARCH = (0.0, 6.155, 0.969, 4.775, 3.466, 40.449, 39.79, -0.362, 4.942), -3.109
"""Published weights of the nine, and what is added; of grey images, and of colour ones."""
OF_COLOUR_POOLS = (5.042, -1.826, 2.542, 12.65, 1.411, 29.955, -7.206, 1.628, 3.687), -2.645
OF_ONE_COLOUR_SEARCH = (0.0, 4.119, 2.317, 12.576, 0.897, 32.885, -12.417, 0.79, 4.103), -2.445


def recurrence(images: Array, y: Array, restarts: int) -> Array:
    """`across` and `within`, shape (2, R·m): the best NCC with another candidate of its label.

    Of each other restart, on average (0 without any), and of its own; 0 if it is the only one.
    """
    count = len(images)
    restart = np.arange(count) // (count // restarts)
    found = np.zeros((2, count))
    for i in range(count):
        best = []
        for r in range(restarts):
            others = [j for j in range(count) if restart[j] == r and y[j] == y[i] and j != i]
            likeness = [alike(images[i], images[j]) for j in others]
            # A candidate beside itself counts as unlike, so that nothing of its own is below 0.
            best.append(max([*likeness, 0.0] if r == restart[i] else likeness))
        found[1, i] = best.pop(restart[i])
        found[0, i] = np.mean(best) if best else 0.0
    return found


def explanation(theta: Theta, x: Tensor, lam: Tensor, y: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """`margin` and `agreement`, each of shape (m,), of images x (m, D).

    * y Φ(x)/γ, between −1 and 4, with γ the mean positive margin weighted by the multipliers;
    * the cosine between W_1 C x and y ∂Φ/∂z_1(x), where C = Σ_k v_k v_kᵀ / (S_k² + (S_0/100)²)
      is the regularised inverse of W_1ᵀ W_1 in the k leading directions v of W_1.
    """
    x = x.clone().requires_grad_()
    first, bias = theta.layers[0]
    z_1 = x @ first.T + (0 if bias is None else bias)
    h = z_1.relu()
    for weight, its_bias in theta.layers[1:-1]:
        h = (h @ weight.T + (0 if its_bias is None else its_bias)).relu()
    last, last_bias = theta.layers[-1]
    outputs = (h @ last.T + (0 if last_bias is None else last_bias))[:, 0]
    (delta,) = torch.autograd.grad(outputs.sum(), z_1)
    margins = (y * outputs).detach()
    heavy = lam.clamp(min=0)
    gamma = (heavy * margins.clamp(min=0)).sum() / heavy.sum().clamp(min=1e-9)
    squares, vectors = torch.linalg.eigh(first.T @ first)
    squares, vectors = squares.flip(0)[:k], vectors.flip(1)[:, :k]
    inverse = vectors @ torch.diag(1 / (squares + 1e-4 * squares[0])) @ vectors.T
    traced = x.detach() @ inverse @ first.T
    cosine = torch.cosine_similarity(traced, y[:, None] * delta, eps=1e-9)
    return (margins / gamma.clamp(min=1e-9)).clamp(-1, 4), cosine


def appearance(image: Array) -> tuple[float, float, float]:
    """`contrast`, `spread` and `roughness` of an image (c, h, w).

    ln of its standard deviation; that of the image stretched to [0, 1]; and the root of its mean
    squared difference from one row to the next plus that from one column to the next.
    """
    shown = stretch(image)
    rough = (np.diff(shown, axis=1) ** 2).mean() + (np.diff(shown, axis=2) ** 2).mean()
    deviation = math.log(max(image.std(ddof=1), 1e-9))
    return deviation, float(shown.std(ddof=1)), math.sqrt(rough)


def edginess(image: Array) -> float:
    """ln of the fourth moment over the squared second, of all differences of neighbours."""
    steps = [
        float(there[place + 1] - there[place])
        for channel in image
        for there in (*channel, *channel.T)
        for place in range(len(there) - 1)
    ]
    second, fourth = (sum(step**power for step in steps) / len(steps) for power in (2, 4))
    return math.log(fourth / second**2)


def signs(theta: Theta, images: Tensor, y: Tensor, lam: Tensor, restarts: int, k: int) -> Array:
    """All nine, in the order of `SIGNS` and `MORE_SIGNS`, (R·m, 9); images (R·m, c, h, w)."""
    pictures, labels = images.double().numpy(), y.double().numpy()
    flat = images.double().flatten(1)
    margin, agreement = explanation(theta, flat, lam.double(), y.double(), k)
    looks = np.array([appearance(picture) for picture in pictures]).T
    rows = [*recurrence(pictures, labels, restarts), margin.numpy(), agreement.numpy(), *looks]
    rows += [np.log(np.maximum(lam.double().numpy(), 1e-6))]
    rows += [np.array([edginess(picture) for picture in pictures])]
    return np.stack(rows, 1)


def confidence(found: Array, restarts: int, is_colour: bool) -> Array:
    """σ(Σ_s w_s (sign_s − its median over all candidates) + bias); the lower of two medians."""
    grey, colour = (OF_ONE_SEARCH, OF_ONE_COLOUR_SEARCH), (OF_POOLS, OF_COLOUR_POOLS)
    weights, bias = (grey if restarts == 1 else colour)[is_colour]
    median = np.sort(found, 0)[(len(found) - 1) // 2]
    return np.asarray(1 / (1 + np.exp(-((found - median) @ np.array(weights) + bias))))


def reaching(table: Mapping[str, Any], log_odds: float) -> int:
    """How many null images may have such log-odds or more: fewer than the first place below."""
    for rank, there in zip(table["ranks"], table["logits"], strict=True):
        if there < log_odds:
            return int(rank) - 1
    return int(table["images"])


def most(table: Mapping[str, Any], log_odds: float, gallery: Sequence[float]) -> float:
    """The highest confidence that null images allow.

    1 − g p(t)/k(t), the largest over all t up to one's own log-odds that an image of the gallery
    has: p(t) is (1 + null images that reach t)/(1 + null images), k(t) how many of the g do.
    """
    allowed = [0.0]
    for t in gallery:
        if t <= log_odds:
            p = (1 + reaching(table, t)) / (1 + table["images"])
            allowed.append(1 - len(gallery) * p / sum(other >= t for other in gallery))
    return max(allowed)


def distinct(images: Array, y: Array, trust: Array) -> list[int]:
    """Who stands for whom: the most trusted first, without those that repeat one before them.

    To repeat is to have its label and an NCC with it above 0.7.
    """
    chosen: list[int] = []
    for i in sorted(range(len(images)), key=lambda index: -trust[index]):
        if not any(y[i] == y[j] and alike(images[i], images[j]) > 0.7 for j in chosen):
            chosen.append(i)
    return chosen


def found_by(chosen: Sequence[int], images: Array, y: Array, restarts: int) -> list[int]:
    """In how many restarts there is a candidate of each."""
    each = len(images) // restarts
    return [
        len(
            {
                j // each
                for j in range(len(images))
                if y[i] == y[j] and alike(images[i], images[j]) > 0.7
            }
        )
        for i in chosen
    ]
