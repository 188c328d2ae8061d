"""All of the zoo, shelf by shelf, and what of it is not yet as it is to be."""

from __future__ import annotations

from tests.zoo.changed_weights import FORMS, PRECISIONS
from tests.zoo.containers import CONTAINERS
from tests.zoo.designs import DESIGNS
from tests.zoo.elsewhere import ELSEWHERE
from tests.zoo.items import Item, Shelf
from tests.zoo.other_files import FILES
from tests.zoo.other_networks import OTHERS
from tests.zoo.safetensors_files import SAFETENSORS
from tests.zoo.trainers import TRAINERS, WRAPPED

SHELVES: tuple[Shelf, ...] = (
    DESIGNS,
    CONTAINERS,
    SAFETENSORS,
    TRAINERS,
    WRAPPED,
    PRECISIONS,
    FORMS,
    ELSEWHERE,
    OTHERS,
    FILES,
)
ITEMS: tuple[Item, ...] = tuple(item for shelf in SHELVES for item in shelf.items)

PENDING: frozenset[str] = frozenset(
    {
        "late.pth",
        "sorted_by_name.pth",
        "more_outputs.pth",
        "protocol_4.pt",
        "unknown_key.pt",
        "deep.pt",
        "numpy_scalar.pth",
        "sorted.safetensors",
        "tied.safetensors",
        "weighted.ckpt",
        "pos_weight.ckpt",
        "pruned.pth",
        "pruned_square.pth",
        "pruned_bias.pth",
        "weight_norm.pth",
        "weight_norm_whole.pth",
        "weight_norm_new.pth",
        "spectral_norm.pth",
        "spectral_norm_new.pth",
        "keras_deep.npz",
        "keras_wide.npz",
        "flax_deep.npz",
        "two_networks.pt",
        "same_names.pt",
        "pickled.pkl",
        "ema_beside.pt",
        "orthogonal.pth",
        "estimator.pkl",
    }
)
"""Names of those that are read or refused wrongly so far."""
