"""Lengths of shapes that an ONNX graph works out to flatten an image whatever its batch."""

from __future__ import annotations

from collections.abc import Mapping

from engine.network.onnx_nodes import Array, Node

_PARTS = ("Shape", "Gather", "Unsqueeze", "Concat", "Cast")


class Lengths:
    """How many numbers shapes hold: `x.view(x.size(0), -1)` is a shape of two.

    Attributes:
        known: the length of each shape, by its name.
    """

    def __init__(self, dimensions: int) -> None:
        """
        Args:
            dimensions: of an input.
        """
        self.known: dict[str, int] = {}
        self._dimensions = dimensions

    def of(self, node: Node, at: str) -> bool:
        """Takes a node that works out a shape; False where it does something else.

        Args:
            node: of the graph.
            at: what the chain of operators gives so far.
        """
        if node.operator not in _PARTS or not node.outputs or not node.inputs:
            return False
        if node.operator == "Shape" and node.inputs[0] == at:
            self.known[node.outputs[0]] = self._dimensions
            return True
        taken = [self._length(name, node.constants) for name in node.inputs]
        if not any(name in self.known for name in node.inputs) or None in taken:
            return False
        lengths = [length for length in taken if length is not None]
        found = {
            "Concat": sum(lengths),
            "Gather": lengths[-1],  # As many as are asked for.
            "Unsqueeze": lengths[0],
            "Cast": lengths[0],
        }
        if node.operator not in found:
            return False
        self.known[node.outputs[0]] = found[node.operator]
        return True

    def _length(self, name: str, constants: Mapping[str, Array]) -> int | None:
        found = constants.get(name)
        return self.known.get(name) if found is None else int(found.size)
