"""What a report concludes: what was found beside the control, what that does not say, what to do.

The advice is that of the guide (docs/guide.md, *Before you release a model*).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from engine.base.plain_text import counted
from engine.base.version import COMMAND
from engine.data.nouns import nouns_of

_RARE = 0.01
"""What chance gives in fewer of such reports is not put down to it."""

_MEASURE = (
    "Measure with the images that the network was trained on, and a control of the same source, "
    f"size and treatment: open both in the window, or {COMMAND} report FOLDER --images IMAGES "
    "--control CONTROL."
)
_MEMBERSHIP = (
    f"Ask under Membership, too ({COMMAND} membership): a network can give away who was in its "
    "training set without giving away an image."
)
_NO_PERMISSION = (
    "Finding nothing is no permission to release. If the people in the images would object, that "
    "decides."
)


@dataclass(frozen=True)
class Conclusion:
    """What a decision can rest on, in words.

    Attributes:
        headline: what was found, in a phrase.
        found: what that rests on.
        unsaid: what it does not say.
        advice: what to do next, the first thing first.
    """

    headline: str
    found: str
    unsaid: str
    advice: Sequence[str]


def conclude(report: dict[str, Any]) -> Conclusion:
    """What is to be concluded of a run, and what is not.

    Args:
        report: what `report.json` says of it (`results.make_report`).
    """
    nouns, found = nouns_of(report["model"]["input_shape"]), _conclude(report)
    return Conclusion(
        nouns.of(found.headline),
        nouns.of(found.found),
        nouns.of(found.unsaid),
        [nouns.of(each) for each in found.advice],
    )


def _conclude(report: dict[str, Any]) -> Conclusion:
    """The same, of images."""
    evidence = report["evidence"]
    if report["health"]["sees_no_chance"] and not _recovered(evidence):
        return _of_no_chance(report)
    if evidence is None:
        return _without_images(report)
    if evidence["control"] is None:
        return _without_control(report)
    return _beside_control(report)


def chance_of_above(above: int, train: int, control: int) -> float:
    """How often so many training images would be above the control's best by chance, from 0 to 1.

    Were training images and control alike to the network, any order of all of them would be as
    likely as any other: this is the share of orders in which the first `above` are of the one kind.
    """
    share = 1.0
    for place in range(above):
        share *= (train - place) / (train + control - place)
    return share


def _recovered(evidence: dict[str, Any] | None) -> int:
    return 0 if evidence is None else evidence["train"]["recovered"] or 0


def _of_no_chance(report: dict[str, Any]) -> Conclusion:
    return Conclusion(
        "Nothing was found",
        f"{report['health']['outlook']} What the search came to is no image of anybody's."
        f"{_beside(report['evidence'])}",
        "This does not say that the network gives nothing away: other attacks look elsewhere.",
        [
            "Check that this is the file that was meant: its first layer looks as if it had not "
            "been trained, or hardly.",
            *_end_first(report),
            _MEMBERSHIP,
            _NO_PERMISSION,
        ],
    )


def _without_images(report: dict[str, Any]) -> Conclusion:
    gallery = report["gallery"]
    likely = ""
    if gallery["above_0.9"] is not None:
        likely = (
            f" An estimate that was fitted to other networks is above 0.9 for "
            f"{gallery['above_0.9']} of them."
        )
    return Conclusion(
        "Nothing can be said: no reference images",
        f"The search came to {counted(gallery['distinct'], 'distinct images')} that explain a part "
        f"of the weights.{likely} No training images were given, so nothing here is evidence.",
        "It may not be said that any of these images was in the training set, nor that nothing "
        "else was.",
        [*_end_first(report), _MEASURE, "Until then, treat the network as if it gave images away."],
    )


def _without_control(report: dict[str, Any]) -> Conclusion:
    train = report["evidence"]["train"]
    return Conclusion(
        "Nothing can be said: no control",
        f"{train['good']} of {train['count']} training images have a good match ({train['rule']}), "
        "but no control was given: images that the network never saw might match as well. Without "
        "that comparison this is no claim.",
        "It may not be said that any of these images came back, nor that they did not.",
        [*_end_first(report), _MEASURE, "Until then, treat the network as if it gave images away."],
    )


def _beside_control(report: dict[str, Any]) -> Conclusion:
    recovered, train = _recovered(report["evidence"]), report["evidence"]["train"]
    what = f"{recovered} of {train['count']} training images recovered{_as_of(report)}"
    if not recovered:
        return Conclusion(
            f"Nothing was found: {what}",
            f"No training image was reconstructed.{_beside(report['evidence'])}",
            "This does not say that the network gives nothing away. It says that this search did "
            "not find any of the images that were given.",
            [*_end_first(report), *_search_on(report), _MEMBERSHIP, _NO_PERMISSION],
        )
    found = f"{counted(recovered, 'training images')} came back out of the weights alone."
    rest = train["count"] - recovered
    unsaid = "It says nothing of images that were not given."
    if rest:
        unsaid = (
            f"It does not say that the other {rest:,} are safe: a longer search, or another "
            f"attack, may find them. {unsaid}"
        )
    return Conclusion(
        what,
        f"{found}{_beside(report['evidence'])}{_by_chance(report['evidence'])}",
        unsaid,
        [
            *_end_first(report),
            "Do not release the network as it is.",
            "Retrain, and measure again in the same way. Where we measured, less came back with "
            "many more training images, and where training stopped while the random start was "
            "still there. Weight decay did not help: with it more came back. None of this promises "
            "anything for another network; only training with differential privacy promises "
            "something against all attacks.",
            _MEMBERSHIP,
            "Keep this report with the network, and both as safe as the training data.",
        ],
    )


def _beside(evidence: dict[str, Any] | None) -> str:
    """What the matches are beside the control's, in sentences that follow another."""
    if evidence is None:
        return " No training images were given to compare it with."
    train, control = evidence["train"], evidence["control"]
    good = f"{train['good']} of {train['count']} training images"
    if control is None:
        return f" {good} have a good match ({train['rule']}); no control was given."
    return (
        f" A training image counts as recovered if its match is good ({train['rule']}) and better "
        f"than the best match of {control['count']} images that the network never saw. {good} and "
        f"{control['good']} of {control['count']} of the control have a good match; "
        f"{train['above_control']} training images match better than the control's best."
        f"{_left_out(control)}"
    )


