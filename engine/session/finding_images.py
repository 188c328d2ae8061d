"""The images that a session was scored against, found again where they were.

The SHA-256 decides: what is merely called the same is not taken.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath

from engine.base.errors import UnusableInput
from engine.base.plain_text import counted, plain
from engine.data.catalogue import is_known
from engine.data.datasets import LabelledImages, load_images
from engine.data.folders import list_folder
from engine.data.inputs import InputShape
from engine.data.roles import Role
from engine.evidence.references import References
from engine.network.network import Network
from engine.session.image_sets import WORDS, ImageSet, ImageSets
from engine.session.session import Session

_ON_ANOTHER_MACHINE = ("\\\\", "//")
"""A path that begins so lies there; opening a file asks no server."""


@dataclass(frozen=True)
class MissingImages:
    """A set of images that was not found.

    Attributes:
        role: what they are to the run.
        found: what the session knows of them.
        has_changed: whether something else lies where they were.
    """

    role: Role
    found: ImageSet
    has_changed: bool

    @property
    def sentence(self) -> str:
        """Which they are, and what is the matter."""
        if self.found.origin.kind == "nowhere":
            what = counted(self.found.count, WORDS[self.role])
            return f"The run was scored against {what} that are in no file ({self.found.name})."
        return f"{self._which}, which the run was scored against, {self._matter}."

    @property
    def short_sentence(self) -> str:
        """The same, of images that no run was scored against yet."""
        return f"{self._which} {self._matter}."

    @property
    def _which(self) -> str:
        place, what = self.found.origin.place, counted(self.found.count, WORDS[self.role])
        return f"The {what} of {self.found.name}" + (f" ({plain(place)})" if place else "")

    @property
    def _matter(self) -> str:
        return "have changed since" if self.has_changed else "are not there any more"


@dataclass(frozen=True)
class FoundImages:
    """What was found of a session's images, and what was not."""

    train: LabelledImages | None = None
    control: LabelledImages | None = None
    missing: tuple[MissingImages, ...] = ()

    def references(self, network: Network) -> References | None:
        """What a run is scored against with them; None without training images."""
        return None if self.train is None else References.of(network, self.train, self.control)


def find_images(
    session: Session, beside: Path | None = None, root: Path | None = None
) -> FoundImages:
    """Reads a session's images: out of it, where they were, or where a file lies beside.

    Args:
        session: which knows of some, or of none.
        beside: a folder to look into for files of the same names.
        root: folder of the data sets that are known by name.
    """
    return find_sets(session.sets, session.network.input_shape, beside, root)


def find_missing(
    missing: tuple[MissingImages, ...], shape: InputShape, beside: Path
) -> FoundImages:
    """Looks for those that were not found in another folder."""
    sets = {each.role: each.found for each in missing}
    return find_sets(ImageSets(sets.get("train"), sets.get("control")), shape, beside)


def find_sets(
    sets: ImageSets,
    shape: InputShape | None = None,
    beside: Path | None = None,
    root: Path | None = None,
) -> FoundImages:
    """The same for images that are known of; see `find_images`.

    Args:
        sets: what is known of them.
        shape: (c, h, w) that a network reads, where there is one.
        beside: as above.
        root: alike.
    """
    found: dict[str, LabelledImages] = {}
    missing = []
    for role, each in sets.each():
        images, has_changed = _read(each, role, shape, beside, root)
        if images is None:
            missing.append(MissingImages(role, each, has_changed))
        else:
            found[role] = images
    return FoundImages(found.get("train"), found.get("control"), tuple(missing))


def _read(
    wanted: ImageSet,
    role: Role,
    shape: InputShape | None,
    beside: Path | None,
    root: Path | None,
) -> tuple[LabelledImages | None, bool]:
    """The images; or none, and whether there were others in their place."""
    if wanted.images is not None:
        return wanted.images, False
    has_changed = False
    for source in _places(wanted, beside):
        try:
            if isinstance(source, Path) and not _may_be(wanted, role, source):
                has_changed |= source.exists()
                continue
            images = load_images(source, shape, root, role)
        except (UnusableInput, OSError):
            continue
        if wanted.is_same_as(images):
            return images, False
        has_changed = True
    return None, has_changed


def _places(wanted: ImageSet, beside: Path | None) -> Iterator[str | Path]:
    """Where images may be: where they were, and beside what was opened."""
    origin = wanted.origin
    if origin.kind == "known" and is_known(origin.place):
        yield origin.place
    if not origin.is_path or not origin.place:
        return
    if not origin.place.startswith(_ON_ANOTHER_MACHINE) and Path(origin.place).is_absolute():
        yield Path(origin.place)
    name = PureWindowsPath(origin.place).name  # Takes either kind of slash.
    if beside is not None and name not in ("", "..") and "\0" not in name:
        yield beside / name


def _may_be(wanted: ImageSet, role: Role, path: Path) -> bool:
    """Whether it is worth reading: a stranger's session may name anything, of any size.

    Raises:
        OSError, UnusableInput: it cannot be looked at.
    """
    if wanted.origin.kind == "file":
        return path.is_file() and path.stat().st_size == wanted.origin.size
    if not path.is_dir():
        return False
    files = list_folder(path, role).files
    same_count = len(files) == wanted.count
    return same_count and sum(each.stat().st_size for each in files) == wanted.origin.size
