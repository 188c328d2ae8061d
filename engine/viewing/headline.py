"""What is to be said of a run in one line, while it goes on and at its end."""

from __future__ import annotations

from engine.base.plain_text import counted
from engine.viewing.standing import Standing


def headline(standing: Standing, is_over: bool) -> str:
    """`61 of 100 recovered; control's best NCC 0.85`.

    Args:
        standing: what is known.
        is_over: whether it is of the end of the run; else the step is named.
    """
    words = _found(standing)
    if is_over:
        return words
    return f"As of step {standing.step:,}: {words[0].lower()}{words[1:]}"


def _found(standing: Standing) -> str:
    if not standing.doubt:
        candidates = counted(len(standing.candidates), "distinct candidates")
        return f"{candidates}, too early to say more"
    distinct = counted(len(standing.candidates), "distinct images")
    pairs = standing.pairs
    if pairs is None:
        return f"{distinct}, {len(standing.trusted):,} above the line"
    train, control = pairs.evidence.train, pairs.evidence.control
    count = train.reference_count
    if control is None:
        return f"{train.good:,} of {count:,} training images match well, without a control"
    measure = train.measure_name
    recovered = f"{pairs.recovered or 0:,} of {count:,} recovered"
    return f"{recovered}; control's best {measure} {control.best:.2f}"
