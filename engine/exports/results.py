"""What a run leaves behind: the folder of files and the report (docs/results.md).

`results_read` reads it back.
"""

from __future__ import annotations

import csv
import json
import math
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.base.errors import UnusableInput
from engine.base.files import atomic_path
from engine.base.progress import Progress, portion, unheard
from engine.base.version import VERSION
from engine.data.neighbours import Neighbours
from engine.data.tables import feature_names
from engine.evidence.diagnostics import check_weights
from engine.evidence.membership_scores import Membership
from engine.evidence.neighbourhood import Neighbourhood, neighbourhood
from engine.evidence.references import References
from engine.exports.film_encoding import encode
from engine.exports.film_options import FilmOptions
from engine.exports.films import make_film
from engine.exports.report_page import report_page
from engine.exports.stills import GridOptions, grid
from engine.exports.writing import (
    in_a_cell,
    stored_labels,
    write_bytes,
    write_csv,
    write_npz,
    write_png,
    write_pt,
)
from engine.network.facts import model_facts
from engine.reconstruction.losses import Losses
from engine.runtime.lazy import torch
from engine.session.session import SUFFIX, Session
from engine.session.session_file import save_session
from engine.stationarity.cases import why_training
from engine.viewing.verdict import Verdict, verdict_of

if TYPE_CHECKING:
    pass

RECONSTRUCTIONS = "reconstructions.npz"
TABLE = "reconstructions.csv"
REPORT = "report.json"
PAGE = "report.html"
SESSION = f"session{SUFFIX}"
_LOSSES, _GRID, _DRIFT = "losses.csv", "grid.png", "drift.gif"
FILES = (SESSION, RECONSTRUCTIONS, TABLE, REPORT, PAGE, _LOSSES, _GRID, _DRIFT)
"""All that `write_results` writes."""


def write_results(
    session: Session,
    folder: Path,
    references: References | None = None,
    neighbours: Neighbours | None = None,
) -> dict[str, Any]:
    """Fills a folder with everything about a run, and returns its report.

    Args:
        session: the run.
        folder: where to.
        references: what to score it against, where there are training images.
        neighbours: what reconstructed embeddings are shown by, where there are some.

    Raises:
        UnusableInput: the images are of another size than the candidates.
        OSError: the folder cannot be written to.
    """
    verdict = verdict_of(session, references)
    if references is not None and verdict.evidence is not None:
        # What it knows of its images already says, too, whether they are kept.
        sets, session = session.sets, session.scored_with(references, verdict.evidence)
        session = session if sets.train is None else session.with_sets(sets)
    save_session(session, folder / SESSION)
    export_npz(session, folder / RECONSTRUCTIONS, references=references)
    if session.network.inputs.is_vector:
        export_csv(session, folder / TABLE, references=references)
    write_csv(folder / _LOSSES, session.state.losses)
    near = nearby(session, verdict, neighbours)
    report = make_report(session, verdict, nearby=near)
    write_report(report, folder)
    write_page(report_page(session, report, verdict, near), folder / PAGE)
    export_png(session, folder / _GRID, references=references)
    export_gif(session, folder / _DRIFT, references=references)
    return report


def nearby(
    session: Session, verdict: Verdict, neighbours: Neighbours | None
) -> Neighbourhood | None:
    """What the reconstructed embeddings of a run are near to; None where no neighbours are known.

    Args:
        session: the run.
        verdict: what it comes to.
        neighbours: among which to look.
    """
    if neighbours is None:
        return None
    gallery, real = verdict.gallery.candidate, (verdict.references, verdict.evidence)
    return neighbourhood(neighbours, session.network, session.images(), gallery, *real)


def run_files(folder: Path) -> tuple[str, ...]:
    """Names of the files of a run that lie in a folder, finished or not."""
    return tuple(name for name in FILES if os.path.lexists(folder / name))


def remove_run(folder: Path, but: str = "") -> None:
    """Removes the files of a run from a folder; all others stay.

    Args:
        folder: where it lies.
        but: the name of one that stays, too.

    Raises:
        OSError: one cannot be removed.
    """
    for name in run_files(folder):
        if name != but:
            (folder / name).unlink()


