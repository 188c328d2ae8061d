"""The files that a study needs: found where they are, fetched from elsewhere, or written for it."""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path

from engine.base.errors import UnusableInput
from engine.base.files import sha256_of
from engine.data.datasets import LabelledImages, save_images
from engine.study import places
from engine.study.store import IMAGES, Store
from engine.study.study import File

ID_DIGITS = 20
"""Hexadecimal digits of an id."""


class Gathering:
    """Finds each file once.

    Attributes:
        files: what was found, by where it is.
    """

    def __init__(self, folder: Path, store: Store) -> None:
        """
        Args:
            folder: what relative paths start from.
            store: where the study lies.
        """
        self.files: dict[str, File] = {}
        self._folder, self._store = folder, store
        self._known = _known(store)

    def source(self, source: str) -> str:
        """A path from where the plan lies, where there is such a one; else a name as it is."""
        path = self._folder / source
        return str(path) if not places.is_address(source) and path.exists() else source

    def file(self, address: str, folder: str) -> File:
        """A file of this machine as it lies there; one of elsewhere is fetched, once."""
        if address in self.files:
            return self.files[address]
        if not places.is_address(address):
            path = Path(address)
            file = File(path.name, sha256_of(path), str(path.resolve()))
        else:
            before = self._known.get(address)
            is_kept = before is not None and self._store.place.has(before.place)
            file = before if before is not None and is_kept else self._fetched(address, folder)
        self.files[address] = file
        return file

    def _fetched(self, address: str, folder: str) -> File:
        content = places.fetch(address)
        name = address.rpartition("/")[2]
        sha256 = hashlib.sha256(content).hexdigest()
        place = f"{folder}/{sha256[:ID_DIGITS]}{Path(name).suffix}"
        self._store.place.write(place, content)
        return File(name, sha256, place, address)

    def kept(self, images: LabelledImages) -> File:
        """Images as the study's folder holds them."""
        pixels = _sha256_of_pixels(images)
        place = f"{IMAGES}/{pixels[:ID_DIGITS]}.npz"
        if place not in self.files:
            if not self._store.place.has(place):
                self._store.place.write(place, _as_npz(images))
            content = self._store.place.read(place)
            sha256 = hashlib.sha256(content).hexdigest()
            self.files[place] = File(f"{pixels[:8]}.npz", sha256, place, pixels=pixels)
        return self.files[place]

    def path(self, file: File) -> Path:
        """A file on this machine."""
        if Path(file.place).is_absolute() or self._store.place.folder is not None:
            return (self._store.place.folder or Path()) / file.place
        raise UnusableInput(
            f"{file.name} reads images of a shape that is not known before it is fetched.",
            "Give its images as an .npz.",
        )


def _known(store: Store) -> dict[str, File]:
    """What was fetched before, by its address."""
    try:
        study = store.read()
    except UnusableInput:
        return {}
    return {file.source: file for file in study.files if file.source}


def _sha256_of_pixels(images: LabelledImages) -> str:
    digest = hashlib.sha256(repr(tuple(images.images.shape)).encode())
    digest.update(images.images.numpy().tobytes())
    digest.update(images.labels.numpy().tobytes())
    return digest.hexdigest()


def _as_npz(images: LabelledImages) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "images.npz"
        save_images(images, path)
        return path.read_bytes()
