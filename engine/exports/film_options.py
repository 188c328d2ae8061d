"""What a film shows, how large, and how fast, as people choose it."""

from __future__ import annotations

from dataclasses import dataclass

from engine.base.errors import UnusableInput
from engine.base.options import check_options, option

CONTENTS = {
    "gallery": "The gallery's first images",
    "chosen": "Chosen candidates",
    "pairs": "Pairs with training images",
}
"""What a film can show, with its name for people."""

EASINGS = {
    "even": "Even",
    "slow-end": "Slow end",
    "steps": "By steps",
}
"""How recorded frames are spread over the duration, with names for people."""


@dataclass(frozen=True)
class Preset:
    """A kind of film.

    Attributes:
        name: for people.
        size: width and height of every frame in pixels; None, whatever the tiles need.
        seconds: of the drift, where nobody says otherwise.
        most_bytes: that its file may have; None, as many as it takes.
        is_of_pairs: whether it always shows pairs.
    """

    name: str
    size: tuple[int, int] | None = None
    seconds: float = 8.0
    most_bytes: int | None = None
    is_of_pairs: bool = False


RECORDED = "recorded"
_WEB_SIZE, _WEB_SECONDS, _WEB_BYTES = (800, 600), 6.0, 5_000_000

PRESETS = {
    "pairs": Preset(
        "Pairs for a web page, 800×600, under 5 MB", _WEB_SIZE, _WEB_SECONDS, _WEB_BYTES, True
    ),
    "web": Preset("Web page, 800×600, under 5 MB", _WEB_SIZE, _WEB_SECONDS, _WEB_BYTES),
    "square": Preset("Square, 1080×1080", (1080, 1080)),
    "wide": Preset("Wide, 1920×1080", (1920, 1080)),
    RECORDED: Preset("Recorded frames only"),
}
"""By the word that the command line knows them by, in the order in which they are offered."""


@dataclass(frozen=True)
class FilmOptions:
    """What a film shows, how large, and how fast.

    Attributes:
        preset: one of `PRESETS`. Width and easing are for recorded frames only; caption, step and
            strip are for all others.
        what: one of `CONTENTS`.
        chosen: numbers of candidates, where those are to be shown.
        easing: one of `EASINGS`.
        noise: whether the noise outside the row space is shown (decision 24).
        caption: whether a line of words says what it is.
        step: whether the step is said.
        strip: whether the stationarity loss runs along.

    Raises:
        UnusableInput: an option is outside its range.
    """

    preset: str = RECORDED
    what: str = "gallery"
    chosen: tuple[int, ...] = ()
    tiles: int = option(
        0,
        "Images, at most",
        "The first so many, the best first. Automatic is as many as are large enough to be seen, "
        "and 12 pairs; of recorded frames only, 64, or 36 in colour.",
        0,
        400,
    )
    width: int = option(
        500,
        "Width in pixels",
        "At most so wide: every pixel becomes a whole number of pixels, one at least, so that "
        "nothing is blurred.",
        16,
        2000,
    )
    duration: float = option(
        0.0,
        "Duration in seconds",
        "Of the drift, from noise to its end. Automatic is 8 s, and 6 s for a web page; of "
        "recorded frames only, up to 60 of them, each for 0.08 s.",
        0.0,
        60.0,
    )
    hold: float = option(
        2.5,
        "Hold in seconds",
        "For how long the last frame stands before the film ends.",
        0.0,
        60.0,
    )
    easing: str = "even"
    noise: bool = True
    caption: bool = True
    step: bool = True
    strip: bool = True

    def __post_init__(self) -> None:
        choices = {"preset": tuple(PRESETS), "what": tuple(CONTENTS), "easing": tuple(EASINGS)}
        check_options(self, choices)
        if self.what == "chosen" and not self.chosen and not self.format.is_of_pairs:
            raise UnusableInput("Say which candidates to show, like 3, 17, 20-25.")

    @property
    def format(self) -> Preset:
        """What the preset says."""
        return PRESETS[self.preset]

    @property
    def shows_pairs(self) -> bool:
        """Whether each candidate is beside its training image."""
        return self.what == "pairs" or self.format.is_of_pairs


def parse_candidates(text: str) -> tuple[int, ...]:
    """Numbers and ranges of candidates, like “3, 17, 20-25”, in the order given.

    Raises:
        UnusableInput: it is no such list.
    """
    numbers: list[int] = []
    for part in text.replace("–", "-").split(","):
        first, dash, last = part.partition("-")
        if not first.strip().isdecimal() or (dash and not last.strip().isdecimal()):
            raise UnusableInput("Candidates are given by number, like 3, 17, 20-25.")
        low, high = int(first), int(last or first)
        if not low <= high < low + 1_000_000:
            raise UnusableInput(
                f"“{part.strip()}” is no range of candidates: it has to rise.",
                "Write it like 20-25.",
            )
        numbers += range(low, high + 1)
    return tuple(dict.fromkeys(numbers))
