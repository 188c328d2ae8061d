"""What chance the attack has, in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from engine.base.plain_text import counted

CROWDED = 0.8
"""Images remembered over directions of the first layer, above which single ones hide each other."""

Chance = Literal["none", "poor", "fair", "good"]


@dataclass(frozen=True)
class Outlook:
    """What chance the attack has.

    Attributes:
        chance: how good it is, as far as networks like this one were measured (decision 23).
        verdict: the same in a few words, with the condition that it holds under.
        reason: a sentence or two that say why.
    """

    chance: Chance
    verdict: str
    reason: str


def about_images(remembered: int) -> str:
    """`about 82 images`, or `no image`."""
    return f"about {counted(remembered, 'images')}" if remembered else "no image"
