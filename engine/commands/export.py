"""`main.py export`: files that people take away, out of a run that was saved."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from contextlib import closing
from dataclasses import fields
from functools import partial
from pathlib import Path
from typing import Any

from engine.base.errors import UnusableInput
from engine.base.progress import Progress
from engine.commands.sources import (
    add_control,
    add_data_root,
    add_images,
    check_control,
    load_references,
    load_run,
)
from engine.commands.targets import add_overwrite, check_files, check_free
from engine.commands.terminal import bar_of, show_share
from engine.evidence.references import References
from engine.exports import results
from engine.exports.film_options import (
    EASINGS,
    PRESETS,
    RECORDED,
    FilmOptions,
    parse_candidates,
)
from engine.exports.stills import GridOptions, pngs_in, write_pngs
from engine.exports.writing import write_scores
from engine.session.session import SUFFIX, Session

ABOUT = "GIF, MP4, PNG and others from a folder of results"

_LEFT_OUT = {
    "noise": "the noise outside the row space",
    "caption": "the line of words",
    "step": "the step",
    "strip": "the losses",
}
"""What a film can be without."""

_OF_RECORDED, _OF_PAGES = ("width", "easing"), ("caption", "step", "strip")

Writer = Callable[[Session, Path, Progress], object]

_KINDS = {
    "gif": "the drift",
    "mp4": "the drift",
    "png": "the gallery, or what is chosen, as one grid",
    "pngs": "one PNG an image of the gallery",
    "npz": "images and numbers for NumPy",
    "pt": "the same for PyTorch",
    "csv": "the gallery's rows as a table, where the network reads rows",
    "losses": "losses as CSV, one row a step",
    "scores": "scores as CSV, one row a training image; needs --images",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `export`; those of a film come from `FilmOptions` itself."""
    parser.add_argument("folder", metavar="DIR", help=f"a folder of results, or a {SUFFIX} file")
    for kind, about in _KINDS.items():
        metavar = "FOLDER" if kind == "pngs" else "FILE"
        parser.add_argument(f"--{kind}", type=Path, metavar=metavar, help=about)
    add_images(parser, "training images")
    add_control(parser)
    add_data_root(parser)
    film = parser.add_argument_group("GIF and MP4")
    film.add_argument(
        "--preset",
        choices=tuple(PRESETS),
        help=f"{_presets()}; {RECORDED}, if not given",
    )
    content = film.add_mutually_exclusive_group()
    content.add_argument(
        "--pairs", action="store_true", help="beside the training images they match; needs --images"
    )
    content.add_argument("--chosen", metavar="3,17,20-25", help="these candidates")
    for each in fields(FilmOptions):
        if each.metadata:
            about = f"{each.metadata['label'].lower()}; {each.default or 'automatic'} if not given"
            metavar = "N" if isinstance(each.default, int) else "S"
            film.add_argument(
                f"--{each.name}", type=type(each.default), metavar=metavar, help=about
            )
    film.add_argument("--easing", choices=tuple(EASINGS), help="even, if not given")
    for name, about in _LEFT_OUT.items():
        film.add_argument(f"--no-{name}", action="store_true", help=f"without {about}")
    stills = parser.add_argument_group("PNG")
    stills.add_argument("--scale", type=int, metavar="N", help="each pixel as N × N")
    add_overwrite(parser, "files that are there already")
    parser.add_argument("--quiet", action="store_true", help="no progress")


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Writes what was asked for, and says where.

    Raises:
        UnusableInput: there is no such run, the options do not fit together, or a file would be
            replaced.
        OSError: a file cannot be written.
    """
    wanted = {kind: getattr(options, kind) for kind in _KINDS if getattr(options, kind)}
    _check(options, wanted)
    check_files(options, {kind: path for kind, path in wanted.items() if kind != "pngs"})
    if options.pngs is not None:
        check_free(options, pngs_in(options.pngs), "Name another folder")
    film = _film(options)
    session = load_run(Path(options.folder))
    references = load_references(options, session.network)
    writers = _writers(film, _grid(options), references)
    notes: dict[str, str] = {}
    for kind, target in wanted.items():
        with closing(bar_of(options.quiet, total=1.0, desc=kind)) as bar:
            said = writers[kind](session, target, partial(show_share, bar))
        if isinstance(said, str) and said:
            notes[kind] = said
    written: dict[str, Any] = {kind: str(target) for kind, target in wanted.items()}
    return {**written, "notes": notes} if notes else written


def lines(summary: dict[str, Any], _options: argparse.Namespace) -> list[str]:
    """Where each file is, and what had to be done for it to fit."""
    notes = summary.get("notes", {})
    return [
        f"{kind:6}  {target}" + (f" ({notes[kind]})" if kind in notes else "")
        for kind, target in summary.items()
        if kind != "notes"
    ]


def _check(options: argparse.Namespace, wanted: dict[str, Path]) -> None:
    """Options that would be passed over in silence are refused."""
    if not wanted:
        kinds = ", ".join(f"--{kind}" for kind in _KINDS)
        raise UnusableInput(f"Say what to export, and where to: {kinds}.")
    if options.pngs is not None and options.pngs.suffix.lower() == ".png":
        raise UnusableInput(
            f"--pngs takes a folder, and {options.pngs.name} is called like a file."
        )
    check_control(options)
    is_of_pairs = options.pairs or options.preset == "pairs"
    if options.images is None and ("scores" in wanted or is_of_pairs):
        which = "--scores" if "scores" in wanted else "A film of pairs"
        raise UnusableInput(f"{which} needs --images, the training images.")
    if options.preset == "pairs" and options.chosen is not None:
        raise UnusableInput("The preset “pairs” shows pairs; --chosen needs another one.")
    _check_preset(options)
    if (options.pairs or _given(options)) and not {"gif", "mp4"} & wanted.keys():
        raise UnusableInput("Options of a film need --gif or --mp4.")
    if options.chosen is not None and not {"gif", "mp4", "png"} & wanted.keys():
        raise UnusableInput("--chosen needs --gif, --mp4 or --png.")
    if options.scale is not None and not {"png", "pngs"} & wanted.keys():
        raise UnusableInput("--scale needs --png or --pngs; a film takes --width.")


def _check_preset(options: argparse.Namespace) -> None:
    is_page = PRESETS[options.preset or RECORDED].size is not None
    for name in _OF_RECORDED:
        if is_page and getattr(options, name) is not None:
            raise UnusableInput(f"--{name} is for recorded frames only, and not for this preset.")
    for name in _OF_PAGES:
        if not is_page and getattr(options, f"no_{name}"):
            raise UnusableInput(f"--no-{name} needs a --preset of a fixed size, like square.")


def _presets() -> str:
    named = [f"{word} ({preset.name})" for word, preset in PRESETS.items()]
    return ", ".join(named)


def _given(options: argparse.Namespace) -> dict[str, Any]:
    names = [each.name for each in fields(FilmOptions) if each.metadata] + ["easing", "preset"]
    given = {name: getattr(options, name) for name in names if getattr(options, name) is not None}
    return given | {name: False for name in _LEFT_OUT if getattr(options, f"no_{name}")}


def _film(options: argparse.Namespace) -> FilmOptions:
    given = _given(options)
    if options.pairs:
        return FilmOptions(what="pairs", **given)
    if options.chosen is not None:
        chosen = parse_candidates(options.chosen)
        return FilmOptions(what="chosen", chosen=chosen, **given)
    return FilmOptions(**given)


def _grid(options: argparse.Namespace) -> GridOptions:
    chosen = () if options.chosen is None else parse_candidates(options.chosen)
    return GridOptions(options.scale or 0, chosen)


def _writers(
    film: FilmOptions,
    grid: GridOptions,
    references: References | None,
) -> dict[str, Writer]:
    def of_film(write: Callable[..., object]) -> Writer:
        return partial(write, options=film, references=references)

    def scores(session: Session, path: Path, _progress: Progress) -> None:
        assert references is not None
        write_scores(path, session.score(references))

    def pngs(session: Session, folder: Path, progress: Progress) -> None:
        write_pngs(session, folder, grid.scale or 1, progress, references)

    return {
        "gif": of_film(results.export_gif),
        "mp4": of_film(results.export_mp4),
        "png": partial(results.export_png, options=grid, references=references),
        "pngs": pngs,
        "npz": partial(results.export_npz, references=references),
        "pt": partial(results.export_pt, references=references),
        "csv": partial(results.export_csv, references=references),
        "losses": results.export_losses,
        "scores": scores,
    }
