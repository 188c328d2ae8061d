"""Two to six runs in one table, and which training images were found by how many of them.

It rests on the scores that the runs were saved with, image by image, so that no image has to be at
hand. What it cannot know it does not say: runs that were scored against different images, or
without a control, share no count.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from engine.base.errors import UnusableInput
from engine.base.plain_text import counted
from engine.base.progress import Progress, unheard
from engine.comparison.comparison import label_of
from engine.comparison.text import score_in_words, steps_in_words, value_in_words
from engine.data.nouns import Nouns, nouns_of
from engine.data.pixels import Pixels, real_pixels
from engine.evidence.references import References
from engine.reconstruction.settings import Settings
from engine.runtime.lazy import torch
from engine.session.finding_images import find_images
from engine.session.image_sets import ImageSet
from engine.session.session import Session
from engine.session.session_file import load_session

FEWEST, MOST = 2, 6
LETTERS = "ABCDEF"

_DIFFERENT = (
    "Which images the runs share cannot be told: they were scored against different training "
    "images."
)
_UNSCORED = (
    "Which images the runs share cannot be told: {} not scored, image by image, against training "
    "images and a control."
)


@dataclass(frozen=True)
class Run:
    """One of the runs: what it is called, itself, and what it is scored against, where that is
    at hand.
    """

    name: str
    session: Session
    references: References | None = None

    @property
    def found(self) -> frozenset[int] | None:
        """Training images that it recovered; None where nobody can know."""
        score = self.session.kept_score
        mask = None if score is None else score.is_recovered
        if score is None or mask is None:
            return None
        return frozenset(score.train.reference[mask].tolist())


@dataclass(frozen=True)
class Line:
    """One line of the table: what it is about, and what holds for each run."""

    name: str
    values: tuple[str, ...]

    @property
    def differs(self) -> bool:
        """Whether it is not the same for all."""
        return len(set(self.values)) > 1


@dataclass(frozen=True)
class FoundImage:
    """A training image that some of the runs recovered.

    Attributes:
        number: among the training images, from 0.
        runs: which ones did, from 0, rising.
    """

    number: int
    runs: tuple[int, ...]

    @property
    def letters(self) -> str:
        """`A, C`."""
        return ", ".join(LETTERS[run] for run in self.runs)


@dataclass(frozen=True)
class SeveralRuns:
    """Some runs side by side.

    Attributes:
        runs: two to six.
        lines: the table.
        images: what was found, by most runs first; None where that cannot be told.
        why_unknown: why; else empty.
        originals: uint8 tiles of those images, shape (f, h, w[, 3]), where they are at hand.
    """

    runs: tuple[Run, ...]
    lines: tuple[Line, ...]
    images: tuple[FoundImage, ...] | None
    why_unknown: str
    originals: Pixels | None

    @property
    def nouns(self) -> Nouns:
        """For what their networks read."""
        return nouns_of(self.runs[0].session.network.input_shape)

    @property
    def headline(self) -> str:
        """`41 images found: 12 by all 3 runs, 9 by 2, 20 by 1`; or why that cannot be told."""
        return self.nouns.of(self._headline_of_images)

    @property
    def _headline_of_images(self) -> str:
        if self.images is None:
            return self.why_unknown
        if not self.images:
            return "None of the runs recovered an image."
        counts = {
            k: sum(len(i.runs) == k for i in self.images) for k in range(len(self.runs), 0, -1)
        }
        told = [
            f"{count} by {f'all {k} runs' if k == len(self.runs) else k}"
            for k, count in counts.items()
            if count
        ]
        return f"{counted(len(self.images), 'training images')} recovered: {', '.join(told)}"


def load_saved(
    path: Path, name: str, root: Path | None = None, progress: Progress = unheard
) -> Run:
    """A run from its session, scored against its images where it holds no score of each image.

    Args:
        path: of the session.
        name: what it is called.
        root: folder of the data sets that are known by name.
        progress: told the share that is done.

    Raises:
        UnusableInput: it cannot be read.
    """
    session = load_session(path)
    progress(0.5)
    references = find_images(session, path.parent, root).references(session.network)
    if session.kept_score is None and references is not None:
        session = session.scored_with(references, session.score(references))
    progress(1.0)
    return Run(name, session, references)


def compare_several(runs: Sequence[Run]) -> SeveralRuns:
    """Puts runs side by side.

    Raises:
        UnusableInput: there are too few, or too many.
    """
    if not FEWEST <= len(runs) <= MOST:
        raise UnusableInput(f"Two to {MOST} runs can be compared, not {len(runs)}.")
    why = nouns_of(runs[0].session.network.input_shape).of(_why_unknown(runs))
    images = None if why else _found_by(runs)
    return SeveralRuns(tuple(runs), _lines(runs), images, why, _originals(runs, images))


def as_text(several: SeveralRuns) -> str:
    """All of it as one page."""
    letters = tuple(LETTERS[: len(several.runs)])
    rows = [Line("", letters), *several.lines]
    columns = list(zip(*((row.name, *row.values) for row in rows), strict=True))
    widths = [max(map(len, column)) for column in columns]
    table = [
        "  ".join(f"{cell:{width}}" for cell, width in zip(cells, widths, strict=True)).rstrip()
        for cells in zip(*columns, strict=True)
    ]
    one = several.nouns.one
    found = [f"{one} {each.number}: {each.letters}" for each in several.images or ()]
    return "\n".join([*table, "", several.headline, *found])


def as_dict(several: SeveralRuns) -> dict[str, Any]:
    """All of it as values for JSON; runs are numbered from 0."""
    images = several.images
    return {
        "runs": [
            {
                "run": run.name,
                "network": run.session.network.origin.name,
                "sha256": run.session.network.origin.sha256,
                "steps": run.session.state.step,
                "seconds": round(run.session.state.seconds, 3),
                "evidence": run.session.evidence,
                "settings": run.session.settings.as_dict(),
            }
            for run in several.runs
        ],
        "found": None
        if images is None
        else [{"image": each.number, "runs": list(each.runs)} for each in images],
        "why_unknown": several.why_unknown or None,
    }


def _why_unknown(runs: Sequence[Run]) -> str:
    unscored = [LETTERS[i] for i, run in enumerate(runs) if run.found is None]
    if unscored:
        verb = "was" if len(unscored) == 1 else "were"
        return _UNSCORED.format(f"{', '.join(unscored)} {verb}")
    first = runs[0].session.sets.train
    same = all(_is_same(first, run.session.sets.train) for run in runs[1:])
    return "" if same else _DIFFERENT


def _is_same(one: ImageSet | None, other: ImageSet | None) -> bool:
    """Whether two sets hold the same images in the same order, so far as that is known."""
    if one is None or other is None or one.count != other.count:
        return False
    if one.images is not None and other.images is not None:
        return torch.equal(one.images.images, other.images.images)
    return one.origin.sha256 == other.origin.sha256 != ""


def _found_by(runs: Sequence[Run]) -> tuple[FoundImage, ...]:
    found = [run.found or frozenset() for run in runs]
    every = [
        FoundImage(number, tuple(i for i, each in enumerate(found) if number in each))
        for number in sorted(frozenset().union(*found))
    ]
    return tuple(sorted(every, key=lambda each: (-len(each.runs), each.runs, each.number)))


def _originals(runs: Sequence[Run], images: Sequence[FoundImage] | None) -> Pixels | None:
    if not images:
        return None
    for run in runs:
        if run.references is not None:
            numbers = torch.tensor([each.number for each in images])
            return real_pixels(run.references.train[numbers])
    return None


def _lines(runs: Sequence[Run]) -> tuple[Line, ...]:
    tells: tuple[tuple[str, Callable[[Session], str]], ...] = (
        ("Recovered", lambda session: score_in_words(session.evidence)),
        ("Good", lambda session: _count(session, "train")),
        ("Good in the control", lambda session: _count(session, "control")),
        ("Steps", steps_in_words),
        ("Seconds", lambda session: f"{session.state.seconds:.1f}"),
        ("Restarts", lambda session: str(session.restarts)),
        ("Network", lambda session: session.network.origin.name),
        ("Architecture", lambda session: session.network.architecture),
        ("Device", lambda session: session.device),
    )
    sessions = [run.session for run in runs]
    found = [Line(name, tuple(tell(each) for each in sessions)) for name, tell in tells]
    settings = [
        Line(label_of(each), tuple(_told(each.name, session) for session in sessions))
        for each in fields(Settings)
        if each.name not in ("device", "steps", "restarts")
    ]
    names = Line("Run", tuple(run.name for run in runs))
    return (names, *found, *(line for line in settings if line.differs))


def _told(name: str, session: Session) -> str:
    value: Any = getattr(session.settings, name)
    return value_in_words(name, value)


def _count(session: Session, role: str) -> str:
    scored = None if session.evidence is None else session.evidence[role]
    return "–" if scored is None else f"{scored['good']} of {scored['count']}"
