"""Images that are the same, or nearly: a control that holds training images is none.

Two images are copies where every pixel is the same, or where their NCC (`similarity`), both less
the mean of the training images, is above `COPY_ABOVE`. Rows of a table are where every number is.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.base.errors import UnusableInput
from engine.base.plain_text import counted
from engine.data.datasets import Apart, LabelledImages
from engine.data.inputs import is_vector
from engine.data.nouns import nouns_of
from engine.evidence.similarity import ncc_features
from engine.runtime.lazy import torch

if TYPE_CHECKING:
    from torch import Tensor

COPY_ABOVE = 0.98
"""NCC above which two images are copies (decision 29)."""

_ROWS = 2048
"""Images that are compared with all others at a time."""

_SPAN = 64
"""Directions in which images are compared first."""

_FEWEST_NUMBERS = 16
"""Of an image of fewer numbers chance alone makes a look-alike."""

_ROUNDING = 1e-4
_PAGE = "when-the-control-holds-training-images"

Couples = NDArray[np.int64]
"""Places of two copies in each row, shape (p, 2)."""


def kept_apart(train: LabelledImages, control: LabelledImages) -> LabelledImages:
    """The control without training images; itself where it was compared with them already.

    Args:
        train: training images.
        control: images that the network is said never to have seen, of the same size.

    Returns:
        The control, whose `apart` says what was left out.

    Raises:
        UnusableInput: nothing is left of it.
    """
    if control.apart is not None and control.apart.train is train:
        return control
    whole = by_classes_of(train, control if control.apart is None else control.apart.whole)
    if whole.images.shape[1:] != train.images.shape[1:]:
        return whole  # The score refuses them, and says why.
    couples = shared_images(train.images, whole.images)
    left_out = tuple((int(place), int(of)) for place, of in couples)
    several = nouns_of(whole.images.shape[1:]).several
    if len(left_out) == len(whole):
        raise UnusableInput(
            f"All {counted(len(whole), f'control {several}')} of {whole.name} are training "
            f"{several} (of {train.name}), so that none is left for a control.",
            f"Give {several} of the same kind that the network never saw.",
            _PAGE,
        )
    apart = Apart(train, whole, left_out)
    if not left_out:
        return replace(whole, apart=apart)
    stays = np.setdiff1d(np.arange(len(whole)), couples[:, 0])
    places = torch.from_numpy(stays)
    names = tuple(whole.names[place] for place in stays) if whole.names else ()
    return replace(
        whole, images=whole.images[places], labels=whole.labels[places], names=names, apart=apart
    )


def by_classes_of(train: LabelledImages, control: LabelledImages) -> LabelledImages:
    """The control with the class numbers of the training images, found by the classes' names.

    A file that lacks a class counts those that it has otherwise.
    """
    if not control.classes or control.classes == train.classes:
        return control
    places = {name: number for number, name in enumerate(train.classes)}
    names = [control.classes[int(each)] for each in control.labels]
    if not all(name in places for name in names):
        return control
    labels = torch.tensor([places[name] for name in names])
    return replace(control, labels=labels, classes=train.classes)


def with_copies(images: LabelledImages) -> LabelledImages:
    """The same images, which know what is in them twice; themselves where they know already."""
    if images.copies is not None:
        return images
    couples = copies_within(images.images)
    return replace(images, copies=tuple((int(place), int(of)) for place, of in couples))


def shared_images(train: Tensor, control: Tensor) -> Couples:
    """Images of a control that are training images.

    Args:
        train: images in [0, 1], shape (n, c, h, w).
        control: others of the same size, shape (n', c, h, w).

    Returns:
        The place of each in the control, rising, and of the training image that it is a copy of.
    """
    same = _same(control, train)
    if is_vector(train.shape[1:]):
        return same
    mean = train.mean(0)
    alike = _alike(ncc_features(control - mean), ncc_features(train - mean))
    return _first_of_each(same, alike)


def copies_within(images: Tensor) -> Couples:
    """Images, shape (n, c, h, w), that are copies of one that comes before them.

    Returns:
        The place of each, rising, and of the first that it is a copy of.
    """
    found = _same(images, images)
    if not is_vector(images.shape[1:]):
        features = ncc_features(images - images.mean(0))
        found = _first_of_each(found, _alike(features, features, before=True))
    return found[found[:, 0] > found[:, 1]]


def _first_of_each(*found: Couples) -> Couples:
    """One couple of each first place: the one with the lowest second."""
    couples = np.concatenate(found)
    couples = couples[np.lexsort((couples[:, 1], couples[:, 0]))]
    return couples[np.unique(couples[:, 0], return_index=True)[1]]


def _same(ones: Tensor, others: Tensor) -> Couples:
    """Those of which every pixel is the same; of an empty image no correlation tells that."""
    first: dict[bytes, int] = {}
    for place, image in enumerate(others):
        first.setdefault(image.numpy().tobytes(), place)
    found = [(place, first.get(image.numpy().tobytes())) for place, image in enumerate(ones)]
    couples = [each for each in found if each[1] is not None]
    return np.array(couples, np.int64).reshape(-1, 2)


def _alike(ones: Tensor, others: Tensor, before: bool = False) -> Couples:
    """Rows of two sets of features whose product is above `COPY_ABOVE`.

    Unit vectors with that product are no further apart than √(2 − 2·`COPY_ABOVE`), and no further
    in any few directions: what is, is left out before all directions are multiplied.

    Args:
        ones: unit vectors, or zeros, shape (m, d).
        others: alike, shape (n, d).
        before: only those of `others` that come before the one of `ones`.
    """
    if ones.shape[1] < _FEWEST_NUMBERS:
        return np.zeros((0, 2), np.int64)
    spread = torch.linspace(0, len(others) - 1, min(_SPAN, len(others))).long()
    basis = torch.linalg.qr(others[spread].T)[0]
    seen, known = ones @ basis, others @ basis
    lengths, furthest = known.square().sum(1), 2 - 2 * COPY_ABOVE + _ROUNDING
    found = []
    for start in range(0, len(ones), _ROWS):
        part = slice(start, start + _ROWS)
        end = min(start + _ROWS, len(others)) if before else len(others)
        distance = torch.addmm(lengths[:end], seen[part], known[:end].T, alpha=-2)
        distance += seen[part].square().sum(1, keepdim=True)
        rows, columns = torch.nonzero(distance <= furthest, as_tuple=True)
        found.append(_confirmed(ones[part], others[:end], rows, columns) + np.array([[start, 0]]))
    return np.concatenate(found)


def _confirmed(ones: Tensor, others: Tensor, rows: Tensor, columns: Tensor) -> Couples:
    """Those couples of places whose features' product is above the threshold."""
    if len(rows) * 16 > len(ones) * len(others):
        rows, columns = torch.nonzero(ones @ others.T > COPY_ABOVE, as_tuple=True)
    else:
        parts = zip(torch.split(rows, _ROWS), torch.split(columns, _ROWS), strict=True)
        products = [(ones[i] * others[j]).sum(1) > COPY_ABOVE for i, j in parts]
        is_copy = torch.cat(products) if products else torch.zeros(0, dtype=torch.bool)
        rows, columns = rows[is_copy], columns[is_copy]
    return np.asarray(torch.stack([rows, columns], 1).numpy())
