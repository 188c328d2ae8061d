"""Light, dark, or like the system: what the user chose, kept between two starts."""

from __future__ import annotations

from PySide6.QtCore import QSettings, Qt
from PySide6.QtWidgets import QApplication

from gui import theme


def stored_scheme() -> Qt.ColorScheme:
    """The colour scheme that the user chose, or that of the system."""
    name = QSettings().value("scheme", "Unknown", str)
    return Qt.ColorScheme[name] if name in Qt.ColorScheme.__members__ else Qt.ColorScheme.Unknown


def store_scheme(scheme: Qt.ColorScheme) -> None:
    """Takes on a colour scheme, and remembers it."""
    QSettings().setValue("scheme", scheme.name)
    apply_scheme(scheme)


def apply_scheme(scheme: Qt.ColorScheme) -> None:
    """Takes on a colour scheme."""
    application = QApplication.instance()
    assert isinstance(application, QApplication)
    theme.choose_scheme(application, scheme)
