"""What eyes make of colours: how far they stand apart, also for those that see fewer."""

from __future__ import annotations

import numpy as np

_SIGHT = {
    "usual": np.eye(3),
    "no red": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "no green": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "no blue": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}
"""How light of three kinds is seen by whom: Machado, Oliveira and Fernandes 2009, table 1."""

_XYZ = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
_WHITE = [0.9505, 1.0, 1.089]


def light(colour):
    """Red, green and blue of `#rrggbb` as amounts of light, each from 0 to 1."""
    values = np.array([int(colour[place : place + 2], 16) for place in (1, 3, 5)]) / 255
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def contrast(one, other):
    """How much two colours differ in brightness, from 1 to 21 (WCAG 2.2)."""
    darker, brighter = sorted(float(light(each) @ np.array(_XYZ[1])) for each in (one, other))
    return (brighter + 0.05) / (darker + 0.05)


def apart(one, other):
    """How far two colours are from each other for those who see it least (CIE 1976 ΔE)."""
    return min(
        float(np.linalg.norm(_lab(sight, one) - _lab(sight, other))) for sight in _SIGHT.values()
    )


def _lab(sight, colour):
    seen = np.clip(np.array(sight) @ light(colour), 0, 1)
    x, y, z = np.cbrt(np.maximum(np.array(_XYZ) @ seen / _WHITE, 1e-9))
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])
