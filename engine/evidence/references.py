"""The real images that a run is scored against."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.data.datasets import LabelledImages
from engine.data.inputs import is_vector
from engine.evidence.duplicates import kept_apart
from engine.evidence.lineup import LineUp
from engine.evidence.lining_up import deal, line_up
from engine.evidence.other_run import OtherRun
from engine.evidence.scoring import Evidence, score
from engine.evidence.taught import taught_labels
from engine.network.classes import Classes
from engine.network.network import Network
from engine.runtime.lazy import torch

if TYPE_CHECKING:
    from torch import Tensor


# More takes longer than a few tenths of a second to score. A score cannot be cut short, and
# a stop is answered within half a second.
_MOST_COMPARED = 5_000_000
"""Candidates times real images that are scored while a run is on."""


_MOST_PIXELS = 8_000_000
"""Numbers in all of the real images that are."""


@dataclass(frozen=True)
class References:
    """Images to score against; `of` puts them together.

    Attributes:
        train: training images in [0, 1], shape (n, c, h, w); of vectors what the network reads.
        control: images that the network never saw, or None.
        mean: μ, shape (c, h, w), where the checkpoint holds it; zeros for vectors.
        labels: class number of each training image, shape (n,); None where nobody said.
        network: what their outputs are those of.
        sets: the training and control images as they were read; None where nobody said.
        by_cosine: whether they are embeddings, which are compared by their direction.
        other: a run on another network, which stands beside this one in line-ups.
    """

    train: Tensor
    control: Tensor | None
    mean: Tensor | None
    labels: Tensor | None = None
    network: Network | None = None
    sets: tuple[LabelledImages, LabelledImages | None] | None = None
    by_cosine: bool = False
    other: OtherRun | None = None

    @classmethod
    def of(
        cls,
        network: Network,
        train: LabelledImages,
        control: LabelledImages | None = None,
        other: OtherRun | None = None,
    ) -> References:
        """What a run on a network is scored against.

        Args:
            network: under attack.
            train: images that it was trained on.
            control: images that it never saw; without them a score is no claim. Training images
                among them are left out.
            other: a run on another network.

        Raises:
            UnusableInput: all of the control are training images; the other run is none of the
                kind.
        """
        if other is not None:
            other.check_for(network.input_shape, network.origin.name, network.origin.sha256)
        control = None if control is None else kept_apart(train, control)
        mean, shown = network.mean, train.images
        unseen = None if control is None else control.images
        if network.inputs.is_vector:
            shown, mean = network.inputs.less_mean(shown), torch.zeros(network.input_shape)
            unseen = None if unseen is None else network.inputs.less_mean(unseen)
        sets, by_cosine = (train, control), network.inputs.is_embedding
        return cls(shown, unseen, mean, train.labels, network, sets, by_cosine, other)

    @property
    def left_out(self) -> int:
        """How many images of the control are training images, and are left out of it."""
        control = None if self.sets is None else self.sets[1]
        return 0 if control is None or control.apart is None else len(control.apart.left_out)

    def score(
        self, candidates: Tensor, in_passing: bool = False, one_to_one: bool = True
    ) -> Evidence:
        """What a match of these candidates, centred, shape (m, c, h, w), with the images shows.

        Args:
            candidates: of a run.
            in_passing: leaves out the line-up, which takes as long again.
            one_to_one: see `score`; without it there is no line-up.

        Raises:
            UnusableInput: the images are of different sizes.
        """
        real = self.train, self.control, self.mean
        found = score(candidates, *real, one_to_one, self.by_cosine)
        lineup = self._line_up(candidates, found) if one_to_one and not in_passing else None
        return replace(found, left_out=self.left_out, lineup=lineup)

    @property
    def has_lineup(self) -> bool:
        """Whether there are enough images of the control to line up with.

        Those of images and of embeddings are: the edges of a table's row are none.
        """
        lined = self._lined
        return lined is not None and deal(*(each.long().numpy() for each in lined)) is not None

    @property
    def _lined(self) -> tuple[Tensor, Tensor] | None:
        """The class number of each training image, and of each of the control."""
        control = None if self.sets is None else self.sets[1]
        is_row = is_vector(self.train.shape[1:]) and not self.by_cosine
        if control is None or self.control is None or is_row:
            return None
        labels = torch.zeros(len(self.train)) if self.labels is None else self.labels
        return labels, control.labels

    def _line_up(self, candidates: Tensor, found: Evidence) -> LineUp | None:
        lined = self._lined
        if lined is None or self.control is None:
            return None
        train, unseen = (self.train, lined[0]), (self.control, lined[1])
        recovered = found.recovered or 0
        return line_up(
            candidates, train, unseen, self.shown_mean, recovered, self.by_cosine, self.other
        )

    def are(self, others: References) -> bool:
        """Whether a score against others would be one against these: the very same images."""
        if self.by_cosine != others.by_cosine or self.other is not others.other:
            return False
        is_alike = _is_same(self.train, others.train) and _is_same(self.control, others.control)
        if self.mean is None or others.mean is None:
            return is_alike and self.mean is others.mean
        return is_alike and torch.equal(self.mean, others.mean)

    @property
    def classes(self) -> Classes | None:
        """Of the network, where there is one."""
        return None if self.network is None else self.network.classes

    @cached_property
    def outputs(self) -> NDArray[np.float64] | None:
        """Φ of each training image, shape (n, C); worked out when it is first asked for."""
        if self.network is None:
            return None
        network = self.network.to("cpu", torch.float32)
        x = network.inputs.of_centred(self.train - self.shown_mean)
        outputs: NDArray[np.float64] = network.forward(x).double().numpy()
        return outputs

    @cached_property
    def margins(self) -> NDArray[np.float64] | None:
        """By how much the output of each training image's class leads, shape (n,).

        Where nobody said which class that is, it is the one that the network gives it.
        """
        if self.network is None or self.outputs is None:
            return None
        classes, outputs = self.network.classes, torch.from_numpy(self.outputs)
        known = None
        if self.labels is not None:
            known = taught_labels(classes, self.labels, outputs)
        margins = classes.margins(outputs, classes.told(outputs) if known is None else known)
        return np.asarray(margins.numpy())

    @property
    def shown_mean(self) -> Tensor:
        """μ as the scoring rule takes it."""
        return self.train.mean(0) if self.mean is None else self.mean

    def is_long_to_score(self, candidates: int) -> bool:
        """Whether to score so many candidates would keep a stop waiting."""
        images = len(self.train) + (0 if self.control is None else len(self.control))
        pixels = images * self.train[0].numel()
        return candidates * images > _MOST_COMPARED or pixels > _MOST_PIXELS


def _is_same(ones: Tensor | None, others: Tensor | None) -> bool:
    """Whether two sets are one; those of vectors are made anew by each `References.of`."""
    if ones is None or others is None or not is_vector(ones.shape[1:]):
        return ones is others
    return torch.equal(ones, others)
