"""Light, dark, or like the system: what the user chose, kept between two starts."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from gui.toolkit import stored, theme

SCHEMES = {
    "Like the &system": Qt.ColorScheme.Unknown,
    "&Light": Qt.ColorScheme.Light,
    "&Dark": Qt.ColorScheme.Dark,
}
"""What the schemes are called, in menus and preferences."""


def stored_scheme() -> Qt.ColorScheme:
    """The colour scheme that the user chose, or that of the system."""
    name = stored.text("scheme", "Unknown")
    return Qt.ColorScheme[name] if name in Qt.ColorScheme.__members__ else Qt.ColorScheme.Unknown


def store_scheme(scheme: Qt.ColorScheme) -> None:
    """Takes on a colour scheme, and remembers it."""
    stored.store("scheme", scheme.name)
    apply_scheme(scheme)


def apply_scheme(scheme: Qt.ColorScheme) -> None:
    """Takes on a colour scheme."""
    application = QApplication.instance()
    assert isinstance(application, QApplication)
    theme.choose_scheme(application, scheme)