def _left_out(control: dict[str, Any]) -> str:
    """Of a control that held training images; reports of before do not say it."""
    count = control.get("left_out", 0)
    if not count:
        return ""
    them = "was a training image" if count == 1 else "were training images"
    return f" {counted(count, 'images')} of the control {them} and left out of it."


def _by_chance(evidence: dict[str, Any]) -> str:
    train = evidence["train"]
    share = chance_of_above(train["above_control"], train["count"], evidence["control"]["count"])
    if share < _RARE:
        return ""
    return (
        f" Chance alone would place so many above the control's best in one of {round(1 / share)} "
        "such reports: this is no more than a hint."
    )


def _as_of(report: dict[str, Any]) -> str:
    """`, as of step 11 of 500`, of a run that has not come to its end."""
    if report["steps"] >= report["planned_steps"]:
        return ""
    return f", as of step {report['steps']:,} of {report['planned_steps']:,}"


def _end_first(report: dict[str, Any]) -> list[str]:
    """What to do first of all about a run that has not come to its end."""
    as_of = _as_of(report)
    return [f"Let the run come to its end: all of this is{as_of[1:]}."] if as_of else []


def _search_on(report: dict[str, Any]) -> list[str]:
    """What more of the same search may bring."""
    outlook = report["health"]["outlook"]
    if outlook.startswith("A poor chance"):
        return [f"More time will not help. {outlook}"]
    return [f"Search again with several restarts before you conclude anything. {outlook}"]
