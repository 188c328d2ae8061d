"""A table as hospitals have them: thirty measurements that hang together, in their own units.

Made up: six factors (age, weight, blood pressure, sugar, fat, inflammation) and noise make each
measurement; a third of them are skewed, as concentrations are. The class follows two factors.
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

FEATURES = (
    *("age", "bmi", "waist", "systolic", "diastolic", "pulse", "glucose", "insulin", "hba1c"),
    *("cholesterol", "hdl", "ldl", "triglycerides", "creatinine", "urea", "sodium", "potassium"),
    *("calcium", "albumin", "bilirubin", "alt", "ast", "ggt", "crp", "leucocytes", "haemoglobin"),
    *("platelets", "ferritin", "tsh", "vitamin_d"),
)
_FACTORS = 6


def patients(count: int, seed: int) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Measurements, shape (n, 30), and class 0 or 1, shape (n,); the same table for every seed."""
    table = np.random.default_rng(2024)
    loadings = 0.6 * table.normal(size=(_FACTORS, len(FEATURES)))
    means, units = table.uniform(1, 150, len(FEATURES)), table.uniform(0.1, 25, len(FEATURES))
    draw = np.random.default_rng(seed)
    factors = draw.normal(size=(count, _FACTORS))
    found = factors @ loadings + draw.normal(size=(count, len(FEATURES)))
    found[:, ::3] = np.exp(found[:, ::3] / 2)
    risk = factors[:, 0] + factors[:, 1] / 2 + 0.7 * draw.normal(size=count)
    return means + units * found, (risk > 0).astype(np.int64)


def write_patients(path: Path, count: int, seed: int) -> Path:
    """The same as a `.csv` with a header; the class, `well` or `ill`, stands in `target`."""
    rows, classes = patients(count, seed)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow([*FEATURES, "target"])
        for row, label in zip(rows, classes, strict=True):
            writer.writerow([*(f"{value:.6g}" for value in row), ("well", "ill")[label]])
    return path
