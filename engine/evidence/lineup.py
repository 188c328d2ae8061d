"""What line-ups came to: how often a partner was picked out among unseen images (decision 34)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from engine.base.json_text import Count, held_to
from engine.base.plain_text import percent, plain

Of = Literal["images", "embeddings"]
_BY: dict[Of, tuple[str, str]] = {
    "images": ("by NCC", "by edges"),
    "embeddings": ("by cosine", "by NCC of standardised features"),
}
"""The two similarities, as they are called."""
_CLEAR = 2
"""Standard errors by which a difference of two shares is more than chance."""


class Firsts(msgspec.Struct, frozen=True):
    """How often the partner was the most alike of its line-up.

    Attributes:
        count: line-ups.
        ncc: in how many it was first by NCC.
        edges: by the NCC of edges, alike.
        both: by either of the two.
    """

    count: Count
    ncc: Count
    edges: Count
    both: Count

    def __post_init__(self) -> None:
        if self.both > min(self.ncc, self.edges) or max(self.ncc, self.edges) > self.count:
            raise ValueError("more firsts than line-ups")

    def share(self, by: str = "both") -> float:
        """The share of firsts by `ncc`, `edges` or `both`, from 0 to 1."""
        return float(getattr(self, by) / self.count)


class Elsewhere(msgspec.Struct, frozen=True):
    """The same line-ups, of what a run on another network made, which never saw these images.

    Attributes:
        network: its name.
        candidates: of its run that were matched; never more than of the run in question.
        fewer: whether they were fewer.
        train: where the partner is a training image of the network in question.
        control: where it is one of the control.
    """

    network: str
    candidates: Count
    fewer: bool
    train: Firsts
    control: Firsts

    def __post_init__(self) -> None:
        if not (self.candidates and self.train.count and self.control.count):
            raise ValueError("a line-up of nobody")


class LineUp(msgspec.Struct, frozen=True):
    """Training images in line-ups, beside images of the control that stood in for them.

    Attributes:
        fillers: images of the control beside the partner in each.
        of_class: whether they are of the partner's class; else of any.
        train: where the partner is a training image.
        control: where it is one of the control, matched in the same way.
        best_train: of pairs with training images, as many of the best as were recovered.
        best_control: the same share of the pairs with the control, the best ones.
        of: what stands in them. Of embeddings `ncc` counts the firsts by cosine, and `edges` those
            by the NCC of standardised features.
        elsewhere: what another network's run came to; None where none was given.
    """

    fillers: Count
    of_class: bool
    train: Firsts
    control: Firsts
    best_train: Firsts
    best_control: Firsts
    of: Of = "images"
    elsewhere: Elsewhere | None = None

    def __post_init__(self) -> None:
        if not (self.fillers and self.train.count and self.control.count):
            raise ValueError("a line-up of nobody")

    @property
    def chance(self) -> float:
        """How often a partner that nobody chose would be first, from 0 to 1."""
        return 1 / (self.fillers + 1)

    @property
    def difference(self) -> float:
        """By how much the share first by both is larger than the control's: the headline."""
        return self.train.share() - self.control.share()

    @property
    def is_clear(self) -> bool:
        """Whether training images are first more often than all else that was tried.

        That is by more than twice the standard error than the control, and than they are among the
        reconstructions of another network, where those are known.
        """
        others = [self.control] if self.elsewhere is None else [self.control, self.elsewhere.train]
        return all(_is_clearly_more(self.train, each) for each in others)

    @property
    def rows(self) -> list[tuple[str, str, str]]:
        """What was counted, of training images, of the control: for tables."""
        ways = zip((*_BY[self.of], "by both"), ("ncc", "edges", "both"), strict=True)
        found = [
            (f"first of {self.fillers + 1} {words}", _of(self.train, by), _of(self.control, by))
            for words, by in ways
        ]
        if self.best_train.count:
            best = _of(self.best_train, "both"), _of(self.best_control, "both")
            found.append(("by both, of the best pairs", *best))
        if self.elsewhere is not None:
            there = _of(self.elsewhere.train, "both"), _of(self.elsewhere.control, "both")
            found.append(("by both, with another network's run", *there))
        return found

    @property
    def words(self) -> str:
        """The same in sentences."""
        of_class = " of its class" if self.of_class else " of any class"
        one, several = ("image", "images") if self.of == "images" else ("embedding", "embeddings")
        said = (
            f"In a line-up with {self.fillers} unseen {several}{of_class} the training {one} is "
            f"the most like its reconstruction, {' and '.join(_BY[self.of])}, in "
            f"{_of(self.train, 'both')} ({percent(self.train.share())}); {several} of the control "
            f"that stand in for training {several} are in {_of(self.control, 'both')} "
            f"({percent(self.control.share())}), and chance alone gives {percent(self.chance, 1)}."
        )
        if self.elsewhere is not None:
            said += f" {self._elsewhere_in_words(self.elsewhere, several)}"
        if self.is_clear:
            return said
        return f"{said} That is no clear difference, so the line-up shows nothing."

    @staticmethod
    def _elsewhere_in_words(there: Elsewhere, several: str) -> str:
        few = f" (only {there.candidates:,})" if there.fewer else ""
        return (
            f"With the reconstructions{few} of another network ({plain(there.network)}) it is in "
            f"{_of(there.train, 'both')} ({percent(there.train.share())}), and {several} of the "
            f"control are in {_of(there.control, 'both')} ({percent(there.control.share())})."
        )


