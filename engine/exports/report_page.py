"""The report for people: one HTML file that holds all it shows, for the screen and for A4.

Its numbers are those of `report.json` (`results`). The page keeps to what Qt's text documents
understand, too: tables for layout, sizes in attributes; the PDF is made of it.
"""

from __future__ import annotations

import shlex
from html import escape
from typing import Any

from engine.base.version import COMMAND
from engine.data.pixels import display_pixels
from engine.evidence.diagnostics import about_images, check_weights
from engine.evidence.references import References
from engine.exports.charts import histograms, log_curves
from engine.exports.page_parts import TILE, as_chart, as_grid, as_picture, as_table, whole_page
from engine.reconstruction.settings import preset
from engine.session.session import Session
from engine.viewing.pairs import Pairs, best_pairs

_PAIRS, _TILES = 48, 60
_PAIRS_IN_ROW, _TILES_IN_ROW = 6, 10
_GIVEN = ("preset", "candidates", "steps", "restarts", "seed", "device")
_CITATION = (
    "N. Haim, G. Vardi, G. Yehudai, O. Shamir, M. Irani: Reconstructing Training Data from Trained "
    "Neural Networks. NeurIPS 2022, arXiv 2206.07758."
)


def report_page(
    session: Session, report: dict[str, Any], references: References | None = None
) -> str:
    """The whole page.

    Args:
        session: the run.
        report: what `report.json` says of it (`results.make_report`).
        references: training images and control, for pictures of pairs and for histograms; without
            them the page has the numbers that the report holds, and no pictures of pairs.
    """
    evidence = report["evidence"]
    pairs = None if references is None else best_pairs(session.images(), references)
    parts = [
        f"<h1>What {escape(report['model']['file'])} gives away</h1>",
        '<p class="quiet">A reconstruction of training images out of the weights alone, by '
        f"Afterimage {escape(report['app']['version'])}.</p>",
        f'<p class="headline">{_headline(report)}</p>',
        f"<p>{_claim(evidence)}</p>",
        _scores(evidence, pairs),
        _matches(pairs, evidence),
        _gallery(session, report),
        _network(session, report),
        _run(session, report),
        _reading(),
        _repeating(report),
    ]
    return whole_page(f"Afterimage report: {report['model']['file']}", parts)


def _headline(report: dict[str, Any]) -> str:
    evidence, gallery = report["evidence"], report["gallery"]
    if evidence is None:
        return f"{gallery['distinct']} distinct images, {gallery['above_0.9']} of confidence > 0.9"
    train = evidence["train"]
    if train["recovered"] is None:
        return f"{train['good']} of {train['count']} training images match, without a control"
    return f"{train['recovered']} of {train['count']} training images recovered"


def _claim(evidence: dict[str, Any] | None) -> str:
    """What may be concluded, and what may not."""
    if evidence is None:
        return (
            "No training images were given, so nothing here is evidence. It may be said that these "
            "images explain a part of the weights, and which of them are likely to be training "
            "images by an estimate that was fitted to other networks. It may not be said that any "
            "of them was in the training set, nor that nothing else was."
        )
    train, control = evidence["train"], evidence["control"]
    rule = escape(train["rule"])
    if control is None:
        return (
            f"{train['good']} matches are good ({rule}), but no control was given: images that the "
            "network never saw might match as well. Without that comparison this is no claim."
        )
    return (
        f"A training image counts as recovered if its match is good ({rule}) and better than the "
        f"best match of {control['count']} images that the network never saw. {train['good']} "
        f"training images and {control['good']} of the control have good matches; "
        f"{train['above_control']} training images match better than the control's best."
    )


