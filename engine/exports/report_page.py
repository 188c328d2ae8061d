"""The report for people: one HTML file that holds all it shows, for the screen and for A4.

Its numbers are those of `report.json` (`results`); its words and layout are those of
`resources/pages/report.html.j2`.
"""

from __future__ import annotations

import shlex
from dataclasses import replace
from typing import Any

from engine.base.colours import Meaning, layer
from engine.base.plain_text import counted, percent
from engine.base.version import COMMAND
from engine.data.inputs import shape_in_words, who_said
from engine.data.normalisation import EMBEDDINGS
from engine.data.nouns import ROWS, Nouns, nouns_of
from engine.data.pixels import display_pixels
from engine.evidence.diagnostics import FIRST
from engine.evidence.lineup import lineup_of
from engine.evidence.neighbourhood import Neighbourhood
from engine.evidence.outlook import about_images
from engine.evidence.shadows import about_shadows
from engine.exports.charts import histograms, log_curves
from engine.exports.conclusion import conclude
from engine.exports.page_neighbours import neighbours_on_page
from engine.exports.page_parts import Grid, Picture, Tile, as_chart, as_picture, in_rows, whole_page
from engine.network.classes import Classes
from engine.network.reading import Reading
from engine.reconstruction import planning
from engine.reconstruction.noise import Noise
from engine.reconstruction.settings import Settings, preset
from engine.runtime.lazy import torch
from engine.session.session import Session
from engine.stationarity.cases import NAMES
from engine.viewing.pairs import Pairs
from engine.viewing.verdict import Verdict

_RATES = (
    ("tpr_at_1_percent_fpr", "interval"),
    ("tpr_at_0.1_percent_fpr", "interval_at_0.1_percent"),
)
_PAIRS, _TILES = 48, 60
_PAIRS_IN_ROW, _TILES_IN_ROW = 6, 10
_MOST_CLASSES = 12
"""That are listed by name."""
_BY_HAND = ("user", "references")
"""Who says what the file does not."""
_GIVEN = ("preset", "training", "candidates", "steps", "restarts", "seed", "device")


def report_page(
    session: Session,
    report: dict[str, Any],
    verdict: Verdict | None = None,
    nearby: Neighbourhood | None = None,
) -> str:
    """The whole page.

    Args:
        session: the run.
        report: what `report.json` says of it (`results.make_report`).
        verdict: what the report was made of, for pictures and for histograms; where it has no
            pairs, the page has the numbers that the report holds, and no pictures of pairs.
        nearby: what embeddings are near to; without it no neighbour is shown.
    """
    evidence, pairs = report["evidence"], None if verdict is None else verdict.pairs
    nouns = nouns_of(session.network.input_shape)
    return whole_page(
        "report.html.j2",
        report=report,
        nouns=nouns,
        conclusion=conclude(report),
        scores=None if evidence is None else _scores(evidence, nouns),
        lineup=lineup_of(evidence),
        histograms=None if pairs is None else _histograms(pairs, nouns),
        matches=None if pairs is None else _matches(pairs, nouns),
        membership=_membership(report),
        gallery=_gallery(session, report),
        neighbours=None if nearby is None else neighbours_on_page(nearby, report["gallery"]),
        confidence_unknown=report["gallery"]["confidence_unknown"],
        network=_network(session, report),
        run=_run(report),
        **_curves(session, report),
        command=command(report),
        changed=_changed_by_hand(session, report),
        settings=", ".join(
            f"{key} {value}"
            for key, value in sorted(report["settings"].items())
            if key != "training_why"
        ),
    )


def _scores(evidence: dict[str, Any], nouns: Nouns) -> list[tuple[str, ...]]:
    train, control = evidence["train"], evidence["control"]
    rows: list[tuple[str, ...]] = [("", f"Training {nouns.several}", "Control")]
    for name, key in ((nouns.several, "count"), ("good", "good")):
        rows.append((name, str(train[key]), "–" if control is None else str(control[key])))
    measures = ("ncc",) if nouns is ROWS else ("ssim", "ncc")  # Rows have no windows.
    for name in ("cosine",) if train.get("cosine") else measures:
        best = [f"{s[name][0]:.3f}" if s and s[name] else "–" for s in (train, control)]
        rows.append((f"best {name if name == 'cosine' else name.upper()}", *best))
    lineup = lineup_of(evidence)
    return rows if lineup is None else [*rows, *lineup.rows]


def _membership(report: dict[str, Any]) -> dict[str, Any] | None:
    """The tables of what each score is worth and of who is most exposed; None if nobody asked."""
    found = report["membership"]
    if found is None:
        return None
    worth = [("", "Area", "Found at 1 %", "Found at 0.1 %")]
    for name, score in found["scores"].items():
        if score is not None:
            area = "–" if score["area"] is None else f"{score['area']:.2f}"
            worth.append((name, area, *(_found_at(score, *keys) for keys in _RATES)))
    exposed = [("", "class", "multiplier", "as much in the control")]
    for each in found["most_exposed"]:
        above = "–" if each["control_above"] is None else f"{each['control_above']:,}"
        row = (f"number {each['index'] + 1:,}", str(each["label"]), f"{each['multiplier']:.3g}")
        exposed.append((*row, above))
    shadows = found["shadow_networks"]
    about = "" if shadows is None else " ".join(about_shadows(shadows))
    return {"worth": worth, "exposed": exposed, "about_shadows": about, **found}


