"""What several commands tell people at their end: what was found, beside the control."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.base.plain_text import counted
from engine.data.nouns import Nouns, nouns_of
from engine.evidence.lineup import lineup_of
from engine.exports import results
from engine.exports.conclusion import conclude


def lines_of_run(report: dict[str, Any], folder: Path) -> list[str]:
    """What a run found, how far it came, and its files.

    Args:
        report: as `results.write_results` returns it.
        folder: that it was written to.
    """
    gallery, seconds = report["gallery"], report["seconds"]
    nouns = nouns_of(report["model"]["input_shape"])
    distinct = counted(gallery["distinct"], f"distinct {nouns.several}")
    above = gallery["above_0.9"]
    confident = "" if above is None else f", {above:,} of them with a confidence above 0.9"
    return [
        f"{conclude(report).headline}.",
        matches_in_words(report["evidence"], nouns),
        f"{report['steps']:,} of {report['planned_steps']:,} steps in {seconds:,.1f} s on "
        f"{report['device']}; {distinct}{confident}.",
        "",
        *(str(folder / name) for name in results.run_files(folder)),
    ]


def matches_in_words(evidence: Mapping[str, Any] | None, nouns: Nouns) -> str:
    """What a score found beside its control, in one sentence, and its line-up.

    Args:
        evidence: as `Evidence.as_dict` gives it; None without a score.
        nouns: for what the network reads.
    """
    return nouns.of(_matches_of_images(evidence))


def _matches_of_images(evidence: Mapping[str, Any] | None) -> str:
    if evidence is None:
        return "There were no training images to compare with: nothing here is evidence."
    train, control = evidence["train"], evidence["control"]
    images = counted(train["count"], "training images")
    if control is None:
        return (
            f"{train['good']:,} of {images} have a good match ({train['rule']}); without a control "
            "this is no claim."
        )
    found = (
        f"{train['good']:,} of {images} have a good match ({train['rule']}), and "
        f"{control['good']:,} of {control['count']:,} images of the control; "
        f"{train['above_control']:,} match better than the control's best, and "
        f"{train['recovered']:,} do both: they are recovered."
    )
    lineup = lineup_of(evidence)
    return found if lineup is None else f"{found} {lineup.words}"