def export_gif(
    session: Session,
    path: Path,
    progress: Progress = unheard,
    options: FilmOptions | None = None,
    references: References | None = None,
) -> str:
    """The drift as a GIF; of the gallery's first images, where nothing else is asked for.

    Returns:
        What had to be done for it to fit; empty, if nothing.
    """
    return _export_film("gif", session, path, progress, options, references)


def export_mp4(
    session: Session,
    path: Path,
    progress: Progress = unheard,
    options: FilmOptions | None = None,
    references: References | None = None,
) -> str:
    """The same as an MP4."""
    return _export_film("mp4", session, path, progress, options, references)


def _export_film(
    kind: str,
    session: Session,
    path: Path,
    progress: Progress,
    options: FilmOptions | None,
    references: References | None,
) -> str:
    making = portion(progress, 0.0, 0.5)
    film = make_film(session, options or FilmOptions(), references, making)
    file = encode(kind, film, portion(progress, 0.5, 1.0))
    write_bytes(path, file.data)
    return file.note


def export_png(
    session: Session,
    path: Path,
    progress: Progress = unheard,
    options: GridOptions | None = None,
    references: References | None = None,
) -> None:
    """The gallery as one grid, the most trustworthy image first."""
    write_png(path, grid(session, options or GridOptions(), progress, references))


def export_npz(
    session: Session,
    path: Path,
    progress: Progress = unheard,
    references: References | None = None,
) -> None:
    """All candidates of all restarts as numbers, and which of them are the gallery."""
    write_npz(
        path,
        session.images(),
        session.labels,
        session.multipliers,
        session.gallery(progress, references),
        session.network.mean,
        session.network.inputs.feature_std,
        session.network.inputs.preprocessing.embedding,
    )


def export_csv(
    session: Session,
    path: Path,
    progress: Progress = unheard,
    references: References | None = None,
) -> None:
    """The gallery's rows as CSV in the units of their table, the most trustworthy first.

    The columns: `candidate`, `label` (the name of the class, where it is known), and one a feature,
    by the names of the training rows' table, else x1, x2, …

    Raises:
        UnusableInput: the network reads images.
        OSError: the file cannot be written; what stood there before is untouched.
    """
    inputs, gallery = session.network.inputs, session.gallery(progress, references)
    if not inputs.is_vector:
        raise UnusableInput(
            "This network reads images, which are no rows of a table; take .npz or PNG."
        )
    sets = () if references is None or references.sets is None else references.sets
    features = feature_names(sets[0].features if sets else (), inputs.dimension)
    rows = inputs.in_own_units(session.images()[gallery.candidate]).flatten(1)
    classes = session.network.classes
    with atomic_path(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["candidate", "label", *(in_a_cell(name) for name in features)])
        for number, row in zip(gallery.candidate.tolist(), rows.tolist(), strict=True):
            label = int(session.labels[number])
            named = in_a_cell(classes.name(label)) if classes.names else label
            writer.writerow([number, named, *(f"{value:.7g}" for value in row)])


def export_pt(
    session: Session,
    path: Path,
    progress: Progress = unheard,
    references: References | None = None,
) -> None:
    """The same for PyTorch: a dictionary that `torch.load(path, weights_only=True)` reads.

    `images` (R·m, c, h, w) centred, `labels` (R·m,), `multipliers` (R·m,) or (R·m, C), `gallery`
    (g,), indices of images; `confidence` (R·m,) and `mean` (c, h, w) where they are known; `about`,
    plain values.
    """
    gallery, network = session.gallery(progress, references), session.network
    contents: dict[str, Any] = {
        "images": session.images().contiguous(),
        "labels": stored_labels(session.labels),
        "multipliers": session.multipliers.float(),
        "gallery": gallery.candidate,
        "about": {
            "app": f"Afterimage {VERSION}",
            "model": network.origin.name,
            "sha256": network.origin.sha256,
            "steps": session.state.step,
            "restarts": session.restarts,
            "seed": session.settings.seed,
            "training": session.settings.training,
            "class_names": list(network.class_names),
        },
    }
    if gallery.of_each is not None:
        contents["confidence"] = gallery.of_each
    if network.mean is not None:
        contents["mean"] = network.mean.float()
    if network.inputs.feature_std is not None:
        contents["std"] = network.inputs.feature_std.float()
    if network.inputs.is_embedding:
        contents["about"]["embedding"] = network.inputs.preprocessing.embedding
    write_pt(path, contents)


