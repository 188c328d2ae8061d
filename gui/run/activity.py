"""What long work is doing, a run or a training, as the window needs to know it."""

from __future__ import annotations

import enum


class Activity(enum.Enum):
    """What the work is doing."""

    IDLE = "idle"
    STARTING = "starting"
    RUNNING = "running"
    PAUSED = "paused"
    STOPPING = "stopping"
