"""What several commands are given: a network and how to read it, images, a run of before."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from engine.base.errors import UnusableInput
from engine.commands.targets import is_same_file
from engine.commands.terminal import tell
from engine.data.datasets import LabelledImages, load_images
from engine.data.inputs import (
    ANY_VECTOR,
    InputShape,
    Preprocessing,
    parse_shape,
    shape_in_words,
)
from engine.data.layout import LAYOUTS
from engine.data.neighbours import Neighbours, load_neighbours
from engine.data.normalisation import of_embeddings, parse_constants
from engine.data.roles import Role
from engine.evidence.duplicates import kept_apart, with_copies
from engine.evidence.preprocessing import feature_statistics, mean_image
from engine.evidence.references import References
from engine.evidence.scoring import is_evidence
from engine.exports import results, results_read
from engine.exports.run_read import read_run
from engine.network.activation import Activation, parse_activation
from engine.network.checkpoints import load_base, load_network
from engine.network.fine_tuned import HEADS, with_base
from engine.network.known_architectures import KNOWN
from engine.network.network import Network
from engine.session.session import SUFFIX, Session
from engine.session.session_file import load_session


def add_images(parser: argparse.ArgumentParser, about: str, required: bool = False) -> None:
    """`--images`, the training images."""
    parser.add_argument("--images", required=required, metavar="SOURCE", help=about)


def add_control(
    parser: argparse.ArgumentParser, about: str = "images that the network never saw"
) -> None:
    """`--control`, what a score is held against."""
    parser.add_argument("--control", metavar="SOURCE", help=about)


def add_other(parser: argparse.ArgumentParser) -> None:
    """`--other`, the control of a line-up."""
    parser.add_argument(
        "--other",
        type=Path,
        metavar="RUN",
        help="a run on another network, a session or a folder of results: how often do its "
        "reconstructions pick out these training images?",
    )


def with_other(
    options: argparse.Namespace, references: References | None, name: str, sha256: str
) -> References | None:
    """What a run is scored against, and beside it the run that `--other` names, if it does.

    Args:
        options: with those of `add_other`, or without.
        references: what is scored against.
        name: of the network in question.
        sha256: of its file; empty where nobody knows.

    Raises:
        UnusableInput: that run cannot be used, or there is nothing that it could stand beside.
    """
    path: Path | None = getattr(options, "other", None)
    if path is None:
        return references
    if references is None or references.control is None:
        raise UnusableInput(
            "--other stands beside a run in line-ups, which are made of training images and a "
            "control.",
            "Give --images and --control as well.",
        )
    if not references.has_lineup:
        raise UnusableInput(
            "--other stands beside a run in line-ups, and these images make none: the control has "
            "too few, or they are rows of a table.",
            "Give a larger control, or leave it out.",
        )
    other = read_run(path)
    channels, height, width = references.train.shape[1:]
    other.check_for((channels, height, width), name, sha256)
    return replace(references, other=other)


def add_data_root(parser: argparse.ArgumentParser) -> None:
    """`--data-root`, where a SOURCE that is a name is looked for."""
    parser.add_argument("--data-root", type=Path, metavar="DIR", help="folder of known data sets")


def add_base(parser: argparse.ArgumentParser) -> None:
    """`--base`, what it was fine-tuned from, and `--base-head`, how its last layer began."""
    parser.add_argument(
        "--base",
        metavar="MODEL0",
        help="the public network that this one was fine-tuned from: what fine-tuning changed is "
        "explained, in place of the weights",
    )
    parser.add_argument(
        "--base-head",
        choices=HEADS,
        help="whether the last layer began as the base's, or as a new one, which is left out; "
        "known is assumed where the base has as many classes, for the two cannot be told apart",
    )


def add_neighbours(parser: argparse.ArgumentParser) -> None:
    """`--neighbours`, what reconstructed embeddings are shown by."""
    parser.add_argument(
        "--neighbours",
        type=Path,
        metavar="FILE",
        help="embeddings of images at hand, by the backbone of a head: each reconstruction is "
        "shown by those nearest to it",
    )


def load_neighbours_of(options: argparse.Namespace, network: Network) -> Neighbours | None:
    """What `--neighbours` names, for a network on embeddings.

    Raises:
        UnusableInput: it cannot be read, or the network reads images.
    """
    if options.neighbours is None:
        return None
    if not network.inputs.is_vector:
        raise UnusableInput(
            f"{options.neighbours.name} holds embeddings, but {network.origin.name} reads images "
            f"of {shape_in_words(network.input_shape)}.",
            "Leave --neighbours out, or say --shape vector where it is a head on embeddings.",
        )
    return load_neighbours(options.neighbours, network.input_dimension)


READING = ("shape", "architecture", "layout", "activation", "preprocessing", "mean_of", "order")
"""Names of the options that say how a network is to be read."""


def add_reading(parser: argparse.ArgumentParser) -> None:
    """How a network is to be read where its checkpoint does not say it, or is wrong."""
    group = parser.add_argument_group("how the network is to be read, where its file does not say")
    group.add_argument(
        "--shape",
        type=_shape,
        help="input shape like 1x28x28; a number like 30, or “vector”, for rows of a table",
    )
    group.add_argument(
        "--architecture",
        metavar="TEXT",
        help="steps of a convolutional network, whose weights show no strides and no pooling: "
        "“conv stride 2 padding 2, relu, flatten, linear, relu, linear”; or a known one: "
        f"{', '.join(known.name for known in KNOWN)}",
    )
    group.add_argument(
        "--layout",
        choices=LAYOUTS,
        help="how it reads a colour image: chw, channel by channel (PyTorch), or hwc, pixel by "
        "pixel (Keras, Flax)",
    )
    group.add_argument(
        "--activation",
        type=_activation,
        metavar="NAME",
        help="relu, or leaky_relu:SLOPE; relu, if nobody says",
    )
    group.add_argument(
        "--preprocessing",
        metavar="WHAT",
        help="none; mean (a mean image, of --mean-of); a name such as mnist, cifar10 or imagenet; "
        "or MEAN/STD, one number or one a channel: 0.1307/0.3081; of rows of a table one a "
        "feature, or mean/std (of --mean-of); of embeddings embedding, or unit (at unit length)",
    )
    group.add_argument(
        "--mean-of",
        metavar="SOURCE",
        help="images whose mean was subtracted in training; the training images, if not given",
    )
    group.add_argument(
        "--order",
        metavar="NAMES",
        help="the layers in the order of the forward pass, by the names that inspect shows: "
        "fc1,fc3,fc2; needed where several orders fit and their names tell none",
    )


def read_network(options: argparse.Namespace, model: str, images: str | None = None) -> Network:
    """Reads a network as its file says, or as the options overrule it.

    Args:
        options: with those of `add_reading`.
        model: a checkpoint.
        images: training images, for a mean image that is not said of other ones. With no std
            beside it a mean image enters no run: it centres what candidates are scored against.

    Raises:
        UnusableInput: network or images cannot be used, or the options do not fit together.
    """
    shape, neighbours = options.shape, getattr(options, "neighbours", None)
    if shape is None and neighbours is not None:
        shape = ANY_VECTOR  # Who gives neighbours says that the network reads embeddings.
    network = _as_said(options, load_network(model, shape, options.architecture))
    base, head = getattr(options, "base", None), getattr(options, "base_head", None)
    if base is None and head is not None:
        raise UnusableInput(
            "--base-head says how the last layer of a fine-tuned network began, and no base was "
            "given.",
            "Give --base as well, or leave it out.",
        )
    if base is not None:
        if is_same_file(Path(base), Path(model)):
            raise UnusableInput(
                f"{base} was given twice, as the network and as its base.",
                "Give the network that it was fine-tuned from as the base.",
            )
        network = with_base(network, _as_said(options, load_base(base, network)), head)
    said = options.preprocessing
    if options.mean_of is not None:
        _check_mean_of(options, network)
        said = options.preprocessing or "mean"
    if said is None:
        return network if neighbours is None else _by_neighbours(network, options)
    wanted = said.strip().lower()
    if wanted == "mean" or (wanted == "mean/std" and network.inputs.is_vector):
        made = feature_statistics if wanted == "mean/std" else mean_image
        return network.with_preprocessing(_made_of(options, network, images, made))
    return network.with_preprocessing(parse_constants(said, network.input_shape))


def _by_neighbours(network: Network, options: argparse.Namespace) -> Network:
    """With inputs that are embeddings as the neighbours are, where nobody says anything else."""
    found = load_neighbours_of(options, network)
    if found is None or network.inputs.is_preprocessing_said:
        return network
    way = of_embeddings(found.kind, network.input_shape, "references")
    return network.with_preprocessing(way)


def _as_said(options: argparse.Namespace, network: Network) -> Network:
    """With order, layout and activation as the options overrule them."""
    if options.order is not None:
        network = network.with_layers([name.strip() for name in options.order.split(",")])
    if options.layout is not None:
        network = network.with_layout(options.layout, "user")
    if options.activation is not None:
        network = network.with_activation(options.activation, "user")
    return network


def _check_mean_of(options: argparse.Namespace, network: Network) -> None:
    """What would be passed over in silence is refused."""
    known = network.inputs.preprocessing
    if options.preprocessing is None and network.inputs.is_preprocessing_said:
        raise UnusableInput(
            f"The checkpoint says what was done to images ({known.words}); leave --mean-of out, or "
            "overrule it with --preprocessing mean."
        )
    if options.preprocessing not in (None, "mean", "mean/std"):
        raise UnusableInput(
            "--mean-of goes with --preprocessing mean, or mean/std, alone, and --preprocessing "
            f"{options.preprocessing} was given.",
            "Leave one of them out.",
        )


def _made_of(
    options: argparse.Namespace,
    network: Network,
    images: str | None,
    made: Callable[[LabelledImages], Preprocessing],
) -> Preprocessing:
    found = load_source(options, options.mean_of or images, network.input_shape)
    if found is None:
        raise UnusableInput(
            "A mean image is that of images: say which with --mean-of SOURCE, or give "
            "--preprocessing numbers."
        )
    return replace(made(found), said_by="user")


def check_control(options: argparse.Namespace) -> None:
    """A control alone would be passed over in silence.

    Raises:
        UnusableInput: there is one, and no images.
    """
    if options.control is not None and options.images is None:
        raise UnusableInput("--control needs --images: a control is compared with training images.")


def load_source(
    options: argparse.Namespace, source: str | None, shape: InputShape, role: Role = "train"
) -> LabelledImages | None:
    """All images of a source, if it is given; says what had to be understood to read them.

    Raises:
        UnusableInput: it cannot be read, or its images are of another shape.
    """
    if source is None:
        return None
    found = load_images(source, shape, options.data_root, role)
    if found.said and not getattr(options, "quiet", False):
        tell(f"{found.name}: {found.said}.")
    return found


def load_references(options: argparse.Namespace, network: Network) -> References | None:
    """What `--images` and `--control` name, to score runs of a network against.

    Raises:
        UnusableInput: they cannot be read, or are of another shape.
    """
    train, control = load_pair(options, network.input_shape)
    found = None if train is None else References.of(network, train, control)
    return with_other(options, found, network.origin.name, network.origin.sha256)


def load_pair(
    options: argparse.Namespace, shape: InputShape
) -> tuple[LabelledImages | None, LabelledImages | None]:
    """What `--images` and `--control` name, the control without training images; says what it saw.

    Raises:
        UnusableInput: they cannot be read, are of another shape, or no control is left.
    """
    train = load_source(options, options.images, shape)
    control = load_source(options, options.control, shape, "control")
    if train is None:
        return None, control
    train = with_copies(train)
    said = [
        f"{copies} of the {len(train):,} images in {train.name} are copies of others there."
        for copies in [len(train.copies or ())]
        if copies
    ]
    if control is not None:
        control = kept_apart(train, control)
        said += [control.apart.sentence] if control.apart and control.apart.left_out else []
    for sentence in [] if getattr(options, "quiet", False) else said:
        tell(sentence)
    return train, control


def load_run(path: Path) -> Session:
    """A run that was saved: a session, or the one in a folder of results.

    Raises:
        UnusableInput: there is none, or it cannot be used.
    """
    return load_session(session_of_run(path))


def session_of_run(path: Path) -> Path:
    """The session of a run that is named by it, or by its folder of results."""
    return path if path.suffix == SUFFIX else path / results.SESSION


def scored_before(folder: Path, session: Session) -> Any:
    """The score in a folder's `report.json`, as `score` or the run itself has left it there.

    None where there is none, or one of another run: one that was killed leaves its session beside
    the report of whatever the folder held before.

    Raises:
        UnusableInput: it cannot be read.
    """
    if not (folder / results.REPORT).exists():
        return None
    report = results_read.read_report(folder)
    if not results_read.is_report_of(report, session):
        return None
    evidence = report.get("evidence")
    if evidence is not None and not is_evidence(evidence):
        raise UnusableInput(f"The scores in {folder / results.REPORT} are damaged; score again.")
    return evidence


def _activation(text: str) -> Activation:
    try:
        return parse_activation(text)
    except UnusableInput as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _shape(text: str) -> InputShape:
    try:
        return parse_shape(text)
    except UnusableInput as error:
        raise argparse.ArgumentTypeError(str(error)) from error
