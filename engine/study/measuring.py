"""What a run that has ended came to, by the rule that all others are scored by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from engine.base.errors import UnusableInput
from engine.data.datasets import LabelledImages
from engine.evidence.gallery_scores import score_gallery
from engine.evidence.membership import ask
from engine.evidence.references import References
from engine.network.network import Network
from engine.session.session import Session
from engine.study.table import Result

if TYPE_CHECKING:
    from torch import Tensor

SURE = 0.9
"""The confidence above which precision is told."""


def scored(
    id_: str, session: Session, train: LabelledImages | None, control: LabelledImages | None
) -> Result:
    """The result of a run.

    Args:
        id_: of the run.
        session: the run at its end.
        train: images that its network was trained on, where they are open.
        control: images that it never saw, alike.

    Raises:
        UnusableInput: the images are of another size.
    """
    found: dict[str, Any] = {
        "steps": session.state.step,
        "seconds": round(session.state.seconds, 3),
        "reason": session.note,
    }
    if train is None:
        return Result(id=id_, state="done", above=session.gallery().above(SURE), **found)
    references = References.of(session.network, train, control)
    evidence = session.score(references)
    gallery = session.gallery(references=references)
    is_recovered = score_gallery(gallery, evidence, references).is_recovered
    if evidence.control is not None:
        found["control_good"] = evidence.control.good
        found["control_images"] = len(evidence.control.reference)
    return Result(
        id=id_,
        state="done",
        recovered=evidence.recovered,
        good=evidence.train.good,
        images=len(train),
        above=gallery.above(SURE),
        precision=precision_of(gallery.confidence, is_recovered),
        exposure=_exposure(session.network, train, control),
        **found,
    )


def precision_of(confidence: Tensor | None, is_recovered: NDArray[np.bool_] | None) -> float | None:
    """Which share of the images with a confidence above `SURE` is recovered.

    Args:
        confidence: of each image, shape (g,), NaN where it is not known; None if it nowhere is.
        is_recovered: of each image, shape (g,); None without a control.

    Returns:
        From 0 to 1; None where there are no such images, or nobody can tell.
    """
    if confidence is None or is_recovered is None:
        return None
    sure = (confidence > SURE).numpy()
    return round(float(is_recovered[sure].mean()), 4) if sure.any() else None


def _exposure(
    network: Network, train: LabelledImages, control: LabelledImages | None
) -> float | None:
    """Which share of the images their multipliers give away; None where nobody can tell."""
    if control is None:
        return None
    try:
        few = ask(network, train, control).multiplier.few
    except UnusableInput:
        return None
    return None if few is None else round(few.rate, 4)
