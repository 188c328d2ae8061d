"""What a network is trained on and tested with, and how it reads that."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from engine.base.errors import UnusableInput
from engine.base.plain_text import some_of
from engine.data.datasets import LabelledImages
from engine.data.inputs import InputShape, InputSpec, Preprocessing, is_vector
from engine.evidence.preprocessing import feature_statistics
from engine.network.classes import Classes
from engine.network.network import Network
from engine.network.parameters import Parameters
from engine.runtime.lazy import torch
from engine.training.recipe import Recipe
from engine.training.starts import has_bias

if TYPE_CHECKING:
    from torch import Tensor

_MOST_FOR_RESIDUAL = 500


@dataclass(frozen=True)
class Examples:
    """Labelled images, and what makes inputs and labels of a network of them.

    Attributes:
        train: images with labels 0 … K − 1.
        test: images to measure accuracy on; None without any.
        classes: what the network tells apart.
        inputs: what it reads of an image.
    """

    train: LabelledImages
    test: LabelledImages | None
    classes: Classes
    inputs: InputSpec

    @classmethod
    def of(
        cls,
        train: LabelledImages,
        test: LabelledImages | None,
        recipe: Recipe,
        base: Network | None = None,
        inputs: InputSpec | None = None,
    ) -> Examples:
        """For a network that is made by a recipe.

        Args:
            train: their mean is subtracted. Rows of a table are divided by the std of each
                feature, too.
            test: see above.
            recipe: how the network is made.
            base: what is fine-tuned, where something is; its preprocessing stays.
            inputs: what the network is to read, where that is not for the images to say.

        Raises:
            UnusableInput: there is only one class, or there are too many images to train to a
                residual.
        """
        classes = Classes(recipe.output_count(_class_count(train)))
        if recipe.until_residual and len(train) > _MOST_FOR_RESIDUAL:
            raise UnusableInput(
                f"A residual can be trained to with at most {_MOST_FOR_RESIDUAL:,} images, not "
                f"{len(train):,}.",
                "Take fewer of each class, or set no residual to reach.",
            )
        if inputs is None:
            inputs = _inputs_of(train) if base is None else base.inputs
        channels, height, width = train.images.shape[1:]
        return cls(train, test, classes, replace(inputs, shape=(channels, height, width)))

    @property
    def input_dimension(self) -> int:
        """D, how many numbers the network reads of an image."""
        return self.train.images[0].numel()

    def read(
        self, images: LabelledImages, device: torch.device, dtype: torch.dtype
    ) -> tuple[Tensor, Tensor]:
        """What the network reads, flat, on the device; and labels, on the CPU."""
        x = self.inputs.of_images(images.images).to(device, dtype)
        return x, self.classes.of_numbers(images.labels)

    def accuracy(self, theta: Parameters, x: Tensor, y: Tensor, at_once: int) -> float:
        """The share that a network gets right.

        Args:
            theta: its parameters, where x is.
            x: what it reads, shape (n, D).
            y: labels, on the CPU, shape (n,).
            at_once: how many it reads at a time.
        """
        network = Network(theta, self.inputs)
        outputs = torch.cat([network.forward(part).cpu() for part in torch.split(x, at_once)])
        return float((self.classes.margins(outputs.double(), y) > 0).double().mean())

    def weights_to_go_on_from(self, network: Network, recipe: Recipe) -> Parameters:
        """The weights of a network whose training goes on with these images.

        Raises:
            UnusableInput: it is of other images, or the recipe makes another network.
        """
        name = network.origin.name
        sizes = (self.input_dimension, *recipe.hidden, self.classes.outputs)
        wanted = [has_bias(recipe, layer) for layer in range(len(sizes) - 1)]
        if network.layer_sizes != sizes or [b is not None for b in network.biases] != wanted:
            raise UnusableInput(
                f"{name} is {network.architecture}; this training makes another network.",
                "Give the hidden layers, biases and outputs that it has, or train anew.",
            )
        mean = self.inputs.mean
        if mean is None or network.mean is None or not torch.equal(network.mean, mean):
            raise UnusableInput(
                f"{name} was trained on other images than these.",
                "Give the images that its training began with, or train anew.",
            )
        return network.parameters


def _inputs_of(train: LabelledImages) -> InputSpec:
    """What a network reads that is trained on these images from the start: less their mean."""
    mean = train.images.mean(0)
    channels, height, width = mean.shape
    shape: InputShape = (channels, height, width)
    std = feature_statistics(train).std if is_vector(shape) else None
    return InputSpec(shape, Preprocessing(mean, std, "file"))


def _class_count(train: LabelledImages) -> int:
    """How many classes there are images of.

    Raises:
        UnusableInput: only one, or none of a number between.
    """
    there = set(train.labels.tolist())
    if len(there) < 2 or there != set(range(len(there))):
        raise UnusableInput(
            "Training needs images of two classes or more, numbered from 0 without a gap; these "
            f"are of {some_of([str(label) for label in sorted(there)])}.",
            "Choose other classes, or other images.",
        )
    return len(there)
