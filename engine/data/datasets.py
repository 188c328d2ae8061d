"""Real images and their labels: to train on, to compare with, and as controls.

A source is an `.npz` with `images` and `labels`, a folder with one subfolder a class, or the name
of a known data set: `mnist`, or one part of it, `mnist:test`. Rows of a table, which are vectors,
come from what `engine.data.tables` reads.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from engine.base.errors import UnusableInput
from engine.base.file_checks import archive_entries, check_file
from engine.base.files import atomic_path
from engine.base.plain_text import plain
from engine.data import catalogue, tables
from engine.data.array_files import IDX, TENSORS, what_is
from engine.data.array_images import tells_its_range
from engine.data.inputs import InputShape, is_vector, shape_in_words
from engine.data.labels import ClassRule, choose, parse_rule
from engine.data.nouns import nouns_of
from engine.data.origin import ImageOrigin
from engine.data.roles import Role
from engine.data.sources import Places, Source, open_source
from engine.data.tensor_files import holds_image_tensors
from engine.runtime.lazy import torch

if TYPE_CHECKING:
    from torch import Tensor

Couples = tuple[tuple[int, int], ...]
"""Places of two images in each."""

_NAMED = 8
"""Images of a sentence that are named one by one."""


@dataclass(frozen=True)
class LabelledImages:
    """Images with their class.

    Attributes:
        images: float32 in [0, 1], shape (n, c, h, w), c = 1 or 3; of vectors (n, 1, 1, d), in any
            unit.
        labels: class number of each image, int64, shape (n,); zeros where none were given.
        name: where they came from, for people.
        origin: the same for who wants to find them again.
        is_kept: whether sessions that were scored against them hold them.
        names: of each image, where each is a file; else none.
        said: what had to be understood to read them, for people; empty where all went by the book.
        copies: the places of images that are copies of one before them, each with that one's; None
            where nobody looked.
        apart: which of them were left out as a control, by whom; None where nobody looked.
        features: what the columns of a table are called; empty where nobody said.
        classes: what the source calls classes 0, 1, …; empty where nobody knows.
    """

    images: Tensor
    labels: Tensor
    name: str
    origin: ImageOrigin = field(default_factory=ImageOrigin)
    is_kept: bool = False
    names: tuple[str, ...] = ()
    said: str = ""
    copies: Couples | None = None
    apart: Apart | None = None
    features: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.images)

    @property
    def signs(self) -> Tensor:
        """Labels 0 and 1 as −1 and +1, float64, shape (n,)."""
        return self.labels.double() * 2 - 1


@dataclass(frozen=True)
class Apart:
    """How a control was kept apart from training images.

    Attributes:
        train: the training images that it was compared with.
        whole: the control as it was before.
        left_out: the places in it of training images, each with the place among those.
    """

    train: LabelledImages
    whole: LabelledImages
    left_out: Couples

    @property
    def sentence(self) -> str:
        """Which images were left out; empty where none were."""
        if not self.left_out:
            return ""
        called = [_called(self.whole, place) for place, _ in self.left_out[:_NAMED]]
        more = len(self.left_out) - len(called)
        them = ", ".join(called) + (f" and {more:,} more" if more else "")
        nouns, is_one = nouns_of(self.whole.images.shape[1:]), len(self.left_out) == 1
        return (
            f"{len(self.left_out):,} {nouns.one if is_one else nouns.several} of the "
            f"{len(self.whole):,} in the control {self.whole.name} "
            f"{f'is a training {nouns.one}' if is_one else f'are training {nouns.several}'} and "
            f"left out of it: {them}."
        )


def _called(images: LabelledImages, place: int) -> str:
    return plain(images.names[place]) if images.names else f"number {place:,}"


@dataclass(frozen=True)
class Selection:
    """What to take from a source.

    Attributes:
        rule: the classes, as `engine.data.labels` reads them; empty for the source's own.
        per_class: images of each; 0 takes all.
        seed: None takes the first that come, as the paper does; a number draws with that seed.
        class_names: the user's own, as many as classes; empty for those of the rule.

    Raises:
        UnusableInput: a number below 0.
    """

    rule: str = ""
    per_class: int = 50
    seed: int | None = None
    class_names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.per_class < 0 or (self.seed is not None and self.seed < 0):
            raise UnusableInput(
                "Images a class, and the seed they are drawn with, are not below 0."
            )


@dataclass(frozen=True)
class TrainingData:
    """What a network is trained on.

    Attributes:
        train: the images to train on; labels 0 … K − 1.
        control: as many others of the same classes, which it never sees; None if there are none.
        test: images to measure accuracy on; None if there are none.
        label_names: of the K classes.
        description: where the images come from, in a sentence that could be followed.
    """

    train: LabelledImages
    control: LabelledImages | None
    test: LabelledImages | None
    label_names: tuple[str, ...]
    description: str

    @property
    def counts(self) -> tuple[int, ...]:
        """How many images of each class there are to train on."""
        counts = torch.bincount(self.train.labels, minlength=len(self.label_names))
        return tuple(counts.tolist())

    @property
    def classes(self) -> str:
        """`odd against even`, or `10 classes (0, 1, 2, …, 9)`."""
        return _against(self.label_names)


def load_images(
    source: str | Path,
    shape: InputShape | None = None,
    root: Path | None = None,
    role: Role = "train",
) -> LabelledImages:
    """Reads all images of a source.

    Args:
        source: see above.
        shape: (c, h, w) that the network reads. Images in a folder are turned into that number
            of channels; no image is resized.
        root: folder of the known data sets; the cache if None.
        role: decides which part is meant where a source holds one to train on and one for tests.

    Raises:
        UnusableInput: the source cannot be read, or its images are not of that size.
    """
    opened = open_source(source, shape, root, role)
    images, said = opened.read(np.arange(len(opened.labels)))
    if shape is not None and is_vector(shape) and images[0].numel() == shape[2]:
        images = images.reshape(-1, *shape)
    if shape is not None and tuple(images.shape[1:]) != shape:
        have, want = shape_in_words(images.shape[1:]), shape_in_words(shape)
        raise UnusableInput(
            f"The {nouns_of(images.shape[1:]).several} in {opened.name} are {have}, but the "
            f"network reads {want}.",
            "Give them as they went into training, or correct the network's input shape.",
        )
    return LabelledImages(
        images,
        torch.from_numpy(opened.labels),
        opened.name,
        opened.origin(),
        names=opened.files,
        said="; ".join(each for each in (opened.said, said) if each),
        features=opened.features,
        classes=opened.classes,
    )


def training_data(
    source: str | Path, selection: Selection, root: Path | None = None, test: str | None = None
) -> TrainingData:
    """Classes of images to train on, with a control and test images where there are some.

    The control is drawn as the training images are, and is what would have come next. The test
    images are the test part of a known data set, or those of `test`: at most 500 of each class.

    Args:
        source: see above.
        selection: which of its images.
        root: folder of the known data sets; the cache if None.
        test: a source for test images, whose classes have the same names.

    Raises:
        UnusableInput: a source cannot be read, or has not as many images.
    """
    opened = open_source(source, root=root)
    rule = parse_rule(selection.rule, opened.classes, opened.labels)
    rule = rule.called(selection.class_names)
    numbers = rule.numbers(opened.labels)
    chosen = choose(numbers, rule.count, selection.per_class, selection.seed)
    train = _take(opened, numbers, chosen)
    shape: InputShape = (train.images.shape[1], train.images.shape[2], train.images.shape[3])
    control = None
    left = _fewest(numbers, rule.count) - selection.per_class
    if selection.per_class and left > 0:
        count = min(left, selection.per_class)
        places = choose(numbers, rule.count, count, selection.seed, skip=selection.per_class)
        control = _take(opened, numbers, places)
    if test is None and catalogue.is_known(str(source)) and ":" not in str(source):
        test = f"{source}:test"
    drawn = "the first that come" if selection.seed is None else f"drawn with {selection.seed}"
    return TrainingData(
        train,
        control,
        None if test is None else _test_images(test, rule, opened.classes, shape, root),
        rule.names,
        f"{opened.name}, {_against(rule.names)}, {len(train)} {nouns_of(shape).several}, {drawn}",
    )


def save_images(images: LabelledImages, path: Path) -> None:
    """Writes an `.npz` that `load_images` reads; 8 bits a pixel, 32 a feature or a dark pixel.

    Raises:
        OSError: it cannot be written; what stood there before is untouched.
    """
    labels = _compact(images.labels.numpy())
    arrays: dict[str, Any] = {}
    if is_vector(images.images.shape[1:]):
        arrays = tables.table_arrays(images.images, labels, images.features)
    else:
        pixels = (images.images * 255).round().to(torch.uint8).numpy()
        arrays["images"] = pixels if tells_its_range(pixels) else images.images.numpy()
        arrays["labels"] = labels
    with atomic_path(path) as temporary:
        np.savez_compressed(temporary, **arrays)


def holds_images(path: Path) -> bool:
    """Whether a dropped path is a set of images, or of rows, rather than a network."""
    suffix = path.suffix.lower()
    if IDX.fullmatch(path.name) or suffix == ".csv":
        return path.is_file()
    if suffix == ".npy":
        return _has_rows(path)
    if suffix in TENSORS:
        return _has_image_tensors(path)
    if suffix != ".npz":
        return os.path.isdir(path)  # noqa: PTH112  (the path's own fails on impossible names)
    try:
        if path.is_dir():
            return True
        check_file(path)
        names = [entry.filename.removesuffix(".npy") for entry in archive_entries(path)]
        return any(what_is(name)[1] == "images" for name in names) or tables.holds_rows(path)
    except Exception:  # Whatever is no archive is no set of images.
        return False


def _has_image_tensors(path: Path) -> bool:
    try:
        return holds_image_tensors(path)
    except Exception:  # As above; a folder of this name is one of images.
        return os.path.isdir(path)  # noqa: PTH112


def _has_rows(path: Path) -> bool:
    """Whether an array has images or rows in it, and not numbers alone."""
    try:
        check_file(path)
        return bool(np.load(path, mmap_mode="r", allow_pickle=False).ndim > 1)
    except Exception:  # As above.
        return False


_MOST_TEST_IMAGES = 500
_NAMED_CLASSES = 4


def _take(source: Source, numbers: Places, places: Places) -> LabelledImages:
    """The images at some places, by class numbers of a rule."""
    labels = torch.from_numpy(numbers[places])
    return LabelledImages(source.read(places)[0], labels, source.name, features=source.features)


def _fewest(numbers: Places, classes: int) -> int:
    """How many images there are of the class that has fewest."""
    return min(int((numbers == number).sum()) for number in range(classes))


def _against(names: tuple[str, ...]) -> str:
    """`odd against even`, or `10 classes (0, 1, 2, …, 9)`."""
    if len(names) == 2:
        return f"{names[0]} against {names[1]}"
    shown = (
        names if len(names) <= _NAMED_CLASSES else (*names[: _NAMED_CLASSES - 1], "…", names[-1])
    )
    return f"{len(names)} classes ({', '.join(shown)})"


def _compact(labels: Places) -> NDArray[np.generic]:
    """The same numbers in as few bytes as hold the largest."""
    return labels.astype(np.min_scalar_type(int(labels.max(initial=0))))


def _test_images(
    test: str, rule: ClassRule, classes: tuple[str, ...], shape: InputShape, root: Path | None
) -> LabelledImages:
    opened = open_source(test, shape, root)
    numbers = rule.among(classes, opened.classes).numbers(opened.labels)
    count = min(_MOST_TEST_IMAGES, _fewest(numbers, rule.count))
    if count == 0:
        raise UnusableInput(f"{opened.name} has no test images of one of the classes.")
    found = _take(opened, numbers, choose(numbers, rule.count, count, None))
    if tuple(found.images.shape[1:]) != shape:
        raise UnusableInput(f"The test images in {opened.name} are of another size.")
    return found
