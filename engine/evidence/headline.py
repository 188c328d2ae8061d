"""The headline of a score in a few words, the same wherever it is read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def recovered_of(evidence: Mapping[str, Any] | None) -> str:
    """`37 of 50 recovered`; empty where a control did not say how many.

    Args:
        evidence: as `Evidence.as_dict` gives it; None without a score.
    """
    train = None if evidence is None else evidence["train"]
    if train is None or train["recovered"] is None:
        return ""
    return f"{train['recovered']:,} of {train['count']:,} recovered"
