"""What a session keeps of the images that its run was scored against, and of the score itself."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import PureWindowsPath
from typing import Annotated

import msgspec

from engine.base.json_text import Count
from engine.data.datasets import Couples, LabelledImages
from engine.data.origin import ImageOrigin, OriginKind
from engine.data.roles import Role

ROLES: tuple[Role, Role] = ("train", "control")
WORDS = {"train": "training images", "control": "control images"}

_LONGEST_NAME, _LONGEST_PLACE = 1000, 4096

_MOST_COPIED = 16 << 20
"""Numbers in images that copies hold: writing more every few seconds would be felt by the run."""

Sha256 = Annotated[str, msgspec.Meta(pattern=r"\A([0-9a-f]{64})?\Z")]
"""Empty for what is in no file."""


class ImagesSaid(msgspec.Struct, frozen=True):
    """What the header of a session says of one set of images.

    Attributes:
        name: for people.
        count: how many there are.
        kind: what the place is.
        place: as in `ImageOrigin`.
        sha256: alike.
        size: alike.
        is_kept: whether the images themselves are in the session.
        left_out: places in a control of training images, each with the place among those.
    """

    name: Annotated[str, msgspec.Meta(max_length=_LONGEST_NAME)]
    count: Annotated[int, msgspec.Meta(ge=1)]
    kind: OriginKind
    place: Annotated[str, msgspec.Meta(max_length=_LONGEST_PLACE)]
    sha256: Sha256
    size: Count
    is_kept: bool = False
    left_out: tuple[tuple[Count, Count], ...] = ()


class SetsSaid(msgspec.Struct, frozen=True):
    """What the header says of both sets."""

    train: ImagesSaid | None
    control: ImagesSaid | None


@dataclass(frozen=True)
class ImageSet:
    """Images that a run was scored against.

    Attributes:
        name: for people.
        count: how many there were.
        origin: where they were.
        images: themselves, where they are at hand: of a control the whole.
        is_kept: whether they are to stay in the session's file.
        left_out: places of those that are training images and were not scored against, each with
            the place among those.
    """

    name: str
    count: int
    origin: ImageOrigin
    images: LabelledImages | None = None
    is_kept: bool = False
    left_out: Couples = ()

    @classmethod
    def of(cls, images: LabelledImages) -> ImageSet:
        """A set that is at hand."""
        apart = images.apart
        whole = images if apart is None else apart.whole
        left_out = () if apart is None else apart.left_out
        return cls(whole.name, len(whole), whole.origin, whole, whole.is_kept, left_out)

    @property
    def scored(self) -> int:
        """How many of them are scored against."""
        return self.count - len(self.left_out)

    def is_same_as(self, images: LabelledImages) -> bool:
        """Whether some images come from what has the same SHA-256."""
        return self.origin.sha256 == images.origin.sha256 != ""


@dataclass(frozen=True)
class ImageSets:
    """The training images and the control of a run, so far as there were any."""

    train: ImageSet | None = None
    control: ImageSet | None = None

    @classmethod
    def of(cls, train: LabelledImages | None, control: LabelledImages | None) -> ImageSets:
        """Sets that are at hand."""
        return cls(
            None if train is None else ImageSet.of(train),
            None if control is None else ImageSet.of(control),
        )

    def each(self) -> tuple[tuple[Role, ImageSet], ...]:
        """Those that there are, by their role."""
        both: tuple[tuple[Role, ImageSet | None], ...] = (
            ("train", self.train),
            ("control", self.control),
        )
        return tuple((role, found) for role, found in both if found is not None)

    def beside(self, earlier: ImageSets) -> ImageSets:
        """The same, with the control of before where the training images are those of before.

        A control that cannot be found now is not forgotten.
        """
        ours, theirs = self.train, earlier.train
        is_same = ours is not None and theirs is not None and ours.origin == theirs.origin
        return replace(self, control=earlier.control) if is_same and not self.control else self

    def places(self) -> ImageSets:
        """The same, not at hand: where they are, and nothing else."""
        return ImageSets(_away(self.train), _away(self.control))

    def kept(self) -> ImageSets:
        """The same, to be kept in the session's file so far as they are at hand."""
        return ImageSets(_to_be_kept(self.train), _to_be_kept(self.control))

    def for_copy(self) -> ImageSets:
        """The same for a copy against crashes: what is in no file would be lost without it."""
        return ImageSets(_kept_if_nowhere(self.train), _kept_if_nowhere(self.control))

    def given_away(self) -> ImageSets:
        """The same without a path of this machine, and without an image."""
        return ImageSets(_given_away(self.train), _given_away(self.control))


def _away(found: ImageSet | None) -> ImageSet | None:
    return None if found is None else replace(found, images=None, is_kept=False)


def _to_be_kept(found: ImageSet | None) -> ImageSet | None:
    return None if found is None else replace(found, is_kept=found.images is not None)


def _kept_if_nowhere(found: ImageSet | None) -> ImageSet | None:
    if found is None or found.images is None or found.origin.kind != "nowhere":
        return found
    return _to_be_kept(found) if found.images.images.numel() <= _MOST_COPIED else found


def _given_away(found: ImageSet | None) -> ImageSet | None:
    if found is None:
        return None
    origin = found.origin
    if origin.is_path:
        # The name alone, so that it is found where it lies beside the session.
        origin = replace(origin, place=PureWindowsPath(origin.place).name)
    return replace(found, origin=origin, is_kept=False)
