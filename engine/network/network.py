"""The network Φ(θ; x) that a reconstruction attacks."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from engine.base.errors import UnusableInput
from engine.base.plain_text import plain
from engine.data.inputs import InputShape, InputSpec, Preprocessing, Says, who_said
from engine.data.layout import Layout, places
from engine.network.activation import RELU, Activation
from engine.network.classes import Classes
from engine.network.orders import Order, Sizes, fits, fitting_orders
from engine.network.parameters import Parameters
from engine.network.reading import AS_IT_STANDS, OrderedBy, Reading, listed, place_names
from engine.network.steps import convolved, pooled
from engine.network.structure import Activated, Convolution, Full, Pooling, Step, Structure
from engine.runtime.lazy import torch

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Origin:
    """Where a network came from; travels into every report."""

    file: str = "(not from a file)"
    sha256: str = ""
    details: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def name(self) -> str:
        """The file's name without its folder, fit to be shown."""
        return plain(Path(self.file).name)

    @property
    def said(self) -> str:
        """`base.pth, SHA-256 9f86…`, what a checkpoint says of another."""
        return f"{self.name}, SHA-256 {self.sha256}" if self.sha256 else self.name


@dataclass(frozen=True)
class Base:
    """Where a fine-tuned network started (`network/fine_tuned`).

    Attributes:
        parameters: θ_0, in the shapes of θ. Of a new head it is θ's own, which tells nothing.
        origin: the file that it came from.
        has_other_head: whether the fine-tuned network began with a new last layer, whose start is
            not known. It did where the base's tells other classes apart; else somebody said so.
        unused_head: the base's last layer, where it would fit and somebody said that it was not
            what fine-tuning began with.
    """

    parameters: Parameters
    origin: Origin
    has_other_head: bool = False
    unused_head: Parameters | None = None


