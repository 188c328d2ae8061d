"""Small networks with convolutions, drawn at random, and the same in plain torch."""

from __future__ import annotations

import torch
from hypothesis import reject
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional

from engine.data.inputs import InputSpec
from engine.network.activation import Activation
from engine.network.network import Network
from engine.network.parameters import Parameters
from engine.network.structure import Activated, Convolution, Full, Pooling, Structure


def drawn(generator: torch.Generator, *shape: int) -> Tensor:
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


def small(seed: int = 0, dtype: torch.dtype = torch.float64, outputs: int = 3) -> Network:
    """2×8×8 – conv 3×3 4 stride 2 padding 1 – full 6 – full 3, biases everywhere."""
    g = torch.Generator().manual_seed(seed)
    weights = (drawn(g, 4, 2, 3, 3), drawn(g, 6, 64), drawn(g, outputs, 6))
    biases = (drawn(g, 4), drawn(g, 6), drawn(g, outputs))
    steps = (Convolution((2, 2), (1, 1)), Activated(), Full(), Activated(), Full())
    parameters = Parameters(weights, biases).each(lambda t: 0.3 * t.to(dtype))
    return Network(parameters, InputSpec((2, 8, 8)), structure=Structure(steps))


@st.composite
def networks(draw: st.DrawFn) -> Network:
    """One or two convolutions of any kind, pooling of either or none, one or two full layers."""
    g = torch.Generator().manual_seed(draw(st.integers(0, 2**31)))
    channels, side = draw(st.sampled_from([1, 2])), draw(st.integers(12, 14))
    shape: tuple[int, ...] = (channels, side, side + draw(st.integers(0, 2)))
    image, weights, steps = shape, [], []
    pair = st.tuples(st.integers(1, 2), st.integers(1, 2))
    for _ in range(draw(st.integers(1, 2))):
        groups = draw(st.sampled_from([n for n in (1, 2) if shape[0] % n == 0]))
        step = Convolution(
            draw(pair), draw(st.tuples(st.integers(0, 2), st.integers(0, 2))), draw(pair), groups
        )
        kernel = draw(st.tuples(st.integers(1, 2), st.integers(1, 2)))
        weights.append(drawn(g, 2 * groups, shape[0] // groups, *kernel))
        steps.append(step)
        after = draw(st.permutations([Activated(), draw(st.sampled_from([None, *POOLINGS]))]))
        steps += [each for each in after if each is not None]
        shape = _shape_after(weights, steps, image)
    numbers = torch.Size(shape).numel()
    for width in draw(st.sampled_from([(3,), (1,), (4, 3), (4, 1)])):
        steps += [] if isinstance(steps[-1], Activated | Pooling) else [Activated()]
        weights.append(drawn(g, width, numbers))
        steps.append(Full())
        numbers = width
    biases = tuple(drawn(g, len(w)) if draw(st.booleans()) else None for w in weights)
    slope = draw(st.sampled_from([0.0, 0.1]))
    return Network(
        Parameters(tuple(weights), biases),
        InputSpec(image),
        Activation(slope),
        structure=Structure(tuple(steps)),
    )


POOLINGS = (
    Pooling("max", (2, 2), (2, 2)),
    Pooling("max", (2, 2), (1, 1), (1, 1)),
    Pooling("average", (2, 2), (2, 2)),
    Pooling("average", (2, 1), (1, 2), (1, 0)),
)


def _shape_after(weights: list[Tensor], steps: list[object], image: tuple[int, ...]):
    """Of what steps without a full layer give; asked of torch."""
    h, left = torch.zeros(1, *image, dtype=torch.float64), list(weights)
    for step in steps:
        weight = left.pop(0) if isinstance(step, Convolution) else None
        try:
            h = plain_step(step, h, weight, None, None)
        except RuntimeError:  # Patches larger than what is left of the image.
            reject()
    return tuple(h.shape[1:])


def plain_step(step, h, weight, bias, activate):
    """One step in plain torch."""
    match step:
        case Convolution():
            return functional.conv2d(
                h, weight, bias, step.stride, step.padding, step.dilation, step.groups
            )
        case Full():
            return functional.linear(h.flatten(1), weight, bias)
        case Pooling(kind="max"):
            return functional.max_pool2d(h, step.kernel, step.stride, step.padding)
        case Pooling():
            return functional.avg_pool2d(h, step.kernel, step.stride, step.padding)
    return h if activate is None else activate(h)


def plain_forward(network: Network, weights, biases, x: Tensor, activate) -> Tensor:
    """Φ in plain torch."""
    h, layer = x.reshape(-1, *network.input_shape), 0
    for step in network.structure.steps:
        has_weights = isinstance(step, Convolution | Full)
        weight, bias = (weights[layer], biases[layer]) if has_weights else (None, None)
        h = plain_step(step, h, weight, bias, activate)
        layer += has_weights
    return h


def soft(network: Network, alpha: float):
    """φ forward; backward, and in the derivative of that, slope + (1 − slope) σ(αz).

    The softplus, −log σ(−αz)/α, has this derivative; of its value nothing is left.
    """
    slope = network.activation.slope

    def activate(z: Tensor) -> Tensor:
        smooth = -functional.logsigmoid(-alpha * z) / alpha
        relu = z.relu().detach() + smooth - smooth.detach()
        leaky = slope * z + (1 - slope) * relu
        exact = torch.where(z > 0, z, slope * z).detach()
        return leaky + (exact - leaky).detach()

    return activate
