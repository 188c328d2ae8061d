"""Images and matches in a session's file: as tensors, and back once they were looked at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.base.plain_text import plain
from engine.data.datasets import LabelledImages
from engine.data.image_files import LARGEST_LABEL, MAX_NUMBERS, unit_floats
from engine.data.inputs import InputShape, is_vector
from engine.data.origin import ImageOrigin
from engine.data.roles import Role
from engine.evidence.scoring import Evidence, Matches, Scored
from engine.runtime.lazy import torch
from engine.session.image_sets import ImageSet, ImageSets, ImagesSaid, SetsSaid

if TYPE_CHECKING:
    from torch import Tensor

_LIKENESS = 1.001
"""No correlation is beyond 1, but for what rounding adds."""


def said_of(sets: ImageSets) -> SetsSaid | None:
    """What the header says of the images; None where there were none."""
    found = dict(sets.each())
    return SetsSaid(_said(found.get("train")), _said(found.get("control"))) if found else None


def image_tensors(sets: ImageSets, score: Evidence | None) -> dict[str, Tensor]:
    """Images that are to be kept, and matches with those that the header knows, as tensors."""
    tensors: dict[str, Tensor] = {}
    for role, found in sets.each():
        if found.is_kept and found.images is not None:
            # Copies, because one set may stand for both, and a file holds no tensor twice.
            tensors[f"images.{role}"] = _compact(found.images.images).clone()
            tensors[f"images.{role}.labels"] = found.images.labels.clone()
        matches = None if score is None else _of_role(score, role)
        if matches is not None:
            columns = [matches.candidate, matches.reference, matches.ssim, matches.ncc]
            columns += [] if matches.cosine is None else [matches.cosine]
            tensors[f"matches.{role}"] = torch.from_numpy(np.column_stack(columns).astype(float))
    return tensors


def read_sets(said: SetsSaid | None, tensors: Mapping[str, Tensor], shape: InputShape) -> ImageSets:
    """The images that a session was scored against; those that it holds are at hand.

    Raises:
        ValueError, KeyError: header and tensors do not belong together.
    """
    if said is None:
        return ImageSets()
    _check_left_out(said)
    return ImageSets(
        _read_set(said.train, "train", tensors, shape),
        _read_set(said.control, "control", tensors, shape),
    )


def places_of(said: SetsSaid | None) -> ImageSets:
    """Images that are known of, and that no tensor holds.

    Raises:
        ValueError: one is said to be held.
    """
    if said is None:
        return ImageSets()
    if any(each is not None and each.is_kept for each in (said.train, said.control)):
        raise ValueError("images are nowhere but where they were")
    return ImageSets(
        None if said.train is None else _known(said.train),
        None if said.control is None else _known(said.control),
    )


def read_score(
    sets: ImageSets, tensors: Mapping[str, Tensor], candidates: int, is_colour: bool, scored: Scored
) -> Evidence | None:
    """The score of each image; None where the session holds none.

    Args:
        sets: what was scored against.
        tensors: of the session.
        candidates: of all restarts.
        is_colour: decides on the measure.
        scored: the same in numbers.

    Raises:
        ValueError: the matches are none of so many candidates with so many images.
    """

    def read(role: Role, found: ImageSet | None) -> Matches | None:
        rows = tensors.get(f"matches.{role}")
        if rows is None or found is None:
            return None
        return _matches(rows, candidates, found.scored, is_colour)

    train, control = read("train", sets.train), read("control", sets.control)
    left_out = 0 if control is None or sets.control is None else len(sets.control.left_out)
    return (
        None
        if train is None
        else Evidence(train, control, scored.train.rule, left_out, scored.lineup)
    )


def _of_role(score: Evidence, role: Role) -> Matches | None:
    return score.train if role == "train" else score.control


def _said(found: ImageSet | None) -> ImagesSaid | None:
    if found is None:
        return None
    origin = found.origin
    holds = found.is_kept and found.images is not None
    return ImagesSaid(
        found.name,
        found.count,
        origin.kind,
        origin.place,
        origin.sha256,
        origin.size,
        holds,
        found.left_out,
    )


def _compact(images: Tensor) -> Tensor:
    """Eight bits a number where they say it all, as they do of most images; else float32."""
    levels = (images * 255).round().to(torch.uint8)
    return levels if torch.equal(levels.float() / 255, images) else images.float()


def _read_set(
    said: ImagesSaid | None, role: Role, tensors: Mapping[str, Tensor], shape: InputShape
) -> ImageSet | None:
    if said is None:
        return None
    known = _known(said)
    if not said.is_kept:
        return known
    pixels, labels = tensors[f"images.{role}"], tensors[f"images.{role}.labels"]
    _check_images(pixels, labels, (said.count, *shape))
    floats = unit_floats(pixels.numpy())
    images = LabelledImages(floats, labels, known.name, known.origin, is_kept=True)
    return replace(known, images=images, is_kept=True)


def _known(said: ImagesSaid) -> ImageSet:
    origin = ImageOrigin(said.kind, said.place, said.sha256, said.size)
    return ImageSet(plain(said.name), said.count, origin, left_out=said.left_out)


def _check_left_out(said: SetsSaid) -> None:
    """Holds what was left out of a control to places that there are.

    Raises:
        ValueError: they are none.
    """
    control, train = said.control, said.train
    left_out = () if control is None else control.left_out
    count, of = 0 if control is None else control.count, 0 if train is None else train.count
    places = [place for place, _ in left_out]
    if train is not None and train.left_out:
        raise ValueError("nothing is left out of training images")
    if places != sorted({*places}) or len(places) > max(0, count - 1):
        raise ValueError("what was left out does not rise, or is all there is")
    if any(place >= count or other >= of for place, other in left_out):
        raise ValueError("an image was left out that is not there")


def _check_images(pixels: Tensor, labels: Tensor, shape: tuple[int, ...]) -> None:
    """Holds images to what `engine.data.image_files.read_npz` holds those of an `.npz` to."""
    fits = [
        tuple(pixels.shape) == shape,
        pixels.numel() <= MAX_NUMBERS,
        pixels.dtype in (torch.uint8, torch.float32),
        pixels.dtype == torch.uint8 or _is_in_range(pixels),
        labels.dtype == torch.int64,
        tuple(labels.shape) == shape[:1],
        int(labels.min()) >= 0,
        int(labels.max()) <= LARGEST_LABEL,
    ]
    if not all(fits):
        raise ValueError("the images in the session are none")


def _is_in_range(pixels: Tensor) -> bool:
    """Whether they are in [0, 1]; the features of a table's rows only have to be numbers."""
    if is_vector(pixels.shape[1:]):
        return bool(torch.isfinite(pixels).all())
    return bool(((pixels >= 0) & (pixels <= 1)).all())


