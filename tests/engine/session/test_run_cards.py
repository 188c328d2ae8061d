"""The file of the last runs' cards: what is written comes back, and nothing else is believed."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.base.errors import UnusableInput
from engine.evidence.gallery import NO_CHANCE, TOO_EARLY, UNEXPLAINED
from engine.evidence.references import References
from engine.exports.card import headline_of, make_card
from engine.session.run_cards import MOST_CARDS, RunCard, change_cards, read_cards, write_cards
from engine.session.session_file import load_session, save_session
from tests.engine.networks import session_of_case

FIXTURES = Path(__file__).parent / "formats"


def png(width, height):
    stream = io.BytesIO()
    Image.fromarray(np.zeros((height, width), np.uint8)).save(stream, "PNG")
    return stream.getvalue()


CARD = RunCard(Path("/runs/one.afterimage"), "net.pth", "3 of 5 recovered", 9, 8, png(20, 10))


def test_cards_come_back_as_they_were_the_newest_first(tmp_path):
    path = tmp_path / "cards.json"
    cards = [replace(CARD, path=Path(f"/runs/{n}.afterimage"), strip=b"") for n in range(9)]
    write_cards([CARD, *cards], path)
    assert read_cards(path) == (CARD, *cards[: MOST_CARDS - 1])
    change_cards(path, lambda found: [cards[8], *found])
    assert read_cards(path) == (cards[8], CARD, *cards[: MOST_CARDS - 2])


def test_what_cannot_be_read_holds_no_cards_and_is_written_anew(tmp_path):
    path = tmp_path / "cards.json"
    path.write_text("{")
    assert change_cards(path, lambda found: [*found, CARD]) == (CARD,)
    assert read_cards(path) == (CARD,)


@pytest.mark.parametrize(
    "lie",
    [
        {"path": "runs/one.afterimage"},
        {"path": "//server/one.afterimage"},
        {"path": "/a\0b"},
        {"path": ""},
        {"path": "/" + 5000 * "x"},
        {"network": 5 * 1000 * "x"},
        {"seconds": -1},
        {"seconds": 1 << 60},
        {"stamp": "1"},
        {"strip": "<b>"},
        {"strip": "aGk="},
        {"strip": None},
    ],
)
def test_another_kind_of_card_is_refused(tmp_path, lie):
    path = tmp_path / "cards.json"
    write_cards([CARD], path)
    content = json.loads(path.read_text())
    content["cards"][0] |= lie
    path.write_text(json.dumps(content))
    with pytest.raises(UnusableInput, match="no list of runs"):
        read_cards(path)


@pytest.mark.parametrize("size", [(10_000, 10), (10, 51), (296, 1)])
def test_a_picture_that_is_no_strip_is_not_unpacked(tmp_path, size):
    path = tmp_path / "cards.json"
    write_cards([replace(CARD, strip=png(*size))], path)
    with pytest.raises(UnusableInput):
        read_cards(path)


def test_a_card_shows_what_is_recovered_before_the_gallery(tmp_path):
    session = session_of_case("one output")
    path = tmp_path / "run.afterimage"
    save_session(session, path)
    images = session.images()
    train = (images[[7, 3]] - images.min()) / (images.max() - images.min())
    mean = session.network.mean
    planted = References((images[[7, 3]] + mean), train[:1] * 0 + 0.5 * mean, mean)
    score = planted.score(images)
    assert score.recovered == 2
    card = make_card(session, score, path)
    assert card.headline == "2 of 2 recovered"
    assert card.stamp == path.stat().st_mtime_ns
    with Image.open(io.BytesIO(card.strip)) as strip:
        others = set(session.gallery().candidate.tolist()) - {7, 3}
        assert strip.size == (min(6, 2 + len(others)) * 9 + 1, 10)
        tile = np.asarray(strip)[1:9, 1:9].astype(int)
    best = (images[7] + mean)[0].numpy()
    other = (images[3] + mean)[0].numpy()
    shown = [255 * (i - i.min()) / (i.max() - i.min()) for i in (best, other)]
    assert min(np.abs(tile - each).max() for each in shown) < 1
    write_cards([card], tmp_path / "cards.json")
    assert read_cards(tmp_path / "cards.json") == (card,)


def test_large_images_are_made_smaller(tmp_path, make_network):
    session = session_of_case("one output")
    tall = replace(session, network=session.network.with_input_shape((1, 64, 1)))
    save_session(tall, tmp_path / "run.afterimage")
    with Image.open(io.BytesIO(make_card(tall, None, tmp_path / "run.afterimage").strip)) as strip:
        assert strip.size[1] == 50


def test_the_headline_says_what_is_known():
    assert headline_of(load_session(FIXTURES / "format-7.afterimage"), None) == (
        "not finished: step 60 of 80"
    )
    ended = session_of_case("one output")
    assert headline_of(ended, None) == f"{len(ended.gallery())} distinct images"
    scored = ended.with_evidence({"train": {"recovered": 3, "count": 1200}, "control": None})
    assert headline_of(scored, None) == "3 of 1,200 recovered"


def test_of_a_network_that_gives_nothing_away_the_headline_says_so():
    ended = session_of_case("one output")
    gallery = ended.gallery()
    for why, said in (
        (NO_CHANCE, "nothing found"),
        (UNEXPLAINED, "nothing found"),
        (TOO_EARLY, f"{len(gallery)} distinct images"),
    ):
        ended._gallery[:] = [gallery.without_confidence(why)]
        assert headline_of(ended, None) == said
    scored = ended.with_evidence({"train": {"recovered": 3, "count": 1200}, "control": None})
    assert headline_of(scored, None) == "3 of 1,200 recovered"
