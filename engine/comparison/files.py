"""A comparison written down: a page for people, and a picture of its gallery."""

from __future__ import annotations

from pathlib import Path

from engine.base.errors import UnusableInput
from engine.base.plain_text import listed
from engine.base.progress import Progress, portion, unheard
from engine.comparison.comparison import Comparison
from engine.comparison.page import comparison_page
from engine.comparison.picture import gallery_picture
from engine.exports.writing import png_bytes, write_bytes

PAGE, PICTURE = "comparison.html", "comparison.png"


def in_the_way(folder: Path) -> tuple[str, ...]:
    """Names of files in a folder that a comparison would replace."""
    return tuple(name for name in (PAGE, PICTURE) if (folder / name).exists())


def check_folder(folder: Path) -> None:
    """Makes sure that a comparison replaces nothing in a folder.

    Raises:
        UnusableInput: it would.
    """
    there = in_the_way(folder)
    if there:
        raise UnusableInput(
            f"{folder} holds {listed(there)} already, and they would be replaced.",
            "Choose another folder.",
        )


def write_comparison(
    comparison: Comparison,
    names: tuple[str, str],
    folder: Path,
    replaces: bool = False,
    progress: Progress = unheard,
) -> tuple[Path, Path]:
    """Writes both files, and returns where they are.

    Args:
        comparison: of two runs.
        names: what A and B are called.
        folder: where to; made if need be.
        replaces: whether files of before may be replaced.
        progress: told the share that is done.

    Raises:
        UnusableInput: there are files of before.
        OSError: a file cannot be written; what stood there before is untouched.
        Cancelled: `progress` said so; nothing was written.
    """
    if not replaces:
        check_folder(folder)
    page = comparison_page(comparison, names).encode()
    progress(0.4)
    picture = png_bytes(gallery_picture(comparison, portion(progress, 0.4, 1.0)))
    for name, content in ((PAGE, page), (PICTURE, picture)):
        write_bytes(folder / name, content)
    return folder / PAGE, folder / PICTURE
