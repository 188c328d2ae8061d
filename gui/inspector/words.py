"""What the inspector says of a candidate, in words and numbers."""

from __future__ import annotations

from engine.data.nouns import ROWS, nouns_of
from engine.evidence.membership_scores import Membership
from engine.viewing.portrait import Match, Portrait

_MOST_OUTPUTS, _MOST_PARTS = 5, 3
_UNBROKEN = "\u00a0"


def describe_confidence(portrait: Portrait) -> str:
    """`0.97, p = 0.0012`, or – and why it is not known."""
    if portrait.confidence is not None:
        chance = "" if portrait.p_value is None else f", p = {portrait.p_value:.2g}"
        return f"{portrait.confidence:.2f}{chance}"
    return f"–, {portrait.why_unknown}" if portrait.why_unknown else "known when the run has ended"


def describe_outputs(portrait: Portrait) -> str:
    """`+2.31`; of several outputs who leads by how much, and below that the largest of them:
    `7 leads by 2.3`, `7: +5.1, 3: +2.8`.
    """
    if portrait.classes.outputs == 1:
        return _signed(float(portrait.outputs[0]))
    verdict = "leads" if portrait.margin > 0 else "falls short"
    own = portrait.classes.name(portrait.label)
    outputs = portrait.outputs.tolist()
    falling = sorted(range(len(outputs)), key=lambda label: -outputs[label])
    told = [
        f"{portrait.classes.name(k)}:{_UNBROKEN}{_signed(outputs[k])}"
        for k in falling[:_MOST_OUTPUTS]
    ]
    more = ["…"] if len(falling) > len(told) else []
    return f"{own} {verdict} by {abs(portrait.margin):.3g}\n{', '.join([*told, *more])}"


def describe_multiplier(portrait: Portrait) -> str:
    """`0.412`; of several parts the sum and the largest, `0.412: 3 0.300, 9 0.112`."""
    whole = f"{portrait.strength:.3f}"
    if portrait.parts is None:
        return whole
    parts = portrait.parts.tolist()
    falling = sorted(range(len(parts)), key=lambda label: -abs(parts[label]))
    told = [
        f"{portrait.classes.name(k)} {parts[k]:.3f}".replace("-", "−")
        for k in falling[:_MOST_PARTS]
        if parts[k]
    ]
    return f"{whole}: {', '.join(told)}" if told else whole


def _signed(value: float) -> str:
    return f"{value:+.3g}".replace("-", "−")


def describe_match(portrait: Portrait) -> str:
    """`Image 12, SSIM 0.45, NCC 0.81: recovered`."""
    match = portrait.match
    assert match is not None
    verdict = ""
    if match.is_assigned is None:
        verdict = " (the most similar; not scored yet)"
    elif not match.is_assigned:
        verdict = " (the most similar; not its partner)"
    elif match.is_recovered is not None:
        verdict = ": recovered" if match.is_recovered else ": not recovered"
    nouns = nouns_of(match.image.shape)
    ssim = "" if nouns is ROWS else f"SSIM {match.ssim:.2f}, "
    return f"{nouns.one} {match.reference}, {ssim}{match.measure} {match.ncc:.2f}{verdict}"


def describe_membership(match: Match, found: Membership | None) -> str:
    """`image 12 stands out by multiplier, not by margin`, or – and why it is not known."""
    one = nouns_of(match.image.shape).one
    if not match.is_assigned:
        return f"–, no training {one} is its partner"
    accused = {} if found is None else found.accused_by(match.reference)
    if not accused:
        return "–, nobody has asked under Membership"
    verdicts = [f"{'' if is_out else 'not '}by {score}" for score, is_out in accused.items()]
    verdicts.sort(key=lambda words: words.startswith("not"))
    if not any(accused.values()):
        return f"{one} {match.reference} does not stand out, by {' or '.join(accused)}"
    joined = " and " if all(accused.values()) else ", "
    return f"{one} {match.reference} stands out {joined.join(verdicts)}"
