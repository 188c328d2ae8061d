"""What goes into a network: an image, as numbers in a row."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    pass


InputShape = tuple[int, int, int]