def _found_at(score: dict[str, Any], rate: str, interval: str) -> str:
    if score[interval] is None:
        return "–"
    low, high = score[interval]
    return f"{percent(score[rate], 1)} ({percent(low, 1)} to {percent(high, 1)})"


def _histograms(pairs: Pairs, nouns: Nouns) -> Picture:
    found = pairs.evidence
    name = found.train.measure_name
    samples, mark = [found.train.measure], None
    names: dict[str, Meaning] = {f"training {nouns.several}": "training"}
    if found.control is not None:
        samples.append(found.control.measure)
        names["control"] = "control"
        mark = (found.control.best, "the control's best")
    chart = histograms(samples, names, f"{name} of each {nouns.one} with its match", mark)
    return as_chart(chart, "Histograms of scores")


def _matches(pairs: Pairs, nouns: Nouns) -> Grid:
    tiles, words_of_real = [], f"training {nouns.one}"
    for index in range(min(_PAIRS, len(pairs.measure))):
        mark = "✓ " if pairs.is_recovered[index] else ""
        words = f"{mark}{pairs.measure[index]:.2f}"
        reconstructed = as_picture(pairs.reconstructed[index], f"reconstruction, {words}")
        tiles.append(Tile((reconstructed, as_picture(pairs.real[index], words_of_real)), words))
    return in_rows(tiles, len(pairs.measure), _PAIRS_IN_ROW, 14)


def _gallery(session: Session, report: dict[str, Any]) -> Grid:
    entries = report["gallery"]["images"][:_TILES]
    images = session.images()[[entry["candidate"] for entry in entries]]
    tiles = [
        Tile((as_picture(tile, f"candidate {entry['candidate']}"),), _words_of(session, entry))
        for tile, entry in zip(display_pixels(images, session.network.mean), entries, strict=True)
    ]
    return in_rows(tiles, report["gallery"]["distinct"], _TILES_IN_ROW, 10)


def _words_of(session: Session, entry: dict[str, Any]) -> str:
    """What stands below an image: ✓ if recovered, its class of several, and its confidence."""
    classes, confidence = session.network.classes, entry["confidence"]
    words = [classes.name(entry["label"])] if classes.outputs > 1 else []
    words += [] if confidence is None else [f"{confidence:.2f}"]
    return ("✓ " if entry["recovered"] else "") + (" · ".join(words) or "–")


def _network(session: Session, report: dict[str, Any]) -> list[tuple[str, str]]:
    """What is said of it below its file and its SHA-256."""
    model, health = report["model"], report["health"]
    nouns = nouns_of(model["input_shape"])
    return [
        ("Layers", model["architecture"]),
        *_architecture(model["structure"]),
        *_reading(session.network.reading),
        *_base(model["base"]),
        ("Activation", _with_who_said(model["activation"], "name")),
        ("Classes", _classes(session.network.classes)),
        ("Input", shape_in_words(model["input_shape"])),
        *_layout(session),
        ("Preprocessing", _with_who_said(model["preprocessing"], "words")),
        (
            "Row space" if health["layer"] == FIRST else "Spectrum",
            f"{health['rank']} of {health['dimension']} directions of the {health['layer']} stand "
            "above its noise",
        ),
        ("Remembered", f"{nouns.of(about_images(health['remembered']))}, by the weights alone"),
        ("Layer norms", ", ".join(f"{norm:.3g}" for norm in health["norm_per_layer"])),
        ("Training", f"by its weights {health['training']}"),
        ("Outlook", health["outlook"]),
    ]


def _layout(session: Session) -> list[tuple[str, str]]:
    """Of images of several channels alone: those of one have none."""
    described = session.network.inputs.layout_described
    return [("Layout", described)] if described else []


def _architecture(structure: dict[str, str] | None) -> list[tuple[str, str]]:
    """How convolutions follow each other, and who says so."""
    if structure is None:
        return []
    return [("Architecture", f"{structure['text']} ({structure['about']})")]


def _reading(reading: Reading) -> list[tuple[str, str]]:
    """What was assumed of the file: its order, and tensors that are no layers as they stand."""
    rows = [("Order", reading.about_order)] if reading.ordered_by != "shapes" else []
    rows += [("Applied", str(noted)) for noted in reading.applied]
    rows += [("Ignored", str(noted)) for noted in reading.ignored]
    return [row for row in rows if row[1]]


def _base(base: dict[str, Any] | None) -> list[tuple[str, str]]:
    """What it was fine-tuned from, where that is known."""
    if base is None:
        return []
    changed = ", ".join(each["words"] for each in base["changes"])
    return [
        ("Base", f"{base['file']}, SHA-256 {base['sha256'] or 'unknown'}"),
        ("Changed", f"{changed} of each layer. {base['about']}"),
    ]


