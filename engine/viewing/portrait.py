"""One candidate, looked at closely: its drift, its numbers, its match, the neurons it fires."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from engine.data.inputs import is_vector
from engine.data.neighbours import Neighbours
from engine.data.pixels import Pixels, display_pixels, shown_range, unit_pixels
from engine.evidence.references import References
from engine.evidence.scoring import Evidence, Matches, as_directions, match, on_one_scale
from engine.evidence.similarity import cosine_features, ncc_features
from engine.network.classes import Classes
from engine.network.features import features_of, head_of
from engine.network.trace import trace
from engine.runtime.lazy import torch
from engine.session.session import Session
from engine.viewing.near import Near, near
from engine.viewing.watched import WatchedDrift

if TYPE_CHECKING:
    from torch import Tensor

Contrast = Literal["stretched", "fixed"]
_GREY = 128
_FIXED = 3.0
"""Standardised features are hardly ever further from zero."""


@dataclass(frozen=True)
class Match:
    """The training image beside a candidate.

    Attributes:
        reference: which training image it is.
        image: in [0, 1], shape (c, h, w).
        ssim: structural similarity.
        ncc: normalised cross-correlation; of embeddings the cosine.
        measure: what that is called: `NCC`, `cosine`.
        is_assigned: it is the candidate's partner by the one-to-one rule; else it is merely the
            most similar training image, which some other candidate may match better. None where
            the run has not been scored, so that nobody knows.
        is_recovered: good, and above the control's best; None without a control, or where it
            is not assigned.
    """

    reference: int
    image: Tensor
    ssim: float
    ncc: float
    is_assigned: bool | None
    is_recovered: bool | None
    measure: str = "NCC"


@dataclass(frozen=True)
class Portrait:
    """What the inspector shows of a candidate.

    Attributes:
        candidate: its number, counted through all restarts.
        restart: in which restart it was found, from 1.
        classes: of the network.
        label: y.
        strength: how much it explains: λ, or the sum of its parts.
        parts: λ_k of each class, where they are several, shape (C,); else None. The own class has
            none, unless they may have any sign.
        outputs: Φ(x) at the end of its drift, shape (C,).
        margin: by how much the label's own output leads there.
        confidence: from 0 to 1; None where it is not known.
        p_value: the chance that an image that can't be real is trusted as much; None as well.
        why_unknown: why it is not, in words; empty where it is, or has not been worked out yet.
        steps: steps of its restart before each frame, rising, shape (f,).
        frames: its drift, centred, float32, shape (f, c, h, w).
        noise: what is outside the row space at the start, centred, shape (c, h, w).
        shares: how much of that each frame has, shape (f,); none at the end.
        fired: the activations h_l of each hidden layer, float32, shapes (n_l,).
        mean: μ, shape (c, h, w), where it is known; vectors are shown without.
        match: with the training images, where there are any.
        near: the nearest of the neighbours, where there are any.
    """

    candidate: int
    restart: int
    classes: Classes
    label: int
    strength: float
    parts: Tensor | None
    outputs: Tensor
    margin: float
    confidence: float | None
    p_value: float | None
    why_unknown: str
    steps: tuple[int, ...]
    frames: Tensor
    noise: Tensor
    shares: Tensor
    fired: tuple[Tensor, ...]
    mean: Tensor | None
    match: Match | None
    near: tuple[Near, ...] = ()

    @property
    def has_noise(self) -> bool:
        """Whether any frame has noise outside."""
        return bool(self.shares.any() and self.noise.any())

    def image(self, frame: int, with_noise: bool = True) -> Tensor:
        """One frame, centred, shape (1, c, h, w)."""
        image = self.frames[frame][None]
        share = float(self.shares[frame])
        return image + share * self.noise if with_noise and share else image

    def pixels(
        self, frame: int, contrast: Contrast, with_mean: bool, with_noise: bool = True
    ) -> Pixels:
        """One frame for the eye, uint8, shape (h, w, 3) for colour, (h, w) for grey.

        Args:
            frame: index of the frame; −1 is the end.
            contrast: `stretched`: from its least to its largest value; `fixed`: [0, 1] with the
                mean and [−1, 1] without, whatever the image holds; [−3, 3] of vectors.
            with_mean: whether μ is added, where it is known.
            with_noise: whether the noise outside the row space is shown.
        """
        mean = self.mean if with_mean else None
        return shown(self.image(frame, with_noise), mean, contrast)

    def match_pixels(self) -> Pixels | None:
        """The training image beside it, for the eye."""
        return None if self.match is None else real_pixels(self.match.image)

    def difference(self, frame: int, with_noise: bool = True) -> Pixels | None:
        """The reconstruction, stretched, minus the training image: middle grey where they agree."""
        if self.match is None:
            return None
        if is_vector(self.match.image.shape):
            ends = [
                each / shown_range(each[None])[1]
                for each in (self.image(frame, with_noise)[0], self.match.image)
            ]
            return np.ascontiguousarray(
                unit_pixels(((ends[0] - ends[1])[None] / 4 + 0.5).clamp(0, 1))[0]
            )
        mine = display_pixels(self.image(frame, with_noise), self.mean)[0].astype(np.int16)
        real = real_pixels(self.match.image).astype(np.int16)
        difference: Pixels = np.clip((mine - real) // 2 + _GREY, 0, 255).astype(np.uint8)
        return difference

    def neuron_map(self, layer: int) -> Pixels:
        """The neurons of a hidden layer as squares, bright where they fire; uint8, (rows, columns).

        Args:
            layer: 0 is the first hidden layer.
        """
        activations = self.fired[layer].numpy()
        columns = 4 * max(1, round(np.sqrt(len(activations)) / 2))
        rows = -(-len(activations) // columns)
        canvas = np.zeros(rows * columns)
        canvas[: len(activations)] = np.sqrt(activations / max(float(activations.max()), 1e-12))
        levels: Pixels = (255 * canvas).astype(np.uint8).reshape(rows, columns)
        return levels

    def share_fired(self, layer: int) -> float:
        """Which share of a hidden layer's neurons it fires, from 0 to 1."""
        return float((self.fired[layer] > 0).float().mean())


