"""The files of a run read back from their folder (docs/results.md); `results` writes them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from engine.base.errors import UnusableInput
from engine.base.file_checks import archive_entries, check_file
from engine.base.json_text import Count, Measure, held_to, read_json
from engine.base.plain_text import counted
from engine.data.inputs import Embedding, InputSpec, Preprocessing
from engine.exports.results import RECONSTRUCTIONS, REPORT, SESSION, newest_losses
from engine.runtime.lazy import torch
from engine.session.session import Session

if TYPE_CHECKING:
    from torch import Tensor


class _Model(msgspec.Struct, frozen=True):
    sha256: str | None = None


class _Loss(msgspec.Struct, frozen=True):
    stationarity: float | None = None


class _Stamp(msgspec.Struct, frozen=True):
    """What is asked of a `report.json` that is read back: which run it is of.

    Its score is looked at where it is used (`is_evidence`); all else is for people and others.
    """

    model: _Model = _Model()
    loss: _Loss = _Loss()
    seed: Count | None = None
    steps: Count | None = None
    seconds: Measure | None = None


def read_report(folder: Path) -> dict[str, Any]:
    """Reads `report.json` back.

    Raises:
        UnusableInput: there is none, or it cannot be read.
    """
    check_file(folder / REPORT)
    try:
        report = read_json((folder / REPORT).read_text(encoding="utf-8"), dict[str, Any])
        held_to(report, _Stamp)
    except (OSError, ValueError) as error:
        raise UnusableInput(
            f"{folder / REPORT} cannot be read: it is damaged, or no report of Afterimage.",
            f"Write the folder anew from its {SESSION}: reconstruct it into another one.",
        ) from error
    return report


def is_report_of(report: dict[str, Any], session: Session) -> bool:
    """Whether a report that was read back is one of this run as it stands in the session.

    Hardly two runs take the same time, and none from other noise come to the same loss.
    """
    stamp, state = held_to(report, _Stamp), session.state
    return (
        stamp.model.sha256 == session.network.origin.sha256
        and stamp.seed == session.settings.seed
        and stamp.steps == state.step
        and stamp.seconds == round(state.seconds, 3)
        and stamp.loss.stationarity == newest_losses(state.losses)["stationarity"]
    )


def read_reconstructions(folder: Path) -> tuple[Tensor, Tensor | None]:
    """Candidates (m, c, h, w) and mean image (c, h, w) or None, from a folder of results.

    Raises:
        UnusableInput: the folder holds no readable reconstructions.
    """
    images, mean, _, _ = _read_arrays(folder)
    return images, mean


def read_inputs(folder: Path) -> InputSpec:
    """What the network read that reconstructions in a folder are of.

    Raises:
        UnusableInput: the folder holds no readable reconstructions.
    """
    images, mean, std, embedding = _read_arrays(folder)
    channels, height, width = images.shape[1:]
    shape = (channels, height, width)
    if any(each is not None and each.shape != shape for each in (mean, std)):
        raise UnusableInput(f"The parts of {folder / RECONSTRUCTIONS} do not belong together.")
    return InputSpec(shape, Preprocessing(mean, std, "file", embedding=embedding))


def _read_arrays(folder: Path) -> tuple[Tensor, Tensor | None, Tensor | None, Embedding]:
    """Candidates, mean, std, and what embeddings are."""
    path = folder / RECONSTRUCTIONS
    check_file(path)
    try:
        archive_entries(path)
        with np.load(path, allow_pickle=False) as file:
            images = torch.from_numpy(file["images"]).float()
            mean, std = (
                torch.from_numpy(file[name]).float() if name in file.files else None
                for name in ("mean", "std")
            )
            said = str(file["embedding"]) if "embedding" in file.files else ""
            embedding: Embedding = msgspec.convert(said, Embedding)
    except UnusableInput:
        raise
    except Exception as error:  # Whatever a damaged file makes the reader raise.
        raise UnusableInput(
            f"{path} cannot be read: it is damaged, or no file of reconstructions.",
            "Write it anew: export the folder's session with --npz.",
        ) from error
    if images.dim() != 4:
        raise UnusableInput(
            f"“images” in {path} has {counted(images.dim(), 'dimensions')}; candidates have four: "
            "(m, c, h, w).",
            "Write it anew: export the folder's session with --npz.",
        )
    return images, mean, std, embedding
