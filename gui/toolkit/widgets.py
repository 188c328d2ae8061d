"""Tooltips that say what is in a file."""

from __future__ import annotations

from html import escape

from engine.base.plain_text import visible

_BREAK = "\N{ZERO WIDTH SPACE}"
_LONGEST_WORD, _MOST = 60, 4000


def verbatim(*lines: str) -> str:
    """A tooltip of lines that come from files: shown as they are, whatever they may steer.

    Long words may be wrapped, so that the tooltip of a long name is not as wide as the screen.
    """
    return f"<p>{'<br>'.join(escape(_wrapped(visible(line[:_MOST]))) for line in lines)}</p>"


def _wrapped(line: str) -> str:
    """The same, which may be broken within its long words, too."""
    return " ".join(
        _BREAK.join(word[at : at + _LONGEST_WORD] for at in range(0, len(word), _LONGEST_WORD))
        for word in line.split(" ")
    )
