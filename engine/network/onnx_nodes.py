"""A node of an ONNX graph: what it is called, takes and says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.base.errors import UnusableInput
from engine.network.onnx_files import array_of
from engine.network.other_layers import NETWORKS
from engine.network.structure import Pair

Array = NDArray[Any]

_READ = (
    "Read are chains of Conv, Gemm, MatMul, Relu, LeakyRelu, MaxPool, AveragePool, "
    "GlobalAveragePool, BatchNormalization and Flatten."
)
_LARGEST = 1_000_000


def refusal(file_name: str, why: str) -> UnusableInput:
    """A sentence that begins with the file, and what is read instead."""
    return UnusableInput(f"{file_name} {why}.", _READ, NETWORKS)


@dataclass(frozen=True)
class Node:
    """One.

    Attributes:
        proto: `onnx.NodeProto`.
        constants: of the graph, by name.
        file_name: for messages.
    """

    proto: Any
    constants: Mapping[str, Array]
    file_name: str

    @property
    def operator(self) -> str:
        """`Conv`."""
        return str(self.proto.op_type)

    @property
    def inputs(self) -> list[str]:
        """Names of what it takes; empty ones stand for what is left out."""
        return list(self.proto.input)

    @property
    def outputs(self) -> list[str]:
        """Names of what it gives."""
        return list(self.proto.output)

    @property
    def is_standard(self) -> bool:
        """Whether it is an operator of ONNX itself."""
        return self.proto.domain in ("", "ai.onnx")

    @property
    def called(self) -> str:
        """`Conv “/conv1/Conv”`."""
        name = f" “{self.proto.name}”" if self.proto.name else ""
        return f"{self.operator or 'an operator'}{name}"

    @property
    def value(self) -> Array:
        """Of a `Constant`."""
        for attribute in self.proto.attribute:
            if attribute.name == "value":
                return array_of(attribute.t, self.file_name)
            if attribute.name in ("value_float", "value_int"):
                return np.array(attribute.f if attribute.name == "value_float" else attribute.i)
            if attribute.name in ("value_floats", "value_ints"):
                return np.array(list(attribute.floats or attribute.ints))
        raise refusal(self.file_name, "has a constant that is no number")

    def attribute(self, name: str, usual: Any) -> Any:
        """A number, numbers or a word."""
        for attribute in self.proto.attribute:
            if attribute.name == name:
                word = attribute.s.decode("utf-8", "replace")
                said = {1: attribute.f, 2: attribute.i, 3: word}
                several = {6: list(attribute.floats), 7: list(attribute.ints)}
                return {**said, **several}.get(attribute.type, usual)
        return usual

    def pair(self, name: str, usual: Pair) -> Pair:
        """Two whole numbers above 0, of rows and of columns."""
        found = self.attribute(name, list(usual))
        if not isinstance(found, list) or len(found) != 2 or not all(map(_is_size, found)):
            raise refusal(self.file_name, f"has {self.called} of other than two dimensions")
        return (found[0], found[1])

    def padding(self, kernel: Pair, stride: Pair, dilation: Pair) -> Pair:
        """Of rows and columns, the same on both sides."""
        automatic = self.attribute("auto_pad", "NOTSET")
        pads = [0, 0, 0, 0] if automatic == "VALID" else self.attribute("pads", [0, 0, 0, 0])
        if automatic in ("SAME_UPPER", "SAME_LOWER"):
            reach = [d * (k - 1) for d, k in zip(dilation, kernel, strict=True)]
            is_even = stride == (1, 1) and not any(each % 2 for each in reach)
            pads = [each // 2 for each in reach] * 2 if is_even else []
        is_alike = isinstance(pads, list) and len(pads) == 4 and pads[:2] == pads[2:]
        if not is_alike or not all(n == 0 or _is_size(n) for n in pads):
            raise refusal(
                self.file_name, f"pads {self.called} by different widths on its two sides"
            )
        return (pads[0], pads[1])

    def constant(self, place: int) -> Array | None:
        """A constant that it takes; None where it takes nothing there."""
        if len(self.inputs) <= place or not self.inputs[place]:
            return None
        found = self.constants.get(self.inputs[place])
        if found is None:
            raise refusal(self.file_name, f"has {self.called} whose weights are no constants")
        return found


def _is_size(number: object) -> bool:
    return type(number) is int and 0 < number < _LARGEST
