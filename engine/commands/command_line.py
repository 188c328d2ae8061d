"""The command line: the same engine without a window (design, section 4).

Results are files and one JSON summary on standard output; progress goes to standard error.
Exit status: 0 done, 1 the run failed, 2 unusable input, 130 interrupted with all that was
computed saved.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from tqdm import tqdm

from engine.base.errors import AfterimageError, UnusableInput
from engine.base.plain_text import plain
from engine.base.version import COMMAND, VERSION
from engine.commands import compare, export, membership, report, train
from engine.commands.inspect import inspection, inspection_text
from engine.commands.interruption import INTERRUPTED, Interrupted, Interruption
from engine.commands.names import COMMANDS
from engine.commands.report import WritePdf
from engine.commands.several import reconstruct_several
from engine.commands.terminal import put_out, tell
from engine.data.datasets import LabelledImages, load_images
from engine.data.inputs import parse_shape
from engine.evidence.references import References
from engine.evidence.scoring import score
from engine.exports import results
from engine.network.checkpoints import load_network
from engine.network.network import Network
from engine.reconstruction.run import Reconstruction
from engine.reconstruction.settings import PRESETS, Settings, preset
from engine.reconstruction.snapshot import Snapshot
from engine.runtime.devices import DEVICES
from engine.session.autosave import Autosave
from engine.session.session import SUFFIX, Session, load_session, save_session, session_of

_FAILED, _UNUSABLE = 1, 2


def main(arguments: Sequence[str] | None = None, write_pdf: WritePdf | None = None) -> int:
    """Runs one command and returns its exit status.

    Args:
        arguments: the command and what follows it; those of the process where not given.
        write_pdf: what `report --pdf` calls.
    """
    options = _parser().parse_args(arguments)
    options.write_pdf = write_pdf
    options.interruption = Interruption()
    try:
        with options.interruption.watched():
            summary = options.run(options)
    except UnusableInput as error:
        return _complain(str(error), _UNUSABLE)
    except AfterimageError as error:
        return _complain(str(error), _FAILED)
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        return _complain(f"{error.strerror or error}{where}.", _UNUSABLE)
    except (Interrupted, KeyboardInterrupt):
        return _complain("Interrupted.", INTERRUPTED)
    status = summary.pop("status", 0)
    text = options.text(summary) if getattr(options, "text", None) else json.dumps(summary)
    return int(status) if put_out(text) else int(status) or _FAILED


# --- commands -----------------------------------------------------------------------------


def _inspect(options: argparse.Namespace) -> dict[str, Any]:
    network = load_network(options.model, options.shape)
    if not options.json:
        options.text = inspection_text
    return inspection(network, _load(options.images, network, options.data_root))


def _reconstruct(options: argparse.Namespace) -> dict[str, Any]:
    folder = Path(options.out)
    if options.control is not None and options.images is None:
        raise UnusableInput("--control needs --images: a control is compared with training images.")
    run_one = partial(_reconstruct_one, options)
    if len(options.models) > 1:
        return reconstruct_several(options.models, folder, options.shape, run_one)
    return run_one(options.models[0], folder)


def _reconstruct_one(options: argparse.Namespace, model: str, folder: Path) -> dict[str, Any]:
    folder.mkdir(parents=True, exist_ok=True)
    if model.endswith(SUFFIX):
        _refuse_changes(options)
        resumed = load_session(Path(model))
        given = {n: getattr(options, n) for n in ("device", "seconds") if getattr(options, n)}
        network = resumed.network
        run = Reconstruction(network, replace(resumed.settings, **given), resumed.state)
    else:
        network = load_network(model, options.shape)
        run = None
    references = _load(options.images, network, options.data_root)
    control = _load(options.control, network, options.data_root)
    if run is None:
        run = Reconstruction(network, _settings(options, network))
    last, status = _drive(run, folder, options.interruption, options.quiet)
    session = session_of(run, run.computed_on, last.note)
    save_session(session, folder / results.SESSION)  # First of all: the rest can be made of it.
    shown = _references(network, references, control)
    evidence = None if shown is None else results.evidence_of(session, shown)
    written = results.write_results(session, evidence, folder, shown)
    gallery = {name: value for name, value in written["gallery"].items() if name != "images"}
    return {**written, "gallery": gallery, "out": str(folder), "status": status}


def _refuse_changes(options: argparse.Namespace) -> None:
    """What decides a run cannot be changed in its middle."""
    for name in ("preset", "candidates", "steps", "restarts", "seed", "shape"):
        if getattr(options, name) is not None:
            raise UnusableInput(f"A session goes on with its own settings; leave --{name} out.")


def _settings(options: argparse.Namespace, network: Network) -> Settings:
    given = {
        name: getattr(options, name)
        for name in ("candidates", "steps", "restarts", "seconds", "seed", "device")
        if getattr(options, name) is not None
    }
    return replace(preset(options.preset or "fast", network.input_shape[0]), **given)


def _drive(
    run: Reconstruction, folder: Path, interruption: Interruption, quiet: bool
) -> tuple[Snapshot, int]:
    """Runs to the end or to an interruption; saves the session first, and now and then.

    Saving before the first step finds out at once whether the folder can be written to.
    """
    status, failure = 0, None
    told = run.earlier_notes
    autosave: Autosave | None = None
    last: Snapshot | None = None
    bar = tqdm(unit="step", disable=True if quiet else None, file=sys.stderr, dynamic_ncols=True)
    with interruption.during_run(), closing(run.iterate()) as snapshots, closing(bar):
        try:
            for last in snapshots:
                if interruption.is_asked_for:
                    status = INTERRUPTED
                    break
                _show_progress(bar, last)
                if last.notes != told:
                    told = last.notes
                    _tell(told[-1], quiet)
                if autosave is None:
                    save_session(session_of(run, run.computed_on), folder / results.SESSION)
                    autosave = Autosave(last.seconds)
                elif autosave.is_due(last.seconds):
                    autosave.done(last.seconds)
                    _save_if_possible(session_of(run, run.computed_on), folder / results.SESSION)
        except AfterimageError as error:
            failure = error
        except Exception:
            # Whatever it was, it must not cost the run; but where not even the first copy could be
            # written, the last could not be either.
            if autosave is not None:
                _save_if_possible(session_of(run, run.computed_on), folder / results.SESSION)
            raise
    if last is None:
        raise failure or Interrupted
    if failure is not None:
        last, status = replace(last, note=str(failure)), _FAILED
        tell(str(failure))
    elif last.note:
        _tell(last.note, quiet)
    return last, status


def _tell(sentence: str, quiet: bool) -> None:
    if not quiet:
        tell(sentence)


def _save_if_possible(session: Session, path: Path) -> None:
    """A full disk must not end a run that may have hours behind it."""
    try:
        save_session(session, path)
    except OSError as error:
        why = error.strerror or error
        tell(f"the run could not be saved: {why}.")


def _show_progress(bar: tqdm[Any], snapshot: Snapshot) -> None:
    bar.total = snapshot.steps
    bar.update(snapshot.step - bar.n)
    if snapshot.restarts > 1:
        bar.set_description_str(snapshot.where, refresh=False)
    if len(snapshot.losses):
        bar.set_postfix_str(f"loss {snapshot.losses.stationarity[-1]:.4g}", refresh=False)


def _score(options: argparse.Namespace) -> dict[str, Any]:
    folder = Path(options.folder)
    candidates, mean = results.read_reconstructions(folder)
    channels, height, width = candidates.shape[1:]
    shape = (channels, height, width)
    references = load_images(options.images, shape, options.data_root)
    control = (
        None if options.control is None else load_images(options.control, shape, options.data_root)
    )
    evidence = score(
        candidates,
        references.images,
        None if control is None else control.images,
        mean,
        one_to_one=not options.many_to_one,
    )
    if (folder / results.REPORT).exists():
        scored = {**results.read_report(folder), "evidence": evidence.as_dict()}
        results.write_report(scored, folder)
    return {"evidence": evidence.as_dict()}


def _load(source: str | None, network: Network, root: Path | None) -> LabelledImages | None:
    return None if source is None else load_images(source, network.input_shape, root)


def _references(
    network: Network, train: LabelledImages | None, control: LabelledImages | None
) -> References | None:
    return None if train is None else References.of(network, train, control)


# --- the edges ------------------------------------------------------------------------------


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=COMMAND,
        description="Reconstructs images that a network was trained on, out of its weights.",
        epilog="Without a command the window opens, with FILE … in it if files are given.",
    )
    parser.add_argument("--version", action="version", version=f"Afterimage {VERSION}")
    commands = parser.add_subparsers(required=True, metavar="|".join(COMMANDS))
    for name in COMMANDS:
        what, add_arguments = _WHAT_AND_OPTIONS[name]
        add_arguments(commands.add_parser(name, help=what))
    return parser


def _add_inspect(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", metavar="MODEL", help="a checkpoint")
    parser.add_argument("--images", metavar="SOURCE", help="training images: how true is it?")
    _add_data_root(parser)
    parser.add_argument("--json", action="store_true", help="as JSON instead of text")
    _add_shape(parser)
    parser.set_defaults(run=_inspect)


def _add_reconstruct(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "models",
        metavar="MODEL",
        nargs="+",
        help=f"a checkpoint, or a {SUFFIX} file to go on; several checkpoints are run in turn",
    )
    parser.add_argument(
        "--out",
        required=True,
        metavar="DIR",
        help="folder for the results; of several, one subfolder each and a summary",
    )
    parser.add_argument("--images", metavar="SOURCE", help="training images, to score against")
    _add_control(parser)
    _add_data_root(parser)
    _add_settings(parser)
    _add_shape(parser)
    parser.add_argument("--quiet", action="store_true", help="no progress")
    parser.set_defaults(run=_reconstruct)


def _add_settings(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--preset", choices=PRESETS, help="fast, if not given")
    parser.add_argument("--candidates", type=int, metavar="M")
    parser.add_argument("--steps", type=int, metavar="N")
    parser.add_argument(
        "--restarts",
        type=int,
        metavar="R",
        help="searches from other noise, pooled; 1, if not given",
    )
    parser.add_argument(
        "--seconds", type=float, metavar="S", help="of searching, over all restarts"
    )
    parser.add_argument("--seed", type=int, metavar="N")
    parser.add_argument("--device", choices=DEVICES)


def _add_score(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", metavar="DIR")
    parser.add_argument("--images", required=True, metavar="SOURCE", help="training images")
    _add_control(parser)
    _add_data_root(parser)
    parser.add_argument(
        "--many-to-one", action="store_true", help="score as the paper does, for comparison"
    )
    parser.set_defaults(run=_score)


def _add_control(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--control", metavar="SOURCE", help="images that the network never saw")


def _add_data_root(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data-root", type=Path, metavar="DIR", help="folder of known data sets")


def _add_shape(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--shape", type=_shape, help="input shape like 1x28x28")


def _add_membership(parser: argparse.ArgumentParser) -> None:
    membership.add_arguments(parser, _shape)


_WHAT_AND_OPTIONS: dict[str, tuple[str, Callable[[argparse.ArgumentParser], None]]] = {
    "inspect": ("what a checkpoint's weights tell", _add_inspect),
    "reconstruct": ("run the attack, write everything to a folder", _add_reconstruct),
    "train": ("make a network of given images", train.add_arguments),
    "score": ("score the results in a folder", _add_score),
    "membership": ("were these images trained on?", _add_membership),
    "compare": ("two runs side by side", compare.add_arguments),
    "report": ("the report for people, as HTML or PDF", report.add_arguments),
    "export": ("GIF, MP4, PNG and others from a folder of results", export.add_arguments),
}
"""What each command is for, and what adds its options."""


def _shape(text: str) -> tuple[int, int, int]:
    try:
        return parse_shape(text)
    except UnusableInput as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _complain(message: str, status: int) -> int:
    tell(plain(message))
    return status
