"""A comparison in words and numbers, the same in the window and on the command line."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from engine.comparison.comparison import Comparison, Side
from engine.comparison.recovered import UNKNOWN, as_numbers, recovered_in_words, recovered_of
from engine.evidence.gallery_scores import NONE
from engine.session.session import Session
from engine.stationarity.cases import NAMES

SURE, LIKELY = 0.9, 0.5
"""Confidences above which images are counted."""

CAUTION = (
    "What both found independently is more likely to be real, but blurred mixtures of images recur "
    "as well: only a match with real images beside a control is evidence."
)
LOSSES_DO_NOT_RANK = "A lower loss does not mean more real images."

_HASH_LENGTH = 12
_Tell = Callable[[Side], str]


@dataclass(frozen=True)
class Row:
    """One line of the table: what it is about, and what holds for A and for B."""

    name: str
    a: str
    b: str

    @property
    def differs(self) -> bool:
        """Whether the two are not the same."""
        return self.a != self.b


def headline(comparison: Comparison) -> str:
    """`19 found by both, 23 only in A, 12 only in B`."""
    only_a, only_b = (len(places) for places in comparison.only)
    return f"{len(comparison.both)} found by both, {only_a} only in A, {only_b} only in B"


def remarks(comparison: Comparison) -> tuple[str, ...]:
    """What has to be known to read the numbers, each a sentence."""
    if comparison.shares_noise:
        independence = (
            "Both runs started from the same noise (the same seed), so that what both found was "
            "not found independently."
        )
    elif comparison.has_same_weights:
        files = "" if comparison.has_same_checkpoint else " (the same weights in two files)"
        independence = f"Both runs attack one network{files}, each from noise of its own."
    else:
        independence = (
            "The runs attack different networks: what both found may have been in both training "
            "sets, or be what such images have in common."
        )
    return tuple(comparison.nouns.of(each) for each in (independence, CAUTION))


def table(comparison: Comparison) -> tuple[Row, ...]:
    """What the two runs found, each setting that differs, and what was attacked on what."""
    a, b = comparison.sides
    found: list[tuple[str, _Tell]] = [
        ("Recovered", lambda side: score_in_words(side.scores)),
        (f"Distinct {comparison.nouns.several}", lambda side: str(len(side.gallery))),
        (f"Confidence > {SURE}", lambda side: _counted_above(side, SURE)),
        (f"Confidence > {LIKELY}", lambda side: _counted_above(side, LIKELY)),
        ("Stationarity loss", lambda side: _number(_losses(side)["stationarity"])),
        ("Constraint loss", lambda side: _number(_losses(side)["constraint"])),
        ("Seconds", lambda side: f"{side.session.state.seconds:.1f}"),
        ("Steps", _steps),
        ("Seed", _seed),
    ]
    of_what: list[tuple[str, _Tell]] = [
        ("Device", lambda side: side.session.device),
        ("Network", lambda side: side.session.network.origin.name),
        ("Architecture", lambda side: side.session.network.architecture),
        ("Preprocessing", lambda side: side.session.network.inputs.preprocessing.words),
        ("Checkpoint", _checkpoint),
    ]
    settings = [
        Row(each.label, *(value_in_words(each.name, value) for value in each.values))
        for each in comparison.settings
        if each.name not in ("seed", "steps")
    ]
    (both_a, only_a), (both_b, only_b) = (recovered_of(comparison, side) for side in (0, 1))
    recovered, *others = (Row(name, tell(a), tell(b)) for name, tell in found)
    return (
        recovered,
        Row("Found by both, recovered", both_a, both_b),
        Row("Only here, recovered", only_a, only_b),
        *others,
        *settings,
        *(Row(name, tell(a), tell(b)) for name, tell in of_what),
    )


def as_text(comparison: Comparison, names: tuple[str, str]) -> str:
    """All of it as one page.

    Args:
        comparison: of two runs.
        names: what A and B are called.
    """
    rows = [Row("", "A", "B"), Row("Run", *names), *table(comparison)]
    first = max(len(row.name) for row in rows)
    second = max(len(row.a) for row in rows)
    lines = [f"{row.name:{first}}  {row.a:{second}}  {row.b}".rstrip() for row in rows]
    several = comparison.nouns.several
    found = [headline(comparison), f"({comparison.rule}, among the distinct {several})"]
    known = recovered_in_words(comparison)
    return "\n".join([*lines, "", *found, known, "", *remarks(comparison)])


def facts(side: Side, place: int) -> tuple[tuple[str, str], ...]:
    """What is known of an image of one side's gallery, each with its name."""
    gallery, session = side.gallery, side.session
    candidate = int(gallery.candidate[place])
    confidence, restart = told_confidence(side, place), ""
    if session.restarts > 1:
        restart = f", restart {candidate // session.settings.candidates + 1}"
        confidence += f", found in {gallery.found_by[place]} of {session.restarts} restarts"
    return (
        ("Candidate", f"{candidate}{restart}"),
        ("Confidence", confidence),
        ("Label", session.network.classes.numbered(float(session.labels[candidate]))),
        ("Multiplier", f"{session.strengths[candidate]:.3f}"),
        ("Steps", _steps(side)),
        ("Match", _match(side, place)),
    )


