"""Folders that a study's files lie in: of this machine, or at any address that fsspec knows."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

from engine.base.errors import UnusableInput
from engine.base.files import atomic_path

_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]+://")


class Place(Protocol):
    """A folder; names in it have slashes."""

    @property
    def name(self) -> str:
        """What it is called, for people."""

    @property
    def folder(self) -> Path | None:
        """Where it is on this machine; None where it is elsewhere."""

    def has(self, name: str) -> bool:
        """Whether there is such a file."""

    def names(self, folder: str) -> Iterable[str]:
        """Of the whole files in a folder of it; none where that is not there."""

    def read(self, name: str) -> bytes:
        """What is in a file; raises OSError."""

    def write(self, name: str, content: bytes) -> None:
        """Writes a file, whole or not at all; raises OSError."""

    def remove(self, name: str) -> None:
        """Removes a file, where there is one."""


def is_address(text: str) -> bool:
    """Whether a text is an address for fsspec, and no path."""
    return _ADDRESS.match(text) is not None


def place_of(address: str | Path) -> Place:
    """The folder at a path or an address.

    Raises:
        UnusableInput: what it takes to reach it is not installed.
    """
    text = str(address)
    return RemoteFolder(text) if is_address(text) else LocalFolder(Path(text))


class LocalFolder:
    """A folder of this machine."""

    def __init__(self, folder: Path) -> None:
        self.folder: Path | None = folder
        self._folder = folder

    @property
    def name(self) -> str:
        """Its path."""
        return str(self._folder)

    def has(self, name: str) -> bool:
        """Whether there is such a file."""
        return (self._folder / name).is_file()

    def names(self, folder: str) -> Iterable[str]:
        """Of the files in a folder of it; unfinished ones begin with a dot."""
        try:
            with os.scandir(self._folder / folder) as entries:
                return [each.name for each in entries if not each.name.startswith(".")]
        except FileNotFoundError:
            return []

    def read(self, name: str) -> bytes:
        """What is in a file."""
        path = self._folder / name
        if not path.is_file():  # A pipe would be waited for.
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path))
        return path.read_bytes()

    def write(self, name: str, content: bytes) -> None:
        """Writes a file, whole or not at all."""
        with atomic_path(self._folder / name) as temporary:
            temporary.write_bytes(content)

    def remove(self, name: str) -> None:
        """Removes a file, where there is one."""
        with suppress(OSError):
            (self._folder / name).unlink()


class RemoteFolder:
    """A folder at an address that fsspec knows; reached when it is asked for something."""

    folder: Path | None = None

    def __init__(self, address: str) -> None:
        self._address = address.rstrip("/")
        self._files, self._root = filesystem_of(self._address)

    @property
    def name(self) -> str:
        """Its address."""
        return self._address

    def has(self, name: str) -> bool:
        """Whether there is such a file."""
        return bool(self._files.isfile(f"{self._root}/{name}"))

    def names(self, folder: str) -> Iterable[str]:
        """Of the files in a folder of it."""
        self._files.invalidate_cache()
        try:
            found = self._files.ls(f"{self._root}/{folder}", detail=False)
        except FileNotFoundError:
            return []
        return [str(each).rstrip("/").rpartition("/")[2] for each in found]

    def read(self, name: str) -> bytes:
        """What is in a file."""
        return bytes(self._files.cat_file(f"{self._root}/{name}"))

    def write(self, name: str, content: bytes) -> None:
        """Writes a file; object stores show it when it is whole."""
        path = f"{self._root}/{name}"
        self._files.makedirs(path.rpartition("/")[0], exist_ok=True)
        self._files.pipe_file(path, content)

    def remove(self, name: str) -> None:
        """Removes a file, where there is one."""
        with suppress(OSError):
            self._files.rm_file(f"{self._root}/{name}")


def filesystem_of(address: str) -> tuple[Any, str]:
    """fsspec's file system for an address, and the path in it.

    Raises:
        UnusableInput: fsspec, or its package for such addresses, is not installed; or there are no
            such addresses.
    """
    try:
        import fsspec
    except ImportError as error:
        raise UnusableInput(
            f"{address} is an address, and what reads such is not installed.",
            "Install what requirements-cluster.txt names, or give a folder of this machine.",
        ) from error
    try:
        files, path = fsspec.core.url_to_fs(address)
    except ImportError as error:
        raise UnusableInput(
            f"What it takes to reach {address} is not installed: {error}.",
            "Install it, or give a folder of this machine.",
        ) from error
    except ValueError as error:
        raise UnusableInput(f"{address} cannot be reached: {error}.") from error
    return files, str(path)


def fetch(address: str) -> bytes:
    """What is in the file at an address that the user named.

    Raises:
        UnusableInput: it cannot be reached, or what it takes is not installed.
    """
    files, path = filesystem_of(address)
    try:
        return bytes(files.cat_file(path))
    except Exception as error:  # Each kind of address has errors of its own.
        raise UnusableInput(f"{address} cannot be read: {error}.") from error


def matching(address: str) -> list[str]:
    """The files at an address that may hold wildcards, in order of their names.

    Raises:
        UnusableInput: it cannot be reached, or what it takes is not installed.
    """
    files, path = filesystem_of(address)
    try:
        found = files.glob(path) if any(each in path for each in "*?[") else [path]
    except Exception as error:
        raise UnusableInput(f"{address} cannot be read: {error}.") from error
    return sorted(str(files.unstrip_protocol(each)) for each in found)
