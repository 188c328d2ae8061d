"""The data sets that are known by name, read by torchvision's own code.

Nothing is fetched unless `download` is called. It gets the original archives from where
torchvision knows them to be, checks them, and lays them where torchvision looks for them.
"""

from __future__ import annotations

import hashlib
import urllib.error
import urllib.request
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from platformdirs import user_cache_path

from engine.base.errors import UnusableInput
from engine.base.files import atomic_path
from engine.base.progress import Progress, unheard
from engine.base.version import VERSION

Bytes = NDArray[np.uint8]

_DIGITS = tuple(str(n) for n in range(10))
_CHUNK_BYTES = 1 << 16
_TIMEOUT_SECONDS = 10.0
_PARTS = ("train", "test")


class NotThere(UnusableInput):
    """A known data set has not been downloaded yet, or is damaged."""


@dataclass(frozen=True)
class KnownDataset:
    """A data set that torchvision reads.

    Attributes:
        title: for people.
        torchvision_name: of the class in `torchvision.datasets`.
        shape: (c, h, w) of its images.
        classes: names of classes 0, 1, …
        megabytes: to download.
        rule: the two classes that suggest themselves.
    """

    title: str
    torchvision_name: str
    shape: tuple[int, int, int]
    classes: tuple[str, ...]
    megabytes: int
    rule: str


KNOWN: dict[str, KnownDataset] = {
    "mnist": KnownDataset("MNIST", "MNIST", (1, 28, 28), _DIGITS, 12, "odd/even"),
    "fashion-mnist": KnownDataset(
        "Fashion-MNIST",
        "FashionMNIST",
        (1, 28, 28),
        (
            "T-shirt/top",
            "trouser",
            "pullover",
            "dress",
            "coat",
            "sandal",
            "shirt",
            "sneaker",
            "bag",
            "ankle boot",
        ),
        31,
        "sandal, sneaker, ankle boot vs T-shirt/top, pullover, coat, shirt",
    ),
    "kmnist": KnownDataset(
        "KMNIST",
        "KMNIST",
        (1, 28, 28),
        ("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"),
        21,
        "odd/even",
    ),
    "svhn": KnownDataset("SVHN", "SVHN", (3, 32, 32), _DIGITS, 182, "odd/even"),
    "cifar10": KnownDataset(
        "CIFAR-10",
        "CIFAR10",
        (3, 32, 32),
        (
            "airplane",
            "automobile",
            "bird",
            "cat",
            "deer",
            "dog",
            "frog",
            "horse",
            "ship",
            "truck",
        ),
        171,
        "vehicles/animals",
    ),
}


@dataclass(frozen=True)
class _Archive:
    """A file to fetch: where from, where to, and its MD5 as torchvision knows it."""

    urls: tuple[str, ...]
    path: Path
    md5: str


def cache_folder() -> Path:
    """Where data sets are kept if the user names no other folder."""
    return user_cache_path("Afterimage", "Afterimage") / "datasets"


def is_known(source: str) -> bool:
    """Whether a source names a data set (`mnist`) or a part of it (`mnist:test`)."""
    name, _, part = source.lower().partition(":")
    return name in KNOWN and part in ("", *_PARTS)


def is_present(name: str, root: Path) -> bool:
    """Whether both parts of a data set lie in `root`, whole."""
    try:
        for part in _PARTS:
            _open(name, root, part, unpack=False)
    except Exception:  # Whatever damaged files make torchvision raise.
        return False
    return True


def load(name: str, root: Path, part: str = "train") -> tuple[Bytes, NDArray[np.int64]]:
    """Reads one part of a data set.

    Args:
        name: a key of `KNOWN`.
        root: folder with the data as torchvision lays it out.
        part: `train` or `test`.

    Returns:
        uint8 images (n, c, h, w), and class numbers (n,).

    Raises:
        NotThere: it is not there, or damaged.
    """
    known = KNOWN[name]
    try:
        dataset = _open(name, root, part, unpack=False)
    except Exception as error:  # As above.
        raise NotThere(
            f"{known.title} is not in {root}, or not whole; it can be downloaded "
            f"({known.megabytes} MB)."
        ) from error
    images = np.asarray(dataset.data)
    labels = np.asarray(dataset.labels if name == "svhn" else dataset.targets, dtype=np.int64)
    if images.ndim == 3:
        images = images[:, None]
    elif images.shape[-1] == 3:
        images = np.moveaxis(images, 3, 1)
    return images, labels


