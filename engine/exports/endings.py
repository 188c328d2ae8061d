"""Which ending a file of each kind has, so that no program is misled by a name."""

from __future__ import annotations

from pathlib import Path

from engine.base.errors import UnusableInput
from engine.base.plain_text import listed

ENDINGS: dict[str, tuple[str, tuple[str, ...]]] = {
    "gif": ("a GIF", (".gif",)),
    "mp4": ("an MP4", (".mp4",)),
    "png": ("a PNG", (".png",)),
    "npz": ("an NPZ", (".npz",)),
    "pt": ("a PyTorch file", (".pt", ".pth")),
    "losses": ("a table as CSV", (".csv",)),
    "scores": ("a table as CSV", (".csv",)),
    "csv": ("a table as CSV", (".csv",)),
    "html": ("a web page", (".html", ".htm")),
    "pdf": ("a PDF", (".pdf",)),
}
"""What a kind of file is, and how its name may end; folders and sessions are not among them."""


def check_ending(kind: str, path: Path, named: str = "") -> None:
    """Makes sure that a name ends as the file's format asks.

    Args:
        kind: of the file; one that is not in `ENDINGS` may be called anything.
        path: where it is to be written.
        named: what asked for it, where a person has typed that.

    Raises:
        UnusableInput: the name ends otherwise.
    """
    if kind not in ENDINGS:
        return
    what, endings = ENDINGS[kind]
    if path.suffix.lower() not in endings:
        raise UnusableInput(
            f"{named or 'This'} writes {what}, and {path.name} does not end in "
            f"{listed(endings, 'or')}; call it {path.stem}{endings[0]}."
        )