def _matches(rows: Tensor, candidates: int, count: int, is_colour: bool) -> Matches:
    if rows.dtype != torch.float64 or rows.dim() != 2 or rows.shape[1] not in (4, 5):
        raise ValueError("matches have four columns, of embeddings five")
    if not bool(torch.isfinite(rows).all()):
        raise ValueError("a match is no number")
    table = rows.numpy()
    ssim, ncc = table[:, 2].copy(), table[:, 3].copy()
    cosine = table[:, 4].copy() if table.shape[1] == 5 else None
    if len(table) and np.abs(table[:, 2:]).max() > _LIKENESS:
        raise ValueError("a likeness beyond 1")
    which, of = _places(table[:, 0], candidates), _places(table[:, 1], count)
    return Matches(which, of, ssim, ncc, is_colour, count, cosine)


def _places(column: NDArray[np.float64], count: int) -> NDArray[np.int64]:
    """Whole numbers from 0 up to a count, each but once."""
    places: NDArray[np.int64] = column.astype(np.int64)
    is_whole = bool((places == column).all())
    if not is_whole or len(np.unique(places)) < len(places):
        raise ValueError("matches are one to one")
    if len(places) and not (places.min() >= 0 and places.max() < count):
        raise ValueError("a match of something that is not there")
    return places
