"""Numbers as people read them."""

from __future__ import annotations

import math

import pytest

from engine.base.plain_text import duration, of_logarithm


@pytest.mark.parametrize(
    ("logarithm", "words"),
    [
        (math.log10(0.693147), "0.693"),
        (-10.9, "1.26e-11"),
        (-400.0, "1e-400"),
        (-5 - 1e-9, "1e-5"),
        (5.5, "3.16e5"),
        (-math.inf, "0"),
        (math.nan, "nan"),
    ],
)
def test_a_logarithm_is_told_as_its_number(logarithm, words):
    assert of_logarithm(logarithm) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.2, "1 s"), (40, "40 s"), (90, "2 min"), (3600, "60 min"), (11_000, "3 h 4 min")],
)
def test_a_duration_is_told_in_few_words(seconds, words):
    assert duration(seconds) == words