def export_losses(session: Session, path: Path, _progress: Progress = unheard) -> None:
    """The losses as CSV, one row a step."""
    write_csv(path, session.state.losses)


def make_report(
    session: Session,
    verdict: Verdict | None = None,
    membership: Membership | None = None,
    nearby: Neighbourhood | None = None,
) -> dict[str, Any]:
    """The report of a run (docs/results.md).

    Args:
        session: the run.
        verdict: what it comes to; without one, what it comes to without reference images, and the
            score that its file holds.
        membership: what was found out of its network's training images, where somebody asked.
        nearby: what its embeddings are near to, where there are neighbours.
    """
    verdict = verdict or verdict_of(session, None)
    network, settings, state = session.network, session.settings, session.state
    space, gallery, health = state.space, verdict.gallery, check_weights(network)
    return {
        "app": {"version": VERSION, "torch": torch.__version__},
        "date": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "model": model_facts(network),
        "health": health.as_dict(),
        "settings": {
            **settings.as_dict(),
            "training_why": why_training(network, settings.training),
        },
        "seed": settings.seed,
        "device": session.device,
        "dtype": settings.dtype,
        "steps": state.step,
        "planned_steps": state.steps,
        "seconds": round(state.seconds, 3),
        "seconds_per_step": round(state.seconds / state.step, 5) if state.step else None,
        "loss": newest_losses(state.losses),
        "row_space": {
            "rank": None if space is None else space.spectrum.rank,
            "directions": None if space is None else space.rank,
            "input_dimension": network.input_dimension,
        },
        "evidence": session.evidence if verdict.evidence is None else verdict.evidence.as_dict(),
        "membership": None if membership is None else membership.as_dict(),
        "neighbours": None if nearby is None else nearby.as_dict(),
        "restarts": session.restarts,
        "gallery": {
            "distinct": len(gallery),
            "above_0.9": gallery.above(0.9),
            "confidence_unknown": gallery.why_unknown,
            "nulls": None if gallery.nulls is None else gallery.nulls.as_dict(),
            "images": _gallery_entries(session, verdict),
        },
        "note": session.remarks,
    }


def newest_losses(losses: Losses) -> dict[str, Any]:
    """The losses of the last step."""
    if not len(losses):
        return {"stationarity": None, "constraint": None, "relative_per_layer": []}
    return {
        "stationarity": float(losses.stationarity[-1]),
        "constraint": _finite_or_none(float(losses.constraint[-1])),
        "relative_per_layer": [_finite_or_none(float(v)) for v in losses.relative_per_layer[-1]],
    }


def _gallery_entries(session: Session, verdict: Verdict) -> list[dict[str, Any]]:
    """One entry an image, the most trustworthy first; what is not known is null."""
    gallery, recovered = verdict.gallery, verdict.is_recovered
    candidates = gallery.candidate.tolist()
    confidences = [gallery.confidence_of(candidate) for candidate in candidates]
    return [
        {
            "candidate": candidate,
            "label": int(session.labels[candidate]),
            "confidence": None if confidence is None else round(confidence, 4),
            "p_value": gallery.p_value_of(candidate),
            "found_by": int(gallery.found_by[place]),
            "recovered": None if recovered is None else bool(recovered[place]),
        }
        for place, (candidate, confidence) in enumerate(zip(candidates, confidences, strict=True))
    ]


def write_report(report: dict[str, Any], folder: Path) -> None:
    """Writes `report.json`.

    Raises:
        OSError: the file cannot be written; what stood there before is untouched.
    """
    with atomic_path(folder / REPORT) as temporary:
        temporary.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


def write_page(page: str, path: Path) -> None:
    """Writes the report's page, HTML.

    Raises:
        OSError: the file cannot be written; what stood there before is untouched.
    """
    with atomic_path(path) as temporary:
        temporary.write_text(page, encoding="utf-8")


def _finite_or_none(value: float) -> float | None:
    return value if math.isfinite(value) else None
