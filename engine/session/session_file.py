"""A session as a file: written so that nothing is lost, read so that nothing is believed unchecked.

The format: docs/session-format.md.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path, PureWindowsPath
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from engine.base.errors import DamagedSession, UnusableInput
from engine.base.file_checks import check_file
from engine.base.files import read_tensors, save_tensors
from engine.base.plain_text import plain
from engine.base.version import VERSION
from engine.data.inputs import InputShape, InputSpec, Preprocessing, std_in_shape
from engine.network.activation import Activation
from engine.network.checkpoints import load_network
from engine.network.network import Network, Origin
from engine.network.restructured import text_of
from engine.reconstruction.losses import Losses
from engine.reconstruction.recording import Recording
from engine.reconstruction.restarts import Restart
from engine.reconstruction.settings import settings_from_dict
from engine.reconstruction.snapshot import RunState
from engine.runtime.lazy import load_torch, torch
from engine.session.checks import check_kinds, check_together
from engine.session.earlier_formats import (
    LABELLED_SINCE,
    PACKED_SINCE,
    SAID_SINCE,
    as_its_checkpoint_said,
    labels_by_position,
)
from engine.session.header import FORMAT_VERSION, BaseSaid, Header, read_header
from engine.session.kept_images import image_tensors, read_score, read_sets, said_of
from engine.session.session import Session
from engine.session.theta import (
    base_tensors,
    parameter_tensors,
    read_base,
    read_parameters,
    read_structure,
)
from engine.stationarity.row_space import RowSpace
from engine.stationarity.spectrum import Spectrum

if TYPE_CHECKING:
    from torch import Tensor


def save_session(session: Session, path: Path, with_weights: bool = True) -> None:
    """Writes a session file.

    Args:
        session: the run as it stands.
        path: where to.
        with_weights: False leaves the network's weights out: who opens the session needs the
            checkpoint as well, and its SHA-256 has to be the same.

    Raises:
        UnusableInput: the weights are to be left out, but no checkpoint is known that holds them.
        OSError: the file cannot be written; what stood there before is untouched.
    """
    network, state = session.network, session.state
    if not with_weights and not network.origin.sha256:
        raise UnusableInput("This network is in no file; its session has to hold the weights.")
    tensors = _preprocessing_tensors(network)
    if with_weights:
        tensors |= parameter_tensors(network.parameters)
    tensors |= base_tensors(network)
    tensors |= {f"state.{name}": tensor for name, tensor in state.tensors.items()}
    tensors["losses"] = torch.from_numpy(state.losses.rows.copy())
    tensors |= _frames_tensors("frames", state.recording)
    for index, restart in enumerate(state.finished):
        tensors[f"restart.{index}.unknowns"] = restart.unknowns
        tensors[f"restart.{index}.multipliers"] = restart.multipliers
        tensors[f"restart.{index}.labels"] = restart.labels
        tensors |= _frames_tensors(f"restart.{index}.frames", restart.recording)
    if state.space is not None:
        tensors["space.basis"] = state.space.basis
        tensors["space.scale"] = state.space.scale
        tensors["space.spectrum"] = torch.from_numpy(state.space.spectrum.values.copy())
    tensors |= image_tensors(session.sets, session.kept_score)
    header = {
        "format": FORMAT_VERSION,
        "version": VERSION,
        "settings": session.settings.as_dict(),
        "step": state.step,
        "steps": state.steps,
        "seconds": state.seconds,
        "frame_steps": state.recording.steps,
        "restart_frame_steps": [restart.recording.steps for restart in state.finished],
        "floor": None if state.space is None else state.space.spectrum.floor,
        "rank": None if state.space is None else state.space.spectrum.rank,
        "input_shape": network.input_shape,
        "shape_is_known": network.inputs.is_known,
        "origin": [network.origin.file, network.origin.sha256, dict(network.origin.details)],
        "device": session.device,
        "note": session.note,
        "notes": session.state.notes,
        "evidence": session.evidence,
        "class_names": network.class_names,
        "activation_slope": network.activation.slope,
        "activation_said_by": network.activation_said_by,
        "preprocessing_said_by": network.inputs.preprocessing.said_by,
        "mean_is_laid_out": network.inputs.preprocessing.is_laid_out,
        "embedding": network.inputs.preprocessing.embedding,
        "layout": network.inputs.layout,
        "layout_said_by": network.inputs.layout_said_by,
        "images": msgspec.to_builtins(said_of(session.sets)),
        "reading": msgspec.to_builtins(network.reading),
        "base": msgspec.to_builtins(BaseSaid.of(network.base)),
        "architecture": text_of(network),
    }
    save_tensors(tensors, path, {"session": json.dumps(header)})


def _preprocessing_tensors(network: Network) -> dict[str, Tensor]:
    found = network.inputs.preprocessing.tensors
    return {f"network.{name}": tensor for name, tensor in found.items()}


def _frames_tensors(name: str, recording: Recording) -> dict[str, Tensor]:
    return {f"{name}.{part}": tensor for part, tensor in recording.tensors().items()}


def load_session(path: Path) -> Session:
    """Reads a session file. Nothing in it is executed, and its parts have to fit together.

    Raises:
        UnusableInput: it is damaged, cut short, or no session of this application.
    """
    check_file(path)
    load_torch()  # Were it broken, that would look like a damaged file below.
    try:
        metadata, tensors = read_tensors(path)
        header = read_header(metadata["session"], path.name)
        check_kinds(header, tensors)
        if header.format < LABELLED_SINCE:
            tensors |= labels_by_position(tensors)
        if header.format < SAID_SINCE and "network.bias" in tensors:
            tensors["network.bias.0"] = tensors.pop("network.bias")
        if "network.0" not in tensors:
            referenced = _referenced(header, path)
            tensors |= parameter_tensors(referenced.parameters)
            if header.format < SAID_SINCE:
                tensors |= _preprocessing_tensors(referenced)
        if header.format < SAID_SINCE:
            header = as_its_checkpoint_said(header, tensors)
        session = _assemble(header, tensors)
        check_together(session)
        return session
    except UnusableInput:
        raise
    # Whatever a hostile or damaged file makes the reader raise, the answer is the same.
    except Exception as error:
        raise DamagedSession(
            f"{path.name} is damaged, cut short, or no Afterimage session."
        ) from error


def _referenced(header: Header, path: Path) -> Network:
    """The network of a session that does not hold it: where it was, or beside the session.

    A path that begins with two slashes lies on another machine; opening a file asks no server.
    """
    file, sha256, _ = header.origin
    name = PureWindowsPath(file).name  # Takes either kind of slash, wherever it was saved.
    was_there = () if file.startswith(("\\\\", "//")) else (Path(file),)
    for place in (*was_there, path.parent / name):
        if place.is_file():
            network = load_network(place, header.input_shape, header.architecture or None)
            if network.origin.sha256 == sha256:
                layers = header.reading.layers
                ordered = network.with_layers(layers) if layers else network
                return ordered.with_layout(header.layout, header.layout_said_by)
    raise UnusableInput(
        f"{path.name} does not hold the network's weights; put its checkpoint {name} "
        f"(SHA-256 {sha256[:12]}…) beside it."
    )


def _network(header: Header, tensors: Mapping[str, Tensor]) -> Network:
    depth, said = _count(tensors), header.base
    parameters = read_parameters(tensors, depth, "network")
    base = None if said is None else read_base(said, parameters, tensors)
    std = tensors.get("network.std")
    preprocessing = Preprocessing(
        tensors.get("network.mean"),
        None if std is None else _std(std, header.input_shape),
        header.preprocessing_said_by,
        header.mean_is_laid_out,
        header.embedding,
    )
    file, sha256, details = header.origin
    return Network(
        parameters,
        InputSpec(
            header.input_shape,
            preprocessing,
            header.shape_is_known,
            header.layout,
            header.layout_said_by,
        ),
        Activation(header.activation_slope),
        Origin(file, sha256, details),
        tuple(plain(name) for name in header.class_names),
        header.activation_said_by,
        header.reading,
        base,
        read_structure(header.architecture),
    )


def _std(std: Tensor, shape: InputShape) -> Tensor:
    """As a preprocessing has it.

    Raises:
        ValueError: there are not as many numbers in a row as channels, or features.
    """
    found = std_in_shape(std, shape) if std.dim() == 1 else None
    if found is None:
        raise ValueError("a std of other inputs")
    return found


def _assemble(header: Header, tensors: dict[str, Tensor]) -> Session:
    network = _network(header, tensors)
    space = None
    if "space.basis" in tensors:
        assert header.floor is not None  # So says `check_kinds`.
        assert header.rank is not None
        spectrum = Spectrum(tensors["space.spectrum"].numpy(), header.floor, header.rank)
        space = RowSpace(tensors["space.basis"], tensors["space.scale"], spectrum)
    finished = tuple(
        Restart(
            tensors[f"restart.{index}.unknowns"],
            tensors[f"restart.{index}.multipliers"],
            tensors[f"restart.{index}.labels"],
            _recording(header, f"restart.{index}.frames", steps, tensors),
        )
        for index, steps in enumerate(header.restart_frame_steps)
    )
    state = RunState(
        step=header.step,
        steps=header.steps,
        seconds=header.seconds,
        tensors={
            name.removeprefix("state."): tensor
            for name, tensor in tensors.items()
            if name.startswith("state.")
        },
        space=space,
        losses=Losses(np.ascontiguousarray(tensors["losses"].numpy())),
        recording=_recording(header, "frames", header.frame_steps, tensors),
        finished=finished,
        notes=tuple(plain(note) for note in header.notes),
    )
    settings, scored = settings_from_dict(header.settings), header.evidence
    sets = read_sets(header.images, tensors, header.input_shape)
    pool, is_colour = settings.candidates * (len(finished) + 1), header.input_shape[0] == 3
    score = None
    if scored is not None:
        score = read_score(sets, tensors, pool, is_colour, scored)
    return Session(
        network,
        settings,
        state,
        plain(header.device),
        plain(header.note),
        None if scored is None else msgspec.to_builtins(scored),
        sets,
        score,
    )


def _recording(
    header: Header, name: str, steps: Sequence[int], tensors: Mapping[str, Tensor]
) -> Recording:
    """The drift of one restart, from the format that the header says."""
    if header.format < PACKED_SINCE:
        return Recording(steps, tensors[name].unbind())
    parts = {part: tensors[f"{name}.{part}"] for part in ("packed", "sizes", "units")}
    return Recording.from_tensors(steps, parts, tensors["state.unknowns"].shape[1])


def _count(tensors: Mapping[str, Tensor]) -> int:
    return sum(name.removeprefix("network.").isdigit() for name in tensors)
