"""What a study measures of each of its runs."""

from __future__ import annotations

from collections.abc import Mapping

MEASURES: Mapping[str, str] = {
    "recovered": "Recovered",
    "good": "Good",
    "control_good": "Good in the control",
    "images": "Training images",
    "control_images": "Images of the control",
    "above": "With a confidence above 0.9",
    "precision": "Precision above 0.9",
    "exposure": "Exposed at 1 % false positives",
    "steps": "Steps",
    "seconds": "Seconds",
    "state": "State",
    "reason": "Reason",
}
"""The columns of a table beside the variables of its runs, and what they are called for people."""
