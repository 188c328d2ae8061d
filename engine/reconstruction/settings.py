"""Everything that decides a run, typed and frozen, and the two presets.

Each field says in its metadata what it is called and what it does; the window's tooltips and
the report's wording come from here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Literal

from engine.base.errors import UnusableInput
from engine.base.json_text import held_to
from engine.base.options import check_options, option
from engine.stationarity.cases import TrainingKind

PresetName = Literal["fast", "paper"]
PRESETS: tuple[PresetName, ...] = ("fast", "paper")

MAX_CANDIDATES = 10_000
MAX_POOL = 100_000
MAX_RESTARTS = 30


_CHOICES = {
    "preset": PRESETS,
    "training": ("auto", "margin", "decay", "free"),
    "space": ("row", "pixel"),
    "gradient": ("closed form", "double backward"),
    "optimizer": ("adam", "sgd"),
    "dtype": ("float32", "float64"),
    "device": ("auto", "cpu", "cuda", "mps"),
}


@dataclass(frozen=True)
class Settings:
    """The settings of one reconstruction. Defaults are those of the `fast` preset.

    Raises:
        UnusableInput: a value lies outside its range.
    """

    preset: PresetName = "fast"
    training: TrainingKind = "auto"
    space: Literal["row", "pixel"] = "row"
    gradient: Literal["closed form", "double backward"] = "closed form"
    optimizer: Literal["adam", "sgd"] = "adam"
    dtype: Literal["float32", "float64"] = "float32"
    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"

    candidates: int = option(
        0,
        "Candidates",
        "How many images are searched for at once. 0 chooses: twelve for each image that the "
        "network seems to remember, fewer where a time limit asks for it. More find more, and "
        "take longer.",
        0,
        MAX_CANDIDATES,
    )
    steps: int = option(
        500,
        "Steps",
        "How many steps a search takes. The schedule is laid out over them, so that half "
        "the steps is a faster search, not half of one.",
        1,
        10_000_000,
    )
    seconds: float = option(
        0.0,
        "Time limit (s)",
        "At most this long over all restarts, with fewer steps if need be. 0 sets no limit.",
        0,
        1e7,
    )
    restarts: int = option(
        1,
        "Restarts",
        "How many searches, each from noise of its own, one after the other. Each finds images "
        "that others miss, and what several find is more likely to be real.",
        1,
        MAX_RESTARTS,
    )
    seed: int = option(
        0,
        "Seed",
        "The noise that the search starts from; a restart takes the next seed. The same seed, "
        "settings, device and version give the same images.",
        0,
        2**31 - 1,
    )
    rank: int = option(
        0,
        "Rank of the row space",
        "How many leading directions of the first layer candidates are made of. 0 takes those "
        "that stand clear of the noise in the first layer's spectrum.",
        0,
        1_000_000,
    )
    scale_power: float = option(
        0.8,
        "Scale power",
        "Coordinates are scaled by their singular value to this power, which lets all of them "
        "move at a like pace.",
        0.0,
        2.0,
    )
    whitening: float = option(
        0.8,
        "Weight of faint directions",
        "In the row space, the first layer's residual counts in each direction by its singular "
        "value to minus twice this power: what few images share counts as much as what all do. 0 "
        "leaves the residual as published, 1 makes all directions equal.",
        0.0,
        1.0,
    )
    hidden_whitening: float = option(
        -1.0,
        "The same in hidden layers",
        "What the weight of faint directions is for the first layer, for the layers between it and "
        "the last. −1 chooses: 0.4 where weight decay has set the weights, 0 elsewhere.",
        -1.0,
        1.0,
    )
    smoothness: float = option(
        -1.0,
        "Smoothness",
        "A weak pull to images whose neighbouring pixels are alike. More of it makes more images "
        "look good, and more unseen images, too. −1 chooses: 4 for one search, 2 where several are "
        "pooled. 0 leaves it out, as published.",
        -1.0,
        1000.0,
    )
    initial_scale: float = option(
        1.5, "Initial noise", "Standard deviation of the noise that candidates start as.", 0, 100
    )
    candidate_rate: float = option(
        0.3, "Step of the images", "The optimiser's learning rate for the candidates.", 0, 10
    )
    multiplier_rate: float = option(
        0.02, "Step of the multipliers", "The optimiser's learning rate for the multipliers.", 0, 10
    )
    alpha_start: float = option(
        0.0,
        "Gate sharpness, start",
        "How sharply a neuron's gate opens in the backward pass. Soft gates let a candidate "
        "feel neurons that it does not yet activate. 0 chooses, by how large the neurons' inputs "
        "are in this network.",
        0.0,
        1e5,
    )
    alpha_end: float = option(
        0.0,
        "Gate sharpness, end",
        "The sharpness rises (or falls) to this value over the run, by the same factor each step. "
        "0 chooses: 2.7 times what it is at the start.",
        0.0,
        1e5,
    )
    minimum_multiplier: float = option(
        0.1,
        "Smallest multiplier",
        "Multipliers below this are pushed up, so that every candidate has to explain a part "
        "of the weights.",
        0,
        10,
    )
    margin_weight: float = option(
        0.2,
        "Pull to one margin",
        "Images that carry a multiplier all have the same margin, the network's output times "
        "the label. This pulls the candidates' margins together. 0 leaves it out, as published.",
        0,
        100,
    )

    def __post_init__(self) -> None:
        check_options(self, _CHOICES)
        for name, why in self.without_effect.items():
            if getattr(self, name) != _OFF[name]:
                label = next(f.metadata["label"] for f in fields(self) if f.name == name)
                raise UnusableInput(f"{label} cannot be {getattr(self, name):g} here. {why}")
        if self.restarts * self.candidates > MAX_POOL:
            raise UnusableInput(
                f"{self.restarts} restarts of {self.candidates:,} candidates are more than the "
                f"{MAX_POOL:,} that can be pooled; take fewer of either."
            )

    @property
    def without_effect(self) -> Mapping[str, str]:
        """Settings that this way to search cannot honour, each with the reason; they are off."""
        if self.space == "row":
            return {}
        return dict.fromkeys(_OFF, "It acts on the row space, and this searches among pixels.")

    def as_dict(self) -> dict[str, Any]:
        """For reports and session files."""
        return asdict(self)


_OFF = {"rank": 0, "scale_power": 0.0, "whitening": 0.0}
"""Settings of the row space, and what they are where there is none."""

_BEFORE_THEY_EXISTED = {
    "training": "margin",
    "whitening": 0.0,
    "hidden_whitening": 0.0,
    "smoothness": 0.0,
}
"""What runs did that were saved before these settings came."""


def settings_from_dict(values: Mapping[str, Any]) -> Settings:
    """The inverse of `Settings.as_dict`.

    Raises:
        UnusableInput: an unknown field, or a value of the wrong type or out of range.
    """
    unknown = values.keys() - {each.name for each in fields(Settings)}
    if unknown:
        raise UnusableInput(
            f"The settings cannot be read: this Afterimage knows none called “{min(unknown)}”."
        )
    try:
        # Earlier versions took them without a row space, too, and passed over them.
        off = _OFF if values.get("space") == "pixel" else {}
        return held_to({**_BEFORE_THEY_EXISTED, **values, **off}, Settings)
    except ValueError as error:
        raise UnusableInput(f"The settings cannot be read: {error}.") from error


def fast() -> Settings:
    """The default: row space, Adam with a cosine decay, α annealed; no settings to find."""
    return Settings()


def paper(channels: int) -> Settings:
    """The published procedure and numbers (Haim et al. 2022, appendix).

    Pixel space, float64, gradients by double backward, SGD with momentum 0.9, constant rates
    and α, m = 1000, 50,000 steps. The runs are those listed as “MNIST a” and “CIFAR-10 a”.

    Args:
        channels: 1 takes the numbers published for MNIST, 3 those for CIFAR-10.
    """
    common = Settings(
        preset="paper",
        space="pixel",
        gradient="double backward",
        optimizer="sgd",
        dtype="float64",
        candidates=1000,
        steps=50_000,
        scale_power=0.0,
        whitening=0.0,
        hidden_whitening=0.0,
        smoothness=0.0,
        margin_weight=0.0,
        multiplier_rate=1e-4,
    )
    if channels == 1:
        return replace(
            common,
            initial_scale=1.7e-3,
            candidate_rate=0.282,
            minimum_multiplier=0.415,
            alpha_start=19.2,
            alpha_end=19.2,
        )
    return replace(
        common,
        initial_scale=8.9e-4,
        candidate_rate=0.555,
        minimum_multiplier=0.498,
        alpha_start=19.1,
        alpha_end=19.1,
    )


def preset(name: str, channels: int) -> Settings:
    """A preset by name.

    Raises:
        UnusableInput: there is no such preset.
    """
    if name == "fast":
        return fast()
    if name == "paper":
        return paper(channels)
    raise UnusableInput(f"There is no preset “{name}”; choose {' or '.join(PRESETS)}.")