def download(name: str, root: Path, progress: Progress = unheard) -> None:
    """Fetches a data set; the one thing in the engine that uses the network.

    Args:
        name: a key of `KNOWN`.
        root: folder to put it in, laid out as torchvision does.
        progress: told the share that is done; raises `Cancelled` to stop, which leaves no half
            file behind.

    Raises:
        UnusableInput: no server answers, or what it sends is not the data set.
        OSError: the folder cannot be written to.
    """
    archives = _archives(name, root)
    for index, archive in enumerate(archives):
        low, high = index / len(archives), (index + 1) / len(archives)
        progress(low)
        if not _is_whole(archive):
            _fetch(archive, KNOWN[name].title, _within(progress, low, high))
    if not is_present(name, root):
        _unpack(name, root, archives)
    progress(1.0)


def _unpack(name: str, root: Path, archives: list[_Archive]) -> None:
    """Lets torchvision unpack the archives; what an earlier attempt left half unpacked goes."""
    for archive in archives:
        if archive.path.suffix == ".gz" and archive.path.parent.name == "raw":
            archive.path.with_suffix("").unlink(missing_ok=True)
    try:
        for part in _PARTS:
            _open(name, root, part, unpack=True)
    except OSError:
        raise
    except Exception as error:  # As above.
        raise UnusableInput(
            f"{KNOWN[name].title} could not be unpacked in {root}; delete it there and try again."
        ) from error


def _within(progress: Progress, low: float, high: float) -> Progress:
    """Progress of a part of the work, as progress of the whole."""
    return lambda share: progress(low + share * (high - low))


def _open(name: str, root: Path, part: str, unpack: bool) -> Any:
    """torchvision's data set; `unpack` lets it unpack archives that lie where it looks."""
    import torchvision  # Takes a second to load, and few commands need it.

    kind = getattr(torchvision.datasets, KNOWN[name].torchvision_name)
    if name == "svhn":
        return kind(str(root), split=part, download=unpack)
    return kind(str(root), train=part == "train", download=unpack)


def _archives(name: str, root: Path) -> list[_Archive]:
    """What to fetch, as torchvision's class says."""
    import torchvision

    kind = getattr(torchvision.datasets, KNOWN[name].torchvision_name)
    if name == "svhn":
        lists = (kind.split_list[part] for part in _PARTS)
        return [_Archive((url,), root / file, md5) for url, file, md5 in lists]
    if name == "cifar10":
        return [_Archive((kind.url,), root / kind.filename, kind.tgz_md5)]
    raw = root / kind.__name__ / "raw"
    return [
        _Archive(tuple(mirror + file for mirror in kind.mirrors), raw / file, md5)
        for file, md5 in kind.resources
    ]


def _is_whole(archive: _Archive) -> bool:
    if not archive.path.is_file():
        return False
    with archive.path.open("rb") as file:
        return hashlib.file_digest(file, _md5).hexdigest() == archive.md5


def _md5() -> Any:
    """torchvision knows its archives by MD5; machines with strict rules allow it for that."""
    return hashlib.md5(usedforsecurity=False)


def _fetch(archive: _Archive, title: str, progress: Progress) -> None:
    """Fetches one file from the first place that has it."""
    reason = ""
    for url in archive.urls:
        try:
            with atomic_path(archive.path) as temporary:
                _receive(url, temporary, archive.md5, progress)
            return
        except (urllib.error.URLError, HTTPException, TimeoutError, ConnectionError) as error:
            reason = str(getattr(error, "reason", error)) or type(error).__name__
        except _Damaged:
            reason = "what arrived is not what it should be"
    raise UnusableInput(
        f"{title} could not be downloaded ({reason}). Try again later, or put its files into "
        f"{archive.path.parent}."
    )


class _Damaged(Exception):
    """What arrived has another checksum."""


def _receive(url: str, path: Path, md5: str, progress: Progress) -> None:
    request = urllib.request.Request(url, headers={"User-Agent": f"Afterimage/{VERSION}"})
    digest = _md5()
    with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS) as response:
        total = int(response.headers.get("Content-Length") or 0)
        received = 0
        with path.open("wb") as file:
            while chunk := response.read(_CHUNK_BYTES):
                file.write(chunk)
                digest.update(chunk)
                received += len(chunk)
                progress(min(received / total, 1.0) if total else 0.0)
    if digest.hexdigest() != md5:
        raise _Damaged
