"""How long each recorded frame of a film is shown."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np

from engine.exports.film_options import FilmOptions
from engine.reconstruction.recording import spaced_steps

LEAST_DELAY = 2
"""Hundredths of a second; browsers slow down a GIF with shorter ones."""
FRAME_DELAY = 4
"""Hundredths of a second, of films of 25 frames a second."""

_AUTOMATIC_DELAY = 8
_AUTOMATIC_FRAMES = 60
"""At most; as many as make a GIF that can be sent."""
_SLOWING = 1.5


def schedule(steps: Sequence[int], options: FilmOptions) -> tuple[list[int], list[int]]:
    """Which recorded frames are shown, and for how long.

    Recorded frames are spaced logarithmically in steps (recording), so `even` shows the
    early steps slowly and the late ones quickly; `steps` gives each step the same time; `slow-end`
    slows `even` down as the end comes near. A frame that would be shown for less than 0.02 s is
    left out, the first and the last never are. A film of automatic length shows 60 at most.

    Args:
        steps: steps taken before each recorded frame, rising.
        options: duration, hold and easing.

    Returns:
        Indices of recorded frames, rising, and hundredths of a second, equally many. All but the
        last add up to the duration, the last is the hold.
    """
    last = len(steps) - 1
    hold = max(LEAST_DELAY, round(100 * options.hold))
    if last == 0:
        return [0], [hold]
    frames = np.arange(last + 1)
    duration = round(100 * options.duration)
    if not duration:
        if len(frames) > _AUTOMATIC_FRAMES:
            wanted = sorted(spaced_steps(steps[-1], _AUTOMATIC_FRAMES))
            frames = np.unique(np.searchsorted(steps, wanted))
        duration = _AUTOMATIC_DELAY * (len(frames) - 1)
    duration = max(duration, LEAST_DELAY)
    position = np.linspace(0.0, 1.0, len(frames))
    if options.easing == "slow-end":
        begins = 1 - (1 - position) ** (1 / _SLOWING)
    elif options.easing == "steps" and steps[-1] > steps[0]:
        begins = (np.asarray(steps, float)[frames] - steps[0]) / (steps[-1] - steps[0])
    else:
        begins = position
    starts = np.rint(begins * duration).astype(int).tolist()
    shown = [0]
    for number in range(1, len(frames) - 1):
        if starts[number] - starts[shown[-1]] >= LEAST_DELAY and (
            starts[number] <= duration - LEAST_DELAY
        ):
            shown.append(number)
    shown.append(len(frames) - 1)
    delays = [starts[b] - starts[a] for a, b in itertools.pairwise(shown)]
    return frames[shown].tolist(), [*delays, hold]
