"""What images are to a network, and which part of a data set is meant by that."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Literal, TypeVar

Role = Literal["train", "control"]
"""Images that a network was trained on; images that it never saw."""

TRAIN = ("train", "training")
UNSEEN = ("test", "testing", "t10k", "val", "valid", "validation")
PARTS = (*TRAIN, *UNSEEN)
"""Words for the parts of a data set; of those that training leaves out, the test part first."""

_T = TypeVar("_T")


def part_of(things: Iterable[_T], role: Role, words: Callable[[_T], Iterable[str]]) -> _T | None:
    """The one that a role asks for; another where there is no such, None where there is none.

    Args:
        things: parts of a data set.
        role: training images are of its training part, a control of the others; what is of no part
            comes before what is of another.
        words: that the name of a part is made of.
    """
    own, others = (TRAIN, UNSEEN) if role == "train" else (UNSEEN, TRAIN)
    ranks = (*own, "", *others)

    def rank(thing: _T) -> int:
        return min((ranks.index(word) for word in words(thing) if word in PARTS), default=len(own))

    return min(things, key=rank, default=None)
