"""Two runs side by side: what differs between them, and which images both of them found.

The images of both galleries are matched by the project's one scoring rule. What two searches from
different noise came to is more likely to be real than what one did; it is no evidence all the
same, because blurred mixtures of images recur, too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import Field, dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from engine.base.errors import UnusableInput
from engine.base.progress import Progress, portion, unheard
from engine.data.inputs import shape_in_words
from engine.data.nouns import Nouns, nouns_of
from engine.data.pixels import Pixels, display_pixels
from engine.evidence.gallery import Gallery
from engine.evidence.gallery_scores import GalleryScores
from engine.evidence.references import References
from engine.evidence.scoring import match_reconstructions, rule_in_words
from engine.network.network import Network
from engine.reconstruction.settings import Settings
from engine.runtime.lazy import torch
from engine.session.session import Session
from engine.viewing.verdict import Verdict, verdict_of

if TYPE_CHECKING:
    from torch import Tensor

Places = NDArray[np.int64]
"""Where images are in a gallery, from 0."""

_NAMES = {
    "preset": "Preset",
    "space": "Search space",
    "gradient": "Gradient",
    "optimizer": "Optimiser",
    "dtype": "Precision",
}
"""What choices are called; all other settings know their own names."""


@dataclass(frozen=True)
class Side:
    """One of the two runs.

    Attributes:
        session: the run.
        gallery: its distinct images, the most trustworthy first.
        tiles: those images as people see them, uint8, shape (g, h, w[, 3]).
        scores: as `report.json` holds them; None where it was never scored.
        found: which images of the gallery are recovered; None where no training images are at
            hand, even where `scores` says how many there were.
    """

    session: Session
    gallery: Gallery
    tiles: Pixels
    scores: Mapping[str, Any] | None
    found: GalleryScores | None = None

    @property
    def is_recovered(self) -> NDArray[np.bool_] | None:
        """Of each image of the gallery, shape (g,); None where it cannot be known."""
        return None if self.found is None else self.found.is_recovered


@dataclass(frozen=True)
class Difference:
    """A setting that the two runs do not share: its name in `Settings`, for people, its values."""

    name: str
    label: str
    values: tuple[Any, Any]


@dataclass(frozen=True)
class Comparison:
    """Runs A and B, and what became of their galleries in one.

    Attributes:
        sides: A and B.
        settings: those that differ.
        has_same_weights: whether both attack the same network.
        shares_noise: whether both attack it from the same noise, so that what both found was not
            found independently.
        both: images found by both: their places in the galleries of A and B, shape (p, 2).
        measure: how alike the two are, by the rule's measure, falling, shape (p,).
        only: places of the images that A alone found, and of those that B alone found; rising,
            which is the most trustworthy first.
        rule: by which an image counts as found by both, in words.
    """

    sides: tuple[Side, Side]
    settings: tuple[Difference, ...]
    has_same_weights: bool
    shares_noise: bool
    both: Places
    measure: NDArray[np.float64]
    only: tuple[Places, Places]
    rule: str

    @property
    def nouns(self) -> Nouns:
        """The words for what both runs reconstruct."""
        return nouns_of(self.sides[0].session.network.input_shape)

    @property
    def has_same_checkpoint(self) -> bool:
        """Whether both networks come from one and the same file."""
        one, other = (side.session.network.origin.sha256 for side in self.sides)
        return self.has_same_weights and one == other != ""


def compare(
    a: Session,
    b: Session,
    references: tuple[References | None, References | None] = (None, None),
    progress: Progress = unheard,
) -> Comparison:
    """Compares two runs; takes seconds where their galleries are not worked out yet.

    Args:
        a: a run as it stands.
        b: another, of the same network or not.
        references: what to score each against; where there is nothing, the score counts that
            its session holds.
        progress: told the share that is done.

    Raises:
        UnusableInput: their images are of different shapes, or not made of finite numbers.
        Cancelled: `progress` said so.
    """
    shapes = [session.network.input_shape for session in (a, b)]
    if shapes[0] != shapes[1]:
        one, other = (shape_in_words(shape) for shape in shapes)
        raise UnusableInput(
            f"The images of one run are {one}, those of the other {other}; only runs with images "
            "of one shape can be compared."
        )
    verdicts = (
        _verdict(a, references[0], portion(progress, 0.0, 0.4)),
        _verdict(b, references[1], portion(progress, 0.4, 0.8)),
    )
    galleries = (
        a.images()[verdicts[0].gallery.candidate],
        b.images()[verdicts[1].gallery.candidate],
    )
    is_same = has_same_weights(a.network, b.network)
    means = _means(a.network, b.network, is_same)
    matches = match_reconstructions(*galleries, means)
    progress(0.9)
    sides = (
        _side(a, verdicts[0], display_pixels(galleries[0], means and means[0])),
        _side(b, verdicts[1], display_pixels(galleries[1], means and means[1])),
    )
    progress(1.0)
    good = matches.is_good
    best_first = np.argsort(-matches.measure[good], kind="stable")
    both = np.column_stack([matches.candidate[good], matches.reference[good]])[best_first]
    return Comparison(
        sides=sides,
        settings=_differences(a.settings, b.settings),
        has_same_weights=is_same,
        shares_noise=is_same and _has_same_seed(a, b),
        both=both,
        measure=matches.measure[good][best_first],
        only=(_others(sides[0], both[:, 0]), _others(sides[1], both[:, 1])),
        rule=rule_in_words(shapes[0]),
    )


def _verdict(session: Session, references: References | None, progress: Progress) -> Verdict:
    if not bool(torch.isfinite(session.images()).all()):
        raise UnusableInput(
            f"A run of {session.network.origin.name} has diverged: its images are no finite "
            "numbers.",
            "Run it again with lower rates, or compare another.",
        )
    return verdict_of(session, references, progress)


def _side(session: Session, verdict: Verdict, tiles: Pixels) -> Side:
    evidence = verdict.evidence
    scores = session.evidence if evidence is None else evidence.as_dict()
    return Side(session, verdict.gallery, tiles, scores, verdict.scores)


def _differences(one: Settings, other: Settings) -> tuple[Difference, ...]:
    """Settings that differ; not the device asked for: on which one a run was is told apart."""
    found = []
    for each in fields(Settings):
        values = (getattr(one, each.name), getattr(other, each.name))
        if values[0] != values[1] and each.name != "device":
            found.append(Difference(each.name, label_of(each), values))
    return tuple(found)


def label_of(setting: Field[Any]) -> str:
    """What a setting is called."""
    label: str = setting.metadata.get("label") or _NAMES[setting.name]
    return label


def has_same_weights(one: Network, other: Network) -> bool:
    """Whether two networks are the same function for the same reason, whatever their files say."""
    if one.activation != other.activation or not one.parameters.has_shapes_of(other.parameters):
        return False
    pairs = zip(one.parameters.tensors, other.parameters.tensors, strict=True)
    return all(torch.equal(ours.float(), theirs.float()) for ours, theirs in pairs)


def _has_same_seed(one: Session, other: Session) -> bool:
    """Whether a restart of one began from the noise of a restart of the other."""
    ours, theirs = (
        range(session.settings.seed, session.settings.seed + len(session.state.finished) + 1)
        for session in (one, other)
    )
    return ours.start < theirs.stop and theirs.start < ours.stop


def _means(one: Network, other: Network, is_same: bool) -> tuple[Tensor, Tensor] | None:
    """μ of both sides; None where one is not known, so that both are shown alike; and for rows."""
    if one.inputs.is_vector:
        return None
    ours, theirs = one.mean, other.mean
    if is_same:
        ours, theirs = (theirs if ours is None else ours), (ours if theirs is None else theirs)
    return None if ours is None or theirs is None else (ours.float(), theirs.float())


def _others(side: Side, found: Places) -> Places:
    return np.setdiff1d(np.arange(len(side.gallery)), found)
