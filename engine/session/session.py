"""A whole run as it stood: network, settings, state, losses and drift; what can be read off it.

A run that goes on from one gives the images that the uninterrupted run would have given.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import PureWindowsPath
from typing import TYPE_CHECKING, Any

from engine.base.progress import Progress, unheard
from engine.evidence.altered import is_altered
from engine.evidence.diagnostics import sees_no_chance
from engine.evidence.gallery import (
    ALTERED,
    FEWEST_STEPS,
    NO_CHANCE,
    START_LEFT,
    TOO_EARLY,
    UNEXPLAINED,
    Gallery,
    make_gallery,
)
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
from engine.stationarity.spectrum import images_spectrum

if TYPE_CHECKING:
    from torch import Tensor

SUFFIX = ".afterimage"

_UNEXPLAINED = 0.7
"""A larger relative residual of the first layer at the end says that little in it was explained:
the weights are no stationary point, or not of the kind that was searched for (decisions 25, 32)."""


@dataclass(frozen=True)
class _Scored:
    """What certain images say of a run.

    Attributes:
        references: those images.
        evidence: the score of all candidates.
        gallery: with every candidate in it that is recovered.
    """

    references: References
    evidence: Evidence
    gallery: Gallery | None = None


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
        kept_score: the same score, of each image.
    """

    network: Network
    settings: Settings
    state: RunState
    device: str
    note: str = ""
    evidence: Mapping[str, Any] | None = None
    sets: ImageSets = field(default_factory=ImageSets)
    kept_score: Evidence | None = None
    _gallery: list[Gallery] = field(default_factory=list, init=False, repr=False, compare=False)
    _scored: list[_Scored] = field(default_factory=list, init=False, repr=False, compare=False)

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
        finished, taken = len(self.state.finished), self.state.recording.steps[-1]
        return finished + (not finished or taken == self._steps_of_each)

    @property
    def is_early(self) -> bool:
        """Whether no search has taken steps enough for its candidates to have a confidence."""
        each = self._steps_of_each
        taken = each if self.state.finished else self.state.recording.steps[-1]
        return taken < max(FEWEST_STEPS, each / 2)

    @property
    def _steps_of_each(self) -> int:
        return self.state.steps // self.settings.restarts

    @property
    def why_no_confidence(self) -> str:
        """Why no confidence can be given to any candidate, in words; empty where one can."""
        space = self.state.space
        spectrum = images_spectrum(self.network) if space is None else space.spectrum
        if sees_no_chance(spectrum):
            return NO_CHANCE
        if is_altered(self.network.weights[0]):
            return ALTERED
        if self.is_early:
            return TOO_EARLY
        # Features lead a search with convolutions, whatever is left over of the weights.
        if self.network.structure is None and self.first_residual > _UNEXPLAINED:
            return UNEXPLAINED
        return START_LEFT if self.network.output_count > 1 and spectrum.is_start_there else ""

    @property
    def first_residual(self) -> float:
        """What candidates leave of the first layer, relative to it: the least of all restarts.

        Of restarts that came to their end, where there are some; 1 before the first step.
        """
        relative, each = self.state.losses.relative_per_layer, self._steps_of_each
        ends = [each * number - 1 for number in range(1, len(self.state.finished) + 1)]
        return min(relative[ends or [-1], 0].tolist()) if len(relative) else 1.0

    def with_evidence(self, evidence: Mapping[str, Any]) -> Session:
        """The same session with a score of which nobody says what it is made of."""
        return self._with(evidence=evidence, kept_score=None)

    def without_score(self) -> Session:
        """The same session, which was never scored."""
        return self._with(evidence=None, sets=ImageSets(), kept_score=None)

    def with_sets(self, sets: ImageSets) -> Session:
        """The same session, which is to be scored against some images."""
        return self._with(sets=sets)

    def scored_with(self, references: References, score: Evidence) -> Session:
        """The same session with its score against some images."""
        sets = references.sets
        known = ImageSets() if sets is None else ImageSets.of(*sets).beside(self.sets)
        return self._with(evidence=score.as_dict(), sets=known, kept_score=score)

    def _with(self, **changes: Any) -> Session:
        """The same with some attributes exchanged, and all that was worked out of it."""
        changed = replace(self, **changes)
        changed._gallery.extend(self._gallery)
        changed._scored.extend(self._scored)
        return changed

    @property
    def known_gallery(self) -> Gallery | None:
        """The gallery, if it has been worked out already."""
        return self._gallery[0] if self._gallery else None

    def known_score(self, references: References) -> Evidence | None:
        """The score of all candidates against these images, if it has been worked out already."""
        known = self._scored[-1] if self._scored else None
        return known.evidence if known is not None and known.references.are(references) else None

    def score(self, references: References) -> Evidence:
        """The one score of all candidates; worked out when it is first asked for, in seconds.

        Raises:
            UnusableInput: the images are of different sizes.
        """
        found = self.known_score(references)
        if found is None:
            found = references.score(self.images())
            self._scored[:] = [_Scored(references, found)]
        return found

    def gallery(
        self, progress: Progress = unheard, references: References | None = None
    ) -> Gallery:
        """Distinct images by trust; worked out when it is first asked for, in seconds.

        Args:
            progress: told the share that is done.
            references: where there are some, every candidate that is recovered stands for itself,
                so that the gallery shows all that the headline counts (decision 25).

        Raises:
            Cancelled: `progress` said so.
            UnusableInput: the images are of different sizes.
        """
        if not self._gallery:
            self._gallery.append(self._gallery_without_truth(progress))
        if references is None:
            return self._gallery[0]
        evidence = self.score(references)
        known = self._scored[-1]
        if known.gallery is not None and known.evidence is evidence:
            return known.gallery
        kept = torch.from_numpy(evidence.recovered_candidates)
        each = self.settings.candidates
        gallery = self._gallery[0].with_each_of(kept, self.images(), self.labels, each)
        self._scored[:] = [_Scored(references, evidence, gallery)]
        return gallery

    def _gallery_without_truth(self, progress: Progress) -> Gallery:
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
        why = self.why_no_confidence
        if why and (found.has_confidence or why == NO_CHANCE):
            found = found.without_confidence(why)
        return found.with_unranked(len(self.labels) - count)


def given_away(session: Session) -> Session:
    """The same without a path of this machine and without an image that was trained on."""
    network, origin = session.network, session.network.origin
    if origin.sha256:  # What is in no file has no path, only words for that.
        origin = replace(origin, file=PureWindowsPath(origin.file).name)
    base = network.base
    if base is not None:
        name = PureWindowsPath(base.origin.file).name
        base = replace(base, origin=replace(base.origin, file=name))
    anonymous = replace(network, origin=origin, base=base)
    return session._with(network=anonymous, sets=session.sets.given_away())


def session_of(reconstruction: Reconstruction, device: str, note: str = "") -> Session:
    """A session that holds the run as it stands; the run itself may go on."""
    return Session(
        reconstruction.network, reconstruction.settings, reconstruction.state(), device, note
    )