def _scores(evidence: dict[str, Any] | None, pairs: Pairs | None) -> str:
    if evidence is None:
        return ""
    train, control = evidence["train"], evidence["control"]
    rows: list[tuple[str, ...]] = [("", "Training images", "Control")]
    for name, key in (("images", "count"), ("good", "good")):
        rows.append((name, str(train[key]), "–" if control is None else str(control[key])))
    for name in ("ssim", "ncc"):
        best = [f"{s[name][0]:.3f}" if s and s[name] else "–" for s in (train, control)]
        rows.append((f"best {name.upper()}", *best))
    table = as_table(rows)
    if pairs is None:
        return f"<h2>Scores</h2>{table}"
    found = pairs.evidence
    name = "SSIM" if found.train.is_colour else "NCC"
    samples, names, mark = [found.train.measure], ["training images"], None
    if found.control is not None:
        samples.append(found.control.measure)
        names.append("control")
        mark = (found.control.best, "the control's best")
    chart = histograms(samples, names, f"{name} of each image with its match", mark)
    return f"<h2>Scores</h2>{table}{as_chart(chart, 'Histograms of scores')}"


def _matches(pairs: Pairs | None, evidence: dict[str, Any] | None) -> str:
    if pairs is None:
        if evidence is None:
            return ""
        return (
            '<h2>Matches</h2><p class="quiet">Pictures of the pairs need the training images; give '
            "them with --images.</p>"
        )
    cells = []
    for index in range(min(_PAIRS, len(pairs.measure))):
        mark = "✓ " if pairs.is_recovered[index] else ""
        words = f"{mark}{pairs.measure[index]:.2f}"
        cells.append(
            as_picture(pairs.reconstructed[index], f"reconstruction, {words}")
            + as_picture(pairs.real[index], "training image")
            + f'<br><span class="small">{words}</span>'
        )
    return (
        "<h2>Matches</h2><p>Left the reconstruction, right the training image, the best first; ✓ "
        f"marks recovered ones. {len(cells)} of {len(pairs.measure)} pairs are shown.</p>"
        + as_grid(cells, _PAIRS_IN_ROW, 2 * TILE + 14)
    )


def _gallery(session: Session, report: dict[str, Any]) -> str:
    entries = report["gallery"]["images"][:_TILES]
    images = session.images()[[entry["candidate"] for entry in entries]]
    tiles = display_pixels(images, session.network.mean)
    cells = [
        as_picture(tile, f"candidate {entry['candidate']}")
        + f'<br><span class="small">{entry["confidence"]:.2f}</span>'
        for tile, entry in zip(tiles, entries, strict=True)
    ]
    early = "The run took too few steps for a confidence. " if session.is_early else ""
    return (
        "<h2>Gallery</h2><p>Distinct reconstructions by a confidence between 0 and 1 that no "
        f"training image went into. {early}"
        f"{len(cells)} of {report['gallery']['distinct']} are shown, "
        f"out of {report['restarts']} search{'es' if report['restarts'] > 1 else ''}.</p>"
        + as_grid(cells, _TILES_IN_ROW, TILE + 10)
    )


def _network(session: Session, report: dict[str, Any]) -> str:
    health, model, space = check_weights(session.network), report["model"], report["row_space"]
    return "<h2>The network</h2>" + as_table(
        [
            ("File", escape(model["file"])),
            ("SHA-256", f'<code class="small">{escape(model["sha256"] or "unknown")}</code>'),
            ("Layers", escape(session.network.architecture)),
            ("Input", "×".join(str(n) for n in model["input_shape"])),
            (
                "Row space",
                f"{health.spectrum.rank} of {space['input_dimension']} directions of the first "
                "layer stand above its noise",
            ),
            ("Remembered", f"{about_images(health.remembered)}, by the weights alone"),
            ("Layer norms", ", ".join(f"{layer.norm:.3g}" for layer in health.layers)),
            ("Outlook", escape(health.outlook)),
        ]
    )


