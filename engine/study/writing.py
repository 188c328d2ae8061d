"""A study's file out of what it is to say."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.study.plan import plan_of


def as_toml(said: Mapping[str, Any]) -> str:
    """The text of a study's file.

    Args:
        said: its tables and values by name, as `plan` reads them.

    Raises:
        UnusableInput: it is no study.
    """
    import tomli_w

    text = tomli_w.dumps(said)
    plan_of(text, "study", Path())
    return text
