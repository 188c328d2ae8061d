"""Shadow networks: trained as a network was, of other images, to be compared with it.

Each is made by the same recipe with a seed of its own, and is asked how sure it is of images in
question and control (`evidence.shadows`). What is trained is kept in a folder, if one is given, by
a name that holds recipe, seed and images: another call takes it from there if those are the same.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.base.errors import DeviceFailed, RunFailed, UnusableInput
from engine.base.progress import Progress, portion, unheard
from engine.data.datasets import LabelledImages
from engine.data.inputs import InputSpec
from engine.evidence.calibration import scaled_confidences
from engine.evidence.membership import outputs_of
from engine.evidence.shadows import FEWEST, ShadowConfidences, Values
from engine.network.checkpoints import load_network, save_network
from engine.network.network import Network
from engine.runtime.lazy import torch
from engine.training.recipe import Recipe
from engine.training.shadow_images import ShadowImages, halves
from engine.training.shadow_recipe import in_words
from engine.training.trained import SUFFIX
from engine.training.training import Training

if TYPE_CHECKING:
    from torch import Tensor

MOST = 1000
"""Shadow networks that can be asked for."""

_KEY = "shadow"
_DIGITS = 16
_LARGEST_SEED = 2**31 - 1


@dataclass(frozen=True)
class Shadows:
    """Shadow networks that are wanted.

    Attributes:
        network: the one in question; its architecture and preprocessing are theirs, too.
        recipe: how it was made (`with_layers_of`).
        images: what each is trained on.
        seed: of their first weights and mini-batches, each its own.
        base: what it was fine-tuned from; where they begin, then.
        folder: where they are kept; None keeps none.
        assumed: what nobody said of the recipe, in words.
    """

    network: Network
    recipe: Recipe
    images: ShadowImages
    seed: int = 0
    base: Network | None = None
    folder: Path | None = None
    assumed: str = ""

    def confidences(self, progress: Progress = unheard) -> ShadowConfidences:
        """Trains those that are not there yet, one after the other, and asks them all.

        Args:
            progress: told the share that is done of those that have to be trained.

        Raises:
            UnusableInput: fewer than `FEWEST` are wanted, or do not diverge.
            OSError: the folder cannot be made, or one cannot be written there.
            Cancelled: `progress` said so; those that were trained are kept.
        """
        count = len(self.images.chosen)
        check_count(count)
        if self.folder is not None:
            self.folder.mkdir(parents=True, exist_ok=True)
        found: dict[int, Values] = {}
        for index in range(count):
            progress(0.0)
            kept = self._kept(index)
            values = None if kept is None else self._sureness(kept)
            found |= {} if values is None else {index: values}
        reused = len(found)
        missing = [index for index in range(count) if index not in found]
        for done, index in enumerate(missing):
            share = portion(progress, done / len(missing), (done + 1) / len(missing))
            found |= self._made(index, share)
            _check_enough(len(found) + len(missing) - done - 1, count)
        sound = sorted(found)
        return ShadowConfidences(
            np.stack([found[index] for index in sound]),
            self.images.inside[sound],
            diverged=count - len(sound),
            reused=reused,
            made_by=self.made_by,
            made_of=self.images.said,
            assumed=self.assumed,
        )

    @property
    def made_by(self) -> str:
        """The recipe, in words."""
        begins = [] if self.base is None else [f"from {self.base.origin.name}"]
        return ", ".join([self.network.architecture, *begins, in_words(self.recipe)])

    def _made(self, index: int, progress: Progress) -> dict[int, Values]:
        """How sure one of them is once it is trained, and kept; empty where it diverges."""
        training = self._training(index)
        try:
            for snapshot in training.iterate():
                progress(snapshot.share)
        except DeviceFailed:
            raise
        except RunFailed:
            return {}
        network = training.network
        values = self._sureness(network)
        if values is None:
            return {}
        if self.folder is not None:
            key = self._key(index)
            details = {_KEY: key, "recipe": json.dumps(asdict(training.recipe))}
            save_network(network, self._path(self.folder, index, key), details)
        return {index: values}

    def _training(self, index: int) -> Training:
        train = self.images.of(index)
        inputs = self._inputs(train)
        return Training(train, self._recipe(index), base=self.base, inputs=inputs)

    def _recipe(self, index: int) -> Recipe:
        random = np.random.default_rng((self.seed, index, 1))
        return replace(self.recipe, seed=int(random.integers(_LARGEST_SEED)))

    def _inputs(self, train: LabelledImages) -> InputSpec | None:
        """What it reads: as the one in question does, but less the mean of its own images.

        None where that is nothing else than that mean, and for features their deviation.
        """
        if self.base is not None:
            return self.base.inputs
        known = self.network.inputs
        own = known.preprocessing
        if not known.is_preprocessing_said:
            return None
        if own.embedding or own.channel_means is not None:
            return known
        if known.is_vector:
            return None
        return replace(known, preprocessing=replace(own, mean=train.images.mean(0)))

    def _sureness(self, network: Network) -> Values | None:
        """φ of images in question and control, shape (n + n',); None where it is no number."""
        exact = network.to("cpu", torch.float64)
        outputs = outputs_of(exact, exact.inputs.of_images(self.images.asked.double()))
        labels = exact.classes.of_numbers(self.images.asked_classes)
        values = scaled_confidences(exact.classes, outputs, labels)
        return values if np.isfinite(values).all() else None

    # --- kept in a folder -------------------------------------------------------------------

    def _key(self, index: int) -> str:
        """What decides it: recipe, seeds, images, preprocessing and base; in hexadecimal digits."""
        train = self.images.of(index)
        inputs = self._inputs(train)
        recipe = {k: v for k, v in asdict(self._recipe(index)).items() if k != "device"}
        parts: list[Any] = [recipe, _digest(train.images), _digest(train.labels)]
        if inputs is not None:
            parts.append(inputs.preprocessing.embedding)
            parts += [[k, _digest(v)] for k, v in inputs.preprocessing.tensors.items()]
        parts += [] if self.base is None else [_digest(p) for p in self.base.parameters.tensors]
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

    def _path(self, folder: Path, index: int, key: str) -> Path:
        return folder / f"shadow-{index + 1:03}-{key[:_DIGITS]}{SUFFIX}"

    def _kept(self, index: int) -> Network | None:
        """One that was trained before; None where there is none, or its file is damaged."""
        if self.folder is None:
            return None
        key = self._key(index)
        path = self._path(self.folder, index, key)
        if not path.is_file():
            return None
        try:
            network = load_network(path)
        except UnusableInput:
            return None
        fits = network.architecture == self.network.architecture
        return network if fits and network.origin.details.get(_KEY) == key else None


@dataclass(frozen=True)
class ShadowWish:
    """Shadow networks as somebody asks for them, whatever images they will be of.

    Attributes:
        count: how many.
        recipe: how they are made, with the network's layers (`with_layers_of`).
        seed: of everything that is drawn.
        assumed: what nobody said of the recipe, in words.
    """

    count: int
    recipe: Recipe
    seed: int = 0
    assumed: str = ""

    def shadows(self, network: Network, images: LabelledImages, control: LabelledImages) -> Shadows:
        """For the online attack.

        Raises:
            UnusableInput: labels are not given for both sets, or the control holds images in
                question alone.
        """
        drawn = halves(network.classes, images, control, self.count, self.seed)
        return Shadows(network, self.recipe, drawn, self.seed, assumed=self.assumed)


def check_count(count: int) -> None:
    """Whether so many shadow networks make a score.

    Raises:
        UnusableInput: they do not, or nobody can want them.
    """
    if not FEWEST <= count <= MOST:
        raise UnusableInput(
            f"{count:,} shadow networks were asked for; a score takes from {FEWEST} to {MOST:,}.",
            "Ask for 16 or more, if there is time.",
        )


def _check_enough(possible: int, wanted: int) -> None:
    """Refuses as soon as too few can be left.

    Raises:
        UnusableInput: too many have diverged.
    """
    if possible < FEWEST:
        raise UnusableInput(
            f"{wanted - possible} of {wanted} shadow networks diverged, and a score needs "
            f"{FEWEST} that do not.",
            "Say the recipe that the network was made by, or ask for more of them.",
        )


def _digest(tensor: Tensor) -> str:
    shape = "x".join(str(side) for side in tensor.shape)
    content = tensor.detach().cpu().contiguous().numpy().tobytes()
    return f"{shape} {tensor.dtype} {hashlib.sha256(content).hexdigest()}"
