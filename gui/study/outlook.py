"""How many runs a study has and how long they take, said before it begins."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from engine.base.plain_text import counted, duration, listed
from engine.reconstruction.settings import Settings
from engine.study.places import is_address
from engine.study.plan import Given, Made, Plan, Value
from engine.study.pool import fitting_processes

_WILD = "*?["


def outlook(plan: Plan, processes: int) -> str:
    """A sentence or two.

    How long a training or a number of steps takes, nobody knows before; a limit in seconds is one.

    Args:
        plan: of the study.
        processes: how many work at a time; 0 takes as many as fit.
    """
    count = len(plan.cells)
    device = next((str(cell.settings.get("device", "auto")) for cell in plan.cells), "auto")
    seats = processes or fitting_processes(count, device)
    trainings = trainings_of(plan)
    is_open = any(_names_several(cell.network) for cell in plan.cells)
    runs = f"{'At least ' if is_open else ''}{counted(count, 'runs')}"
    seconds = _seconds(plan)
    at_work = f"with {counted(seats, 'processes') if seats != 1 else '1 process'}"
    before = f", after {counted(trainings, 'trainings')}" if trainings else ""
    if seconds is None:
        return (
            f"{runs} of {_steps(plan)} {at_work}{before}. How long they take is said once the "
            "first have ended."
        )
    whole = duration(math.ceil(count / seats) * seconds)
    also = " The trainings come on top of it." if trainings else ""
    return f"{runs} of about {duration(seconds)}: {whole} {at_work}{before}.{also}"


def trainings_of(plan: Plan) -> int:
    """How many networks are trained; one that is looked at several times counts once."""
    made = (cell.network for cell in plan.cells if isinstance(cell.network, Made))
    return len({(each.dataset, each.selection, each.recipe) for each in made})


def _seconds(plan: Plan) -> float | None:
    """The longest time limit of a run; None where one has none."""
    limits = [float(cell.settings.get("seconds", 0)) for cell in plan.cells]
    return max(limits) if limits and min(limits) > 0 else None


def _steps(plan: Plan) -> str:
    """How many steps the runs take, in words."""
    found = dict.fromkeys(_steps_of(cell.settings) for cell in plan.cells)
    known = [f"{each:,}" for each in found if each is not None]
    return f"{listed(known, 'or')} steps" if len(known) == len(found) else "the preset's steps"


def _steps_of(settings: Mapping[str, Any]) -> Value | None:
    if "steps" not in settings and settings.get("preset", "fast") != "fast":
        return None  # Those of the paper depend on the network.
    steps: Value = settings.get("steps", Settings.steps)
    return steps


def _names_several(network: Given | Made) -> bool:
    address = network.address if isinstance(network, Given) else ""
    return any(each in address for each in _WILD) or is_address(address)