def _is_clearly_more(ones: Firsts, others: Firsts) -> bool:
    """Whether a share of firsts is larger than another by more than chance."""
    each = ones, others
    variances = (max(s.share() * (1 - s.share()), 1 / s.count) / s.count for s in each)
    return ones.share() - others.share() > _CLEAR * math.sqrt(sum(variances))


def lineup_of(evidence: Mapping[str, Any] | None) -> LineUp | None:
    """The line-up of a score as a report or a session holds it; None where there is none.

    Raises:
        ValueError: what is there is no line-up.
    """
    found = None if evidence is None else evidence.get("lineup")
    return None if found is None else held_to(found, LineUp)


@dataclass(frozen=True)
class Trials:
    """Line-ups one by one.

    Attributes:
        ncc: whether the partner was first by NCC, shape (p,).
        edges: whether it was by edges, alike.
        measure: of the pair by the rule for matches, shape (p,).
    """

    ncc: NDArray[np.bool_]
    edges: NDArray[np.bool_]
    measure: NDArray[np.float64]

    @staticmethod
    def joined(parts: Sequence[Trials]) -> Trials:
        """All of them as one."""
        return Trials(
            np.concatenate([part.ncc for part in parts]),
            np.concatenate([part.edges for part in parts]),
            np.concatenate([part.measure for part in parts]),
        )

    def firsts(self, best: int | None = None) -> Firsts:
        """How often the partner was first; with `best`, among so many of the best pairs."""
        chosen = np.argsort(-self.measure, kind="stable")[:best]
        ncc, edges = self.ncc[chosen], self.edges[chosen]
        return Firsts(len(chosen), int(ncc.sum()), int(edges.sum()), int((ncc & edges).sum()))


def counted_up(
    train: Trials,
    control: Trials,
    fillers: int,
    of_class: bool,
    recovered: int,
    of: Of = "images",
    elsewhere: Elsewhere | None = None,
) -> LineUp:
    """What line-ups came to.

    Args:
        train: those of training images.
        control: those of images of the control.
        fillers: beside the partner in each.
        of_class: whether those are of the partner's class.
        recovered: how many training images are.
        of: what stands in them.
        elsewhere: what another network's run came to.
    """
    best = min(recovered, len(train.ncc))
    beside = round(best * len(control.ncc) / max(1, len(train.ncc)))
    return LineUp(
        fillers,
        of_class,
        train.firsts(),
        control.firsts(),
        train.firsts(best),
        control.firsts(max(1, beside) if best else 0),
        of,
        elsewhere,
    )


def _of(firsts: Firsts, by: str) -> str:
    return f"{getattr(firsts, by):,} of {firsts.count:,}"