def told_confidence(side: Side, place: int) -> str:
    """`0.97`, of an image of a side's gallery; – where it is not known."""
    confidence = side.gallery.confidence_of(int(side.gallery.candidate[place]))
    return "–" if confidence is None else f"{confidence:.2f}"


def told_class(side: Side, place: int) -> str:
    """The class of an image of a side's gallery, by name where it has one."""
    session = side.session
    label = float(session.labels[int(side.gallery.candidate[place])])
    return session.network.classes.name(label)


def _match(side: Side, place: int) -> str:
    """`image 12, NCC 0.85: recovered`, of the training image that an image is matched with."""
    found = side.found
    if found is None:
        return f"{UNKNOWN} without training images"
    if found.reference[place] == NONE:
        return "none; others are more alike"
    measure = found.evidence.train.measure_name
    if found.is_recovered is None:
        verdict = "no control, so no claim"
    else:
        verdict = "recovered" if found.is_recovered[place] else "not recovered"
    return f"image {found.reference[place]}, {measure} {found.measure[place]:.2f}: {verdict}"


def as_dict(comparison: Comparison, names: tuple[str, str]) -> dict[str, Any]:
    """The same for programs; images are named by their candidates, counted through all restarts."""
    a, b = (_side(side, name) for side, name in zip(comparison.sides, names, strict=True))
    candidates = [side.gallery.candidate.tolist() for side in comparison.sides]
    return {
        "a": a,
        "b": b,
        "same_weights": comparison.has_same_weights,
        "same_checkpoint": comparison.has_same_checkpoint,
        "same_noise": comparison.shares_noise,
        "settings": {each.name: list(each.values) for each in comparison.settings},
        "rule": comparison.rule,
        "found_by_both": [
            {
                "a": candidates[0][one],
                "b": candidates[1][other],
                "score": round(measure, 4),
                "recovered_in_a": _is_recovered(comparison.sides[0], one),
                "recovered_in_b": _is_recovered(comparison.sides[1], other),
            }
            for (one, other), measure in zip(
                comparison.both.tolist(), comparison.measure.tolist(), strict=True
            )
        ],
        "only_in_a": [candidates[0][place] for place in comparison.only[0]],
        "only_in_b": [candidates[1][place] for place in comparison.only[1]],
        "recovered": as_numbers(comparison),
    }


def _is_recovered(side: Side, place: int) -> bool | None:
    return None if side.is_recovered is None else bool(side.is_recovered[place])


def _side(side: Side, name: str) -> dict[str, Any]:
    session = side.session
    origin, state = session.network.origin, session.state
    return {
        "run": name,
        "model": {"file": origin.name, "sha256": origin.sha256},
        "seed": session.settings.seed,
        "device": session.device,
        "steps": state.step,
        "planned_steps": state.steps,
        "seconds": round(state.seconds, 3),
        "loss": _losses(side),
        "gallery": {
            "distinct": len(side.gallery),
            "above_0.9": side.gallery.above(SURE),
            "above_0.5": side.gallery.above(LIKELY),
        },
        "evidence": None if side.scores is None else dict(side.scores),
    }


def _checkpoint(side: Side) -> str:
    sha256 = side.session.network.origin.sha256
    return f"{sha256[:_HASH_LENGTH]}…" if sha256 else "in no file"


def _seed(side: Side) -> str:
    first, more = side.session.settings.seed, len(side.session.state.finished)
    return f"{first} to {first + more}" if more else str(first)


def _steps(side: Side) -> str:
    return steps_in_words(side.session)


def steps_in_words(session: Session) -> str:
    """`500`, or `120 of 500` of a run that has not come to its end."""
    state = session.state
    return f"{state.step:,}" if state.step == state.steps else f"{state.step:,} of {state.steps:,}"


def _losses(side: Side) -> dict[str, float | None]:
    """The last losses; None before the first step, and for what is no finite number."""
    losses = side.session.state.losses
    found: dict[str, float | None] = {"stationarity": None, "constraint": None}
    if len(losses):
        for name, values in (
            ("stationarity", losses.stationarity),
            ("constraint", losses.constraint),
        ):
            last = float(values[-1])
            found[name] = last if math.isfinite(last) else None
    return found


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.5g}"


def _counted_above(side: Side, confidence: float) -> str:
    count = side.gallery.above(confidence)
    return "–" if count is None else str(count)


def score_in_words(scores: Mapping[str, Any] | None) -> str:
    """The headline of a score with its control; what is no claim is not called recovered."""
    if scores is None:
        return "not scored"
    train, control = scores["train"], scores["control"]
    recovered = train.get("recovered")
    if control is None or recovered is None:
        return f"{train['good']} good of {train['count']}, no control"
    return f"{recovered} of {train['count']} (control {control['good']} of {control['count']})"


def value_in_words(name: str, value: Any) -> str:
    """A setting as people read it."""
    if name == "training":
        return NAMES[value]
    if isinstance(value, str):
        return value
    return f"{value:,}" if isinstance(value, int) else f"{value:g}"
