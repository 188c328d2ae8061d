"""What a file has to be before a reader touches it, and how much may come out of it.

A file of somebody else's may be a pipe that never ends, or small and claim to hold terabytes.
Every reader asks here first (docs/security.md).
"""

from __future__ import annotations

import io
import stat
import zipfile
from pathlib import Path

from engine.base.errors import UnusableInput

_FREELY = 256 << 20
_MOST_GROWTH = 10
_MOST_DIRECTORY = 4 << 20


def check_file(path: Path) -> int:
    """Makes sure that a path is an ordinary file that can be read; links are followed.

    A pipe would be waited for, and a device has no end, so neither is opened.

    Returns:
        Its size in bytes.

    Raises:
        UnusableInput: it is none; the message says what it is.
    """
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise UnusableInput(f"{path.name} is a folder; a file is needed here.")
        if not stat.S_ISREG(status.st_mode):
            raise UnusableInput(
                f"{path.name} is a pipe or a device, not a file; it is not opened.",
                "Store what it gives in a file first.",
            )
        path.open("rb").close()
    except FileNotFoundError as error:
        raise UnusableInput(f"{path} does not exist.") from error
    except (OSError, ValueError) as error:  # Python's word for a name with a null in it.
        reason = getattr(error, "strerror", None) or error
        raise UnusableInput(f"{path.name} cannot be read: {reason}.") from error
    return status.st_size


def check_unpacked(path: Path, unpacked: int) -> None:
    """Refuses what would fill the memory out of a small file.

    Weights and images grow little when they are unpacked. What stays below 256 MiB is let through,
    and beyond that ten times the size of the file.

    Args:
        path: a file that `check_file` has seen.
        unpacked: how many bytes it is going to take.

    Raises:
        UnusableInput: it is more than that.
    """
    if unpacked > max(_FREELY, _MOST_GROWTH * path.stat().st_size):
        raise UnusableInput(
            f"{path.name} unpacks to {unpacked / 2**20:,.0f} MiB, far more than it holds; it is "
            "not opened.",
            "Get the file again from where it was made.",
        )


def archive_entries(path: Path) -> list[zipfile.ZipInfo]:
    """What a zip archive says that it holds, checked with `check_unpacked`; nothing is unpacked.

    Raises:
        UnusableInput: it would unpack to too much.
        zipfile.BadZipFile, OSError, ValueError, and others: it is damaged, or no archive.
    """
    with _ShortReads(path) as file, zipfile.ZipFile(file) as archive:
        entries = archive.infolist()
    check_unpacked(path, sum(entry.file_size for entry in entries))
    return entries


class _ShortReads(io.FileIO):
    """A file that is not read in one large piece: a directory of millions of entries is refused."""

    def read(self, size: int | None = -1, /) -> bytes:
        """Reads so many bytes.

        Raises:
            zipfile.BadZipFile: they are more than an honest archive's directory takes.
        """
        if size is None or size > _MOST_DIRECTORY:
            raise zipfile.BadZipFile("the directory of the archive is too large")
        return super().read(size) or b""
