"""Writing files so that a failure loses nothing that stood there before; reading tensors back."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

_MOST_HEADER = 16 << 20
_LONGEST_STEM = 40


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """A temporary path beside `path` that takes its place if, and only if, all goes well.

    Creates the folder if need be. On any error the temporary file is removed and whatever
    stood at `path` stays as it was. A link at `path` is replaced; what it points to is untouched.

    Raises:
        OSError: the folder cannot be written to, or the disk is full; it names `path`.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # Nobody can foresee the name and lay a link there, and a long one has room for it.
    name = f".{path.stem[:_LONGEST_STEM]}.{secrets.token_hex(8)}{path.suffix}"
    temporary = path.with_name(name)
    try:
        temporary.open("xb").close()
        yield temporary
        temporary.replace(path)
    except BaseException as error:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        if isinstance(error, OSError):
            _name(error, path, temporary)
        raise


def _name(error: OSError, path: Path, temporary: Path) -> None:
    """People know the file that they asked for, not the one that was to become it."""
    if error.errno is not None and error.filename in (None, str(temporary)):
        error.filename = str(path)


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal digits.

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def save_tensors(tensors: dict[str, Tensor], path: Path, metadata: dict[str, str]) -> None:
    """Writes a safetensors file, whole or not at all.

    Raises:
        OSError: the file cannot be written; what stood there before is untouched.
    """
    import safetensors
    import safetensors.torch

    contiguous = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    with atomic_path(path) as temporary:
        mode = temporary.stat().st_mode
        try:
            safetensors.torch.save_file(contiguous, temporary, metadata)
        except safetensors.SafetensorError as error:  # Its name for a full disk, too.
            number = re.search(r"\(os error (\d+)\)", str(error))
            if number is None or os.name == "nt":  # There it is none of C's numbers.
                raise OSError(str(error)) from error
            raise OSError(int(number[1]), os.strerror(int(number[1])), str(path)) from error
        temporary.chmod(mode)  # safetensors lets nobody else read; the user's umask decides.


def read_tensors(
    path: Path, is_wanted: Callable[[str], bool] = lambda _: True
) -> tuple[dict[str, str], dict[str, Tensor]]:
    """Reads a safetensors file; nothing in it is executed.

    Args:
        path: of an ordinary file (`engine.base.file_checks.check_file`).
        is_wanted: which tensors to read, by name.

    Returns:
        Its metadata and its tensors. They are copies, which lie in memory as freshly computed
        tensors do: those of the file may start at odd addresses, where some matrix products
        round their last bit another way.

    Raises:
        ValueError, SafetensorError, and others: it is damaged, or its header is beyond reason.
    """
    import safetensors

    with path.open("rb") as file:
        if int.from_bytes(file.read(8), "little") > _MOST_HEADER:
            raise ValueError("the header is too large")
    with (
        _with_name_of_text(path) as named,
        safetensors.safe_open(named, framework="pt", device="cpu") as file,
    ):
        names = [name for name in file.keys() if is_wanted(name)]  # noqa: SIM118
        return dict(file.metadata() or {}), {name: file.get_tensor(name).clone() for name in names}


@contextmanager
def _with_name_of_text(path: Path) -> Iterator[Path]:
    """The file under a name that safetensors can open: bytes that are no text are none."""
    is_text = not any("\ud800" <= character <= "\udfff" for character in str(path))
    if is_text or os.name == "nt":  # There names are no bytes, and a link needs a privilege.
        yield path
        return
    with tempfile.TemporaryDirectory() as folder:
        link = Path(folder) / "file"
        link.symlink_to(path.absolute())
        yield link