def shown(images: Tensor, mean: Tensor | None, contrast: Contrast) -> Pixels:
    """One centred image (1, c, h, w) for the eye; see `Portrait.pixels`."""
    if is_vector(images.shape[1:]) and contrast == "fixed":
        return np.ascontiguousarray(unit_pixels((images / (2 * _FIXED) + 0.5).clamp(0, 1))[0])
    if contrast == "stretched":
        return np.ascontiguousarray(display_pixels(images, mean)[0])
    image = (images[0] + 1) / 2 if mean is None else images[0] + mean
    return real_pixels(image)


def real_pixels(image: Tensor) -> Pixels:
    """An image (c, h, w), held to [0, 1], as uint8, (h, w, 3) for colour, (h, w) for grey."""
    if is_vector(image.shape):
        return np.ascontiguousarray(display_pixels(image[None], None)[0])
    pixels: Pixels = unit_pixels(image.clamp(0, 1)[None])[0]
    return pixels


def portray(
    session: Session,
    candidate: int,
    references: References | None = None,
    evidence: Evidence | None = None,
    neighbours: Neighbours | None = None,
) -> Portrait:
    """Gathers everything about one candidate; takes some milliseconds.

    Args:
        session: the run it is of.
        candidate: its number, counted through all restarts.
        references: training images to match it with.
        evidence: the score of all candidates of the session, where it is at hand.
        neighbours: embeddings to show it by.
    """
    drift, watched = session.drift, WatchedDrift(session, torch.tensor([candidate]))
    frames = torch.cat([drift.images(index, watched.chosen) for index in range(len(drift))])
    network = session.network.to("cpu", torch.float32)
    image = session.image(candidate)
    restart = candidate // session.settings.candidates
    recording = drift.recordings[restart]
    steps = [recording.steps[min(i, len(recording) - 1)] for i in range(len(drift))]
    found = None
    if references is not None:
        found = _match(image, candidate, references, evidence)
    mean, gallery = session.network.mean, session.known_gallery
    if session.network.inputs.is_vector:
        mean = None
    elif mean is None and references is not None:
        mean = references.shown_mean
    there = trace(head_of(network), features_of(network, network.inputs.of_centred(image[None])))
    outputs, label = there.outputs(), session.labels[candidate][None]
    return Portrait(
        candidate=candidate,
        restart=restart + 1,
        classes=network.classes,
        label=int(label[0]),
        strength=float(session.strengths[candidate]),
        parts=_parts(session, candidate),
        outputs=outputs[0],
        margin=float(network.classes.margins(outputs, label)[0]),
        confidence=None if gallery is None else gallery.confidence_of(candidate),
        p_value=None if gallery is None else gallery.p_value_of(candidate),
        why_unknown="" if gallery is None else gallery.why_unknown_of(candidate),
        steps=tuple(steps),
        frames=frames,
        noise=watched.noise[0],
        shares=torch.cat([watched.shares(index) for index in range(len(drift))]),
        fired=tuple(h[0] for h in there.h[1:]),
        mean=mean,
        match=found,
        near=() if neighbours is None else near(image, neighbours, network),
    )


def _parts(session: Session, candidate: int) -> Tensor | None:
    """λ_k of each class, where a candidate has several; see `Portrait.parts`."""
    multipliers = session.multipliers[candidate].float()
    if multipliers.numel() == 1:
        return None
    if session.settings.training != "free":
        multipliers = multipliers.clone()
        multipliers[int(session.labels[candidate])] = 0
    return multipliers


def _match(
    image: Tensor, candidate: int, references: References, evidence: Evidence | None
) -> Match:
    """Its partner by the rule, or else the training image most like it."""
    pair = None if evidence is None else _pair_of(evidence.train, candidate)
    if pair is not None and evidence is not None:
        recovered = evidence.is_recovered
        reference = int(evidence.train.reference[pair])
        return Match(
            reference,
            references.train[reference],
            float(evidence.train.ssim[pair]),
            float(evidence.train.likeness[pair]),
            is_assigned=True,
            is_recovered=None if recovered is None else bool(recovered[pair]),
            measure=_likeness_name(references),
        )
    mean, by_cosine = references.shown_mean, references.by_cosine
    centred = references.train - mean
    if by_cosine:
        ours, theirs = (as_directions(each, centred) for each in (image[None], centred))
    else:
        ours, theirs = on_one_scale(image[None], centred), on_one_scale(centred, centred)
    features = cosine_features if by_cosine else ncc_features
    reference = int((features(theirs) @ features(ours)[0]).argmax())
    alone = match(ours, theirs[reference][None] + mean, mean, by_cosine=by_cosine)
    return Match(
        reference,
        references.train[reference],
        float(alone.ssim[0]),
        float(alone.likeness[0]),
        is_assigned=None if evidence is None else False,
        is_recovered=None,
        measure=_likeness_name(references),
    )


def _likeness_name(references: References) -> str:
    return "cosine" if references.by_cosine else "NCC"


def _pair_of(matches: Matches, candidate: int) -> int | None:
    where = np.flatnonzero(matches.candidate == candidate)
    return int(where[0]) if len(where) else None