def _with_who_said(fact: dict[str, Any], key: str) -> str:
    return f"{fact[key]} ({who_said(fact['said_by'])})"


def _classes(classes: Classes) -> str:
    """`10: 0 (plane), 1 (car), …`, or how many and by which output, where nobody named them."""
    outputs = f"told apart by {counted(classes.outputs, 'outputs')}"
    if not classes.names:
        return f"{classes.count}, {outputs}"
    names = [classes.numbered(label) for label in classes.labels[:_MOST_CLASSES]]
    more = ["…"] if classes.count > len(names) else []
    return f"{classes.count}, {outputs}: {', '.join([*names, *more])}"


def _run(report: dict[str, Any]) -> list[tuple[str, str]]:
    relative, settings = report["loss"]["relative_per_layer"], report["settings"]
    rows = [
        ("Steps", f"{report['steps']:,} of {report['planned_steps']:,}"),
        ("Time", f"{report['seconds']:.1f} s on {report['device']}"),
        ("Candidates", f"{settings['candidates']:,} in each search"),
        ("Training", f"{NAMES[settings['training']]}. {settings['training_why']}"),
        ("Residual", ", ".join("–" if v is None else f"{v:.3f}" for v in relative)),
    ]
    if report["note"]:
        rows.append(("Note", report["note"]))
    return rows


def _curves(session: Session, report: dict[str, Any]) -> dict[str, Picture]:
    losses, relative = session.state.losses, report["loss"]["relative_per_layer"]
    names = {f"layer {index + 1}": layer(index) for index in range(len(relative))}
    seen = losses.constraint_seen
    residuals = log_curves(losses.step, losses.relative_per_layer, names, "step")
    constraint = log_curves(
        losses.step[seen], losses.constraint[seen, None], {"constraint loss": "curve"}, "step"
    )
    return {
        "residuals": as_chart(residuals, "Residual of each layer over steps"),
        "constraint": as_chart(constraint, "Constraint loss over steps"),
    }


def command(report: dict[str, Any]) -> str:
    """What repeats the run from a terminal; settings of the window that it cannot give aside."""
    settings = report["settings"]
    steps = report["planned_steps"] // settings["restarts"]
    given = {
        "preset": settings["preset"],
        "training": settings["training"],
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
    read = "".join(f" --{name} {value}" for name, value in _read_as(report["model"]).items())
    base = report["model"]["base"]
    if base is not None:
        read += f" --base {shlex.quote(base['file'])}"
        read += " --base-head new" if base["head"] == "new" else ""
    return f"{COMMAND} reconstruct {file} --out results {words} --shape {shape}{read}"


def _read_as(model: dict[str, Any]) -> dict[str, str]:
    """The options that repeat how a network is read, where its file does not say."""
    activation, preprocessing = model["activation"], model["preprocessing"]
    options = {}
    if model["layout"]["said_by"] in _BY_HAND:
        options["layout"] = model["layout"]["name"]
    if model["order"]["told_by"] == "user":
        options["order"] = shlex.quote(",".join(model["order"]["layers"]))
    if activation["said_by"] in _BY_HAND:
        slope = activation["slope"]
        options["activation"] = f"leaky_relu:{slope:.6g}" if slope else "relu"
    written = {name: word for word, name in EMBEDDINGS.items()}
    if preprocessing["said_by"] in _BY_HAND and preprocessing["embedding"]:
        options["preprocessing"] = written[preprocessing["embedding"]]
    elif preprocessing["said_by"] in _BY_HAND:
        mean, std = preprocessing["mean"], preprocessing["std"]
        if mean in ("image", "row"):
            which = "mean" if mean == "image" or std is None else "mean/std"
            return {**options, "preprocessing": which, "mean-of": "SOURCE"}
        options["preprocessing"] = "/".join(_numbers(each) for each in (mean, std or [1.0]))
    return options


def _numbers(values: list[float]) -> str:
    return ",".join(f"{value:.6g}" for value in values)


def _changed_by_hand(session: Session, report: dict[str, Any]) -> str:
    """Settings that only the window can change, where they differ from the preset's."""
    settings = report["settings"]
    changed = [
        f"{name} {settings[name]}"
        for name, value in sorted(_as_preset(session).as_dict().items())
        if name not in (*_GIVEN, "seconds") and settings[name] != value
    ]
    return ", ".join(changed)


def _as_preset(session: Session) -> Settings:
    """What the preset of a run says for its network and training, all of it filled in."""
    settings, network = session.settings, session.network
    channels, outputs = network.input_shape[0], network.output_count
    chosen = preset(settings.preset, channels, outputs, settings.training)
    chosen = planning.filled_in(replace(chosen, restarts=settings.restarts), network)
    dtype = torch.float64 if settings.dtype == "float64" else torch.float32
    return planning.fitted(chosen, Noise.of(network, session.state.space, dtype, chosen.taken_at))
