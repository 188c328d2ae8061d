"""A whole run as it stood: network, settings, state, losses and drift; what can be read off it.

A run that goes on from one gives the images that the uninterrupted run would have given.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import PureWindowsPath
from typing import TYPE_CHECKING, Any

from engine.base.progress import Progress, unheard
from engine.evidence.gallery import FEWEST_STEPS, TOO_EARLY, Gallery, make_gallery
from engine.evidence.references import References
from engine.evidence.scoring import Evidence
from engine.network.network import Network
from engine.reconstruction.restarts import Drift, Restart
from engine.reconstruction.run import Reconstruction
from engine.reconstruction.settings import Settings
from engine.reconstruction.snapshot import RunState
from engine.runtime.lazy import torch
from engine.session.image_sets import ImageSets
from engine.stationarity.cases import multipliers_for
from engine.stationarity.multipliers import Multipliers

if TYPE_CHECKING:
    from torch import Tensor

SUFFIX = ".afterimage"


@dataclass(frozen=True)
class Session:
    """A run as it stood when it was saved.

    Attributes:
        network: the network under attack.
        settings: final settings (automatic values filled in).
        state: where the run stands.
        device: what it ran on, for people.
        note: why it ended early, if it did.
        evidence: its score as `report.json` holds it, where one was taken when it was saved.
        sets: the images that it is scored against, so far as it knows of some.
        score: the same score, of each image.
    """

    network: Network
    settings: Settings
    state: RunState
    device: str
    note: str = ""
    evidence: Mapping[str, Any] | None = None
    sets: ImageSets = field(default_factory=ImageSets)
    score: Evidence | None = None
    _gallery: list[Gallery] = field(default_factory=list, init=False, repr=False, compare=False)

    @property
    def drift(self) -> Drift:
        """The recorded frames, ready to be turned into images."""
        return Drift(self.every_restart, self.state.space, self.network.inputs)

    @property
    def every_restart(self) -> tuple[Restart, ...]:
        """All there are, the last where it stands."""
        tensors, recording = self.state.tensors, self.state.recording
        now = Restart(tensors["unknowns"], tensors["multipliers"], tensors["labels"], recording)
        return (*self.state.finished, now)

    def images(self) -> Tensor:
        """Candidates of all R restarts so far as centred images, float32, shape (R·m, c, h, w)."""
        space = self.state.space
        unknowns = torch.cat([restart.unknowns for restart in self.every_restart])
        pixels = unknowns if space is None else space.pixels(unknowns)
        return self.network.inputs.centred(pixels.float())

    def image(self, candidate: int) -> Tensor:
        """One candidate, counted through all restarts, centred, float32, shape (c, h, w)."""
        restart, index = divmod(candidate, self.settings.candidates)
        space, unknowns = self.state.space, self.every_restart[restart].unknowns
        pixels = unknowns[index] if space is None else space.pixels(unknowns[index])
        return self.network.inputs.centred(pixels.float())[0]

    @property
    def labels(self) -> Tensor:
        """y, float32, shape (R·m,)."""
        return torch.cat([restart.labels for restart in self.every_restart]).float()

    @property
    def multipliers(self) -> Tensor:
        """λ in the shape of its kind, for R·m candidates."""
        return torch.cat([restart.multipliers for restart in self.every_restart])

    @property
    def kind(self) -> Multipliers:
        """What the multipliers are."""
        return multipliers_for(self.settings.training, self.network.output_count)

    @property
    def strengths(self) -> Tensor:
        """One number for how much each candidate explains, shape (R·m,)."""
        return self.kind.strength(self.multipliers, self.labels)

    @property
    def remarks(self) -> str:
        """What happened on the way, and why the run ended early; empty where nothing did."""
        return " ".join([*self.state.notes, *([self.note] if self.note else [])])

    @property
    def restarts(self) -> int:
        """How many restarts count: those that came to their end, or the only one there is."""
        finished, each = len(self.state.finished), self.state.steps // self.settings.restarts
        return finished + (not finished or self.state.recording.steps[-1] == each)

    @property
    def is_early(self) -> bool:
        """Whether no search has taken steps enough for its candidates to have a confidence."""
        each = self.state.steps // self.settings.restarts
        taken = each if self.state.finished else self.state.recording.steps[-1]
        return taken < max(FEWEST_STEPS, each / 2)

    def with_evidence(self, evidence: Mapping[str, Any]) -> Session:
        """The same session with a score of which nobody says what it is made of."""
        return self._with(evidence=evidence, score=None)

    def without_score(self) -> Session:
        """The same session, which was never scored."""
        return self._with(evidence=None, sets=ImageSets(), score=None)

    def with_sets(self, sets: ImageSets) -> Session:
        """The same session, which is to be scored against some images."""
        return self._with(sets=sets)

    def scored_with(self, references: References, score: Evidence) -> Session:
        """The same session with its score against some images."""
        sets = references.sets
        known = ImageSets() if sets is None else ImageSets.of(*sets).beside(self.sets)
        return self._with(evidence=score.as_dict(), sets=known, score=score)

    def _with(self, **changes: Any) -> Session:
        """The same with some attributes exchanged, its gallery kept."""
        changed = replace(self, **changes)
        changed._gallery.extend(self._gallery)
        return changed

    @property
    def known_gallery(self) -> Gallery | None:
        """The gallery, if it has been worked out already."""
        return self._gallery[0] if self._gallery else None

    def gallery(self, progress: Progress = unheard) -> Gallery:
        """Distinct images by trust; worked out when it is first asked for, in seconds.

        Args:
            progress: told the share that is done.

        Raises:
            Cancelled: `progress` said so.
        """
        if not self._gallery:
            count = self.restarts * self.settings.candidates
            found = make_gallery(
                self.network,
                self.images()[:count],
                self.labels[:count],
                self.strengths[:count],
                self.restarts,
                self.state.space,
                progress,
                self.settings.training,
            )
            if self.is_early and found.has_confidence:
                found = found.without_confidence(TOO_EARLY)
            self._gallery.append(found.with_unranked(len(self.labels) - count))
        return self._gallery[0]


def given_away(session: Session) -> Session:
    """The same without a path of this machine and without an image that was trained on."""
    network, origin = session.network, session.network.origin
    if origin.sha256:  # What is in no file has no path, only words for that.
        origin = replace(origin, file=PureWindowsPath(origin.file).name)
    anonymous = replace(network, origin=origin)
    return session._with(network=anonymous, sets=session.sets.given_away())


def session_of(reconstruction: Reconstruction, device: str, note: str = "") -> Session:
    """A session that holds the run as it stands; the run itself may go on."""
    return Session(
        reconstruction.network, reconstruction.settings, reconstruction.state(), device, note
    )
