"""All of the zoo, shelf by shelf, and what of it is not yet as it is to be."""

from __future__ import annotations

from tests.zoo.changed_weights import FORMS, PRECISIONS
from tests.zoo.containers import CONTAINERS
from tests.zoo.convolutions import CONVOLUTIONS
from tests.zoo.designs import DESIGNS
from tests.zoo.elsewhere import ELSEWHERE
from tests.zoo.items import Item, Shelf
from tests.zoo.onnx_files import ONNX
from tests.zoo.other_files import FILES
from tests.zoo.other_networks import OTHERS
from tests.zoo.safetensors_files import SAFETENSORS
from tests.zoo.trainers import TRAINERS, WRAPPED

SHELVES: tuple[Shelf, ...] = (
    DESIGNS,
    CONVOLUTIONS,
    CONTAINERS,
    SAFETENSORS,
    TRAINERS,
    WRAPPED,
    PRECISIONS,
    FORMS,
    ELSEWHERE,
    ONNX,
    OTHERS,
    FILES,
)
ITEMS: tuple[Item, ...] = tuple(item for shelf in SHELVES for item in shelf.items)

PENDING: frozenset[str] = frozenset()
"""Names of those that are read or refused wrongly so far."""