@dataclass(frozen=True)
class Network:
    """A network of fully connected layers, or of those and convolutions, with C outputs.

    Φ(θ; x) = W_L φ(W_{L−1} … φ(W_1 x + b_1) …) + b_L, φ the ReLU or a leaky one. With a bias on
    the first layer at most, Φ is homogeneous in θ, as in Haim et al. 2022, section 3. Where there
    is a structure, that says which steps there are, and where φ stands.

    Attributes:
        parameters: θ.
        inputs: what x is.
        activation: φ.
        origin: where it came from.
        class_names: of what the outputs tell apart, where somebody said; else empty.
        activation_said_by: who said what φ is; where nobody did, it is taken for the ReLU.
        reading: how its file became these layers.
        base: what it was fine-tuned from, where that is known.
        structure: how its layers follow each other; None where all are fully connected, with φ
            between them, also where that is what was given.

    Raises:
        UnusableInput: its weights, or the shape of its images, do not fit the structure.
    """

    parameters: Parameters
    inputs: InputSpec
    activation: Activation = RELU
    origin: Origin = field(default_factory=Origin)
    class_names: tuple[str, ...] = ()
    activation_said_by: Says = "nobody"
    reading: Reading = AS_IT_STANDS
    base: Base | None = None
    structure: Structure | None = None

    def __post_init__(self) -> None:
        if self.structure is not None:
            self.structure.shapes(self.weights, self.input_shape)
            if self.structure.is_all_full:
                object.__setattr__(self, "structure", None)

    @cached_property
    def explained(self) -> Parameters:
        """θ*, what candidates have to explain: θ − θ_0 where a base is known, else θ itself."""
        return self.parameters if self.base is None else self.parameters - self.base.parameters

    @property
    def without_base(self) -> Network:
        """The same network, of whose start nothing is known."""
        return self if self.base is None else replace(self, base=None)

    @property
    def weights(self) -> tuple[Tensor, ...]:
        """W_1 … W_L; W_l has shape (n_l, n_{l−1}), of a convolution that of its kernels."""
        return self.parameters.weights

    @property
    def biases(self) -> tuple[Tensor | None, ...]:
        """b_1 … b_L; None where a layer has none."""
        return self.parameters.biases

    @property
    def input_shape(self) -> InputShape:
        """(c, h, w) of an input image."""
        return self.inputs.shape

    @property
    def mean(self) -> Tensor | None:
        """The mean image that was subtracted before training, where it is known."""
        return self.inputs.mean

    @property
    def classes(self) -> Classes:
        """What its outputs tell apart."""
        return Classes(self.output_count, self.class_names)

    @property
    def depth(self) -> int:
        """L, the number of weight matrices."""
        return len(self.weights)

    @property
    def layer_sizes(self) -> tuple[int, ...]:
        """(D, n_1, …, n_L); of a convolution all numbers that it gives."""
        if self.structure is None:
            return (self.weights[0].shape[1], *(w.shape[0] for w in self.weights))
        shapes = self.structure.shapes(self.weights, self.input_shape)
        steps = zip(self.structure.steps, shapes, strict=True)
        given = [math.prod(shape) for step, shape in steps if isinstance(step, Convolution | Full)]
        return (self.inputs.dimension, *given)

    @property
    def input_dimension(self) -> int:
        """D, the number of numbers in an input image."""
        return self.weights[0].shape[1] if self.structure is None else self.inputs.dimension

    @property
    def output_count(self) -> int:
        """C."""
        return self.weights[-1].shape[0]

    @property
    def architecture(self) -> str:
        """For people: `784–1000–1000–1, bias on the first layer`."""
        sizes = "–".join(str(n) for n in self.layer_sizes)
        if self.structure is not None:
            sizes = self.structure.in_words(self.weights, self.input_shape)
        with_bias = [bias is not None for bias in self.biases]
        if not any(with_bias):
            return f"{sizes}, no bias"
        if not any(with_bias[1:]):
            return f"{sizes}, bias on the first layer"
        if all(with_bias):
            return f"{sizes}, bias on every layer"
        layers = ", ".join(str(layer) for layer, has in enumerate(with_bias, 1) if has)
        return f"{sizes}, bias on layers {layers}"

    @property
    def activation_described(self) -> str:
        """What φ is, and who says so: `ReLU (assumed: the file does not say)`."""
        return f"{self.activation.name} ({who_said(self.activation_said_by)})"

    @property
    def homogeneity(self) -> str:
        """For people: whether Φ grows by a power of the factor when θ is multiplied by it."""
        of = f"{self.activation_described}, {self.architecture.split(', ', 1)[1]}"
        return f"{'no' if any(b is not None for b in self.biases[1:]) else 'yes'}: {of}"

    def forward(self, x: Tensor) -> Tensor:
        """Φ(θ; x) for a batch of flat network inputs: (m, D) → (m, C)."""
        return self.read_out(self.hidden(x, self.activation))

    def hidden(self, x: Tensor, activate: Callable[[Tensor], Tensor]) -> Tensor:
        """h_{L−1} of flat network inputs: (m, D) → (m, n_{L−1}).

        Args:
            x: h_0.
            activate: h_l from z_l; called once for each hidden layer, in their order, and in a
                structure for each `Activated`, where z_l may have shape (m, c, h, w).
        """
        if self.structure is not None:
            return self._along(self.structure.steps[:-1], x, activate)
        h = x
        for layer in range(self.depth - 1):
            h = activate(self._affine(layer, h))
        return h

    def read_out(self, h: Tensor) -> Tensor:
        """Φ from h_{L−1}: (m, n_{L−1}) → (m, C)."""
        return self._affine(self.depth - 1, h)

    def _affine(self, layer: int, h: Tensor) -> Tensor:
        weight, bias = self.weights[layer], self.biases[layer]
        return h @ weight.T if bias is None else torch.addmm(bias, h, weight.T)

    def _along(
        self, steps: Sequence[Step], x: Tensor, activate: Callable[[Tensor], Tensor]
    ) -> Tensor:
        """What some steps from the image on make of it, flat."""
        h, layer = x.reshape(-1, *self.input_shape), 0
        for step in steps:
            if isinstance(step, Activated):
                h = activate(h)
            elif isinstance(step, Pooling):
                h = pooled(step, h)
            elif isinstance(step, Convolution):
                h, layer = convolved(step, h, self.weights[layer], self.biases[layer]), layer + 1
            else:
                h, layer = self._affine(layer, h.flatten(1)), layer + 1
        return h.flatten(1)

    def to(self, device: torch.device | str, dtype: torch.dtype) -> Network:
        """The same network with θ on another device and in another precision."""
        return self._with_each(lambda theta: theta.to(device, dtype))

    def _with_each(self, change: Callable[[Parameters], Parameters]) -> Network:
        """The same with something done to θ, and to θ_0."""
        base = self.base
        if base is not None:
            base = replace(base, parameters=change(base.parameters))
        return replace(self, parameters=change(self.parameters), base=base)

    def with_preprocessing(self, preprocessing: Preprocessing) -> Network:
        """The same network, reading images that something else was done to."""
        return replace(self, inputs=replace(self.inputs, preprocessing=preprocessing))

    def with_activation(self, activation: Activation, said_by: Says) -> Network:
        """The same network with another φ."""
        return replace(self, activation=activation, activation_said_by=said_by)

    def orders(self, most: int) -> list[Order]:
        """Orders of its layers that their shapes allow, that in which they stand first.

        Args:
            most: how many to look for; a structure leaves one.
        """
        if self.structure is not None:
            return [tuple(range(self.depth))]
        return fitting_orders(self._sizes, most)

    @property
    def _sizes(self) -> list[Sizes]:
        return [(weight.shape[1], weight.shape[0]) for weight in self.weights]

    def layers_in(self, order: Order) -> str:
        """For people: `fc1, fc3, fc2`; layers that nobody named are numbered."""
        names = self.reading.layers or [str(layer + 1) for layer in range(self.depth)]
        return listed([names[place] for place in order])

    def with_order(self, order: Order, ordered_by: OrderedBy) -> Network:
        """The same layers in another order.

        Args:
            order: which of them comes first, second, …; one of `orders`.
            ordered_by: who says so.
        """
        if list(order) == list(range(len(self.weights))):
            return replace(self, reading=replace(self.reading, ordered_by=ordered_by))
        self._check_all_full("The order of its layers")
        names, inputs = self.reading.layers, self.inputs
        as_stored = self.with_layout("chw", inputs.layout_said_by)
        ordered = replace(
            as_stored._with_each(lambda theta: theta.in_order(order)),
            reading=replace(
                self.reading,
                layers=tuple(names[place] for place in order) if names else (),
                ordered_by=ordered_by,
            ),
        )
        return ordered.with_layout(inputs.layout, inputs.layout_said_by)

    def with_layers(self, names: Sequence[str]) -> Network:
        """The same layers in the order that somebody says by their names.

        Raises:
            UnusableInput: it is no order of these layers, or one that their shapes do not allow.
        """
        order = place_names(names, self.reading.layers)
        if order != tuple(range(self.depth)):
            self._check_all_full("The order of its layers")
        elif self.structure is not None:
            return self.with_order(order, "user")
        if not fits(self._sizes, order):
            raise UnusableInput(
                f"In the order {listed(names)} the layers do not fit together "
                f"({self.architecture.split(', ', 1)[0]} as they are read)."
            )
        return self.with_order(order, "user")

    def with_input_shape(self, shape: InputShape) -> Network:
        """The same network reading its input as another shape of the same size.

        Raises:
            ValueError: the shape does not hold D numbers.
            UnusableInput: it has a structure, which images of that shape do not fit.
        """
        inputs = self.inputs
        as_stored = self.with_layout("chw", inputs.layout_said_by)
        reshaped = replace(as_stored, inputs=as_stored.inputs.with_shape(shape))
        return reshaped.with_layout(inputs.layout, inputs.layout_said_by)

    def with_layout(self, layout: Layout, said_by: Says) -> Network:
        """The same checkpoint, whose first layer reads images in another order.

        The columns of W_1 change places, so that an input is C×H×W whatever the checkpoint's is. So
        do the pixels of a mean image that came with it: it lies there as the weights do.

        Raises:
            UnusableInput: a structure says already how images are read.
        """
        now = replace(self, inputs=replace(self.inputs, layout=layout, layout_said_by=said_by))
        if layout == self.inputs.layout or self.input_shape[0] == 1:
            return now
        self._check_all_full("The order of colours in its images")
        order = places(self.input_shape, "hwc")
        order = order if layout == "hwc" else order.argsort()

        def laid_out(theta: Parameters) -> Parameters:
            first, *others = theta.weights
            weights = (first[:, order.to(first.device)].contiguous(), *others)
            return replace(theta, weights=weights)

        return replace(
            now._with_each(laid_out),
            inputs=replace(now.inputs, preprocessing=now.inputs.preprocessing.reordered(order)),
        )

    def _check_all_full(self, what: str) -> None:
        """Refuses to change something that convolutions leave no choice of."""
        if self.structure is not None:
            raise UnusableInput(
                f"{what} cannot be changed: {self.origin.name} has an architecture that says it.",
                "Give another architecture.",
            )
