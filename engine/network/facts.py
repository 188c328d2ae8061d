"""What a network is, as reports hold it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.base.plain_text import plain
from engine.data.inputs import Preprocessing, is_vector
from engine.network.fine_tuned import about_base, changes_of
from engine.network.network import Network
from engine.network.restructured import text_of

if TYPE_CHECKING:
    from torch import Tensor


_SHOWN_CLASSES = 12


def model_facts(network: Network) -> dict[str, Any]:
    """The entry `model` of a report (docs/results.md); plain values."""
    classes = network.classes
    return {
        "base": base_facts(network),
        "file": network.origin.name,
        "sha256": network.origin.sha256,
        "layers": list(network.layer_sizes),
        "architecture": network.architecture,
        "order": {
            "layers": [plain(name) for name in network.reading.layers],
            "told_by": network.reading.ordered_by,
            "about": network.reading.about_order,
        },
        "structure": structure_facts(network),
        "applied": [str(noted) for noted in network.reading.applied],
        "ignored": [str(noted) for noted in network.reading.ignored],
        "biases": [bias is not None for bias in network.biases],
        "outputs": network.output_count,
        "input_shape": list(network.input_shape),
        "layout": {"name": network.inputs.layout, "said_by": network.inputs.layout_said_by},
        "activation": {
            "name": network.activation.name,
            "slope": network.activation.slope,
            "said_by": network.activation_said_by,
        },
        "preprocessing": preprocessing_facts(network.inputs.preprocessing),
        "classes": [
            {"label": label, "name": classes.name(label) if classes.names else None}
            for label in classes.labels
        ],
    }


def structure_facts(network: Network) -> dict[str, str] | None:
    """How convolutions follow each other, and who says so; None where all layers are full."""
    if network.structure is None:
        return None
    return {
        "text": text_of(network),
        "said_by": network.reading.structured_by,
        "about": network.reading.structured_by_words,
    }


def base_facts(network: Network) -> dict[str, Any] | None:
    """What it was fine-tuned from, and what that did to each layer; None where no base is known."""
    base = network.base
    if base is None:
        return None
    return {
        "file": base.origin.name,
        "sha256": base.origin.sha256,
        "about": about_base(network),
        "head": "new" if base.has_other_head else "known",
        "changes": [
            {
                "relative": None if change.relative is None else round(change.relative, 6),
                "words": change.words,
            }
            for change in changes_of(network)
        ],
    }


def about_outputs(network: Network) -> str:
    """`10 classes: airplane, automobile, …`, `2 classes, by the sign of one output`."""
    classes = network.classes
    by = ", by the sign of one output" if classes.outputs == 1 else ""
    words = f"{classes.count:,} classes{by}"
    if not network.class_names:
        return words
    shown = [classes.name(label) for label in classes.labels[:_SHOWN_CLASSES]]
    more = classes.count - len(shown)
    return f"{words}: {', '.join(shown)}{f' and {more:,} more' if more else ''}"


def preprocessing_facts(preprocessing: Preprocessing) -> dict[str, Any]:
    """In words and numbers; a mean of each pixel's own is `image`."""
    means, std = preprocessing.channel_means, preprocessing.std
    return {
        "words": preprocessing.words,
        "mean": _numbers(means) if means is not None else _image_or_nothing(preprocessing),
        "std": None if std is None else _numbers(std),
        "embedding": preprocessing.embedding or None,
        "said_by": preprocessing.said_by,
    }


def _image_or_nothing(preprocessing: Preprocessing) -> str | None:
    if preprocessing.mean is None:
        return None
    return "row" if is_vector(preprocessing.mean.shape) else "image"


def _numbers(values: Tensor) -> list[float]:
    return [round(float(value), 6) for value in values.flatten()]