def _run(session: Session, report: dict[str, Any]) -> str:
    losses, relative = session.state.losses, report["loss"]["relative_per_layer"]
    rows = [
        ("Steps", f"{report['steps']:,} of {report['planned_steps']:,}"),
        ("Time", f"{report['seconds']:.1f} s on {escape(report['device'])}"),
        ("Candidates", f"{report['settings']['candidates']:,} in each search"),
        ("Residual", ", ".join("–" if v is None else f"{v:.3f}" for v in relative)),
    ]
    if report["note"]:
        rows.append(("Note", escape(report["note"])))
    names = [f"layer {layer + 1}" for layer in range(len(relative))]
    chart = log_curves(losses.step, losses.relative_per_layer, names, "step")
    constraint = log_curves(losses.step, losses.constraint[:, None], ["constraint loss"], "step")
    return (
        "<h2>The run</h2>"
        + as_table(rows)
        + "<p>The stationarity residual of each layer, relative to its weights:</p>"
        + as_chart(chart, "Residual of each layer over steps")
        + "<p>The constraint loss:</p>"
        + as_chart(constraint, "Constraint loss over steps")
    )


def _reading() -> str:
    return (
        "<h2>How to read it</h2>"
        "<p>At convergence a network's weights are a combination of the gradients at its training "
        "images. The search looks for images and multipliers that solve this equation. "
        f'<span class="quiet">{_CITATION}</span></p>'
        "<p>Only <i>recovered</i>, which needs training images and a control, is a finding. A "
        "reconstruction alone proves nothing: it looks "
        "like the training images because the directions it is made of do. A good score alone can "
        "be had by chance, which is what the control is for. A low residual is no evidence: very "
        "different images reach the same.</p>"
        "<h2>Limits</h2>"
        "<p>Finding nothing does not show that a network gives nothing away; it shows that this "
        "search did not find it. Confidences were fitted to other networks; on networks unlike "
        "those they can be too high. The count of images remembered is an estimate.</p>"
    )


def _repeating(report: dict[str, Any]) -> str:
    settings = ", ".join(f"{key} {value}" for key, value in sorted(report["settings"].items()))
    return (
        "<h2>To repeat it</h2>"
        "<p>The same seed, settings, device and version give the same images:</p>"
        f'<p><code class="small">{escape(command(report))}</code></p>'
        f"{_changed_by_hand(report)}"
        f'<p class="small">Settings: {escape(settings)}.</p>'
        f'<p class="small">Afterimage {escape(report["app"]["version"])}, PyTorch '
        f"{escape(report['app']['torch'])}, {escape(report['dtype'])} on "
        f"{escape(report['device'])}.</p>"
    )


def command(report: dict[str, Any]) -> str:
    """What repeats the run from a terminal; settings of the window that it cannot give aside."""
    settings = report["settings"]
    steps = report["planned_steps"] // settings["restarts"]
    given = {
        "preset": settings["preset"],
        "candidates": settings["candidates"],
        "steps": steps,
        "restarts": settings["restarts"],
        "seed": report["seed"],
    }
    if settings["device"] != "auto":
        given["device"] = settings["device"]
    words = " ".join(f"--{name} {value}" for name, value in given.items())
    shape = "x".join(str(n) for n in report["model"]["input_shape"])
    # Quoted for a POSIX shell: a file may be called anything.
    file = shlex.quote(report["model"]["file"])
    return f"{COMMAND} reconstruct {file} --out results {words} --shape {shape}"


def _changed_by_hand(report: dict[str, Any]) -> str:
    """Settings that only the window can change, where they differ from the preset's."""
    settings = report["settings"]
    usual = preset(settings["preset"], report["model"]["input_shape"][0]).as_dict()
    changed = [
        f"{name} {value}"
        for name, value in sorted(settings.items())
        if name not in (*_GIVEN, "seconds") and value != usual[name] and usual[name] != -1
    ]
    if not changed:
        return ""
    return (
        f"<p>Also changed, in the window's advanced settings: {escape(', '.join(changed))}. The "
        "command line cannot set these.</p>"
    )
