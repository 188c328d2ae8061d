"""The training page's settings of the network: a named recipe, and every part of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, ClassVar

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QCheckBox, QComboBox, QFormLayout, QLineEdit, QVBoxLayout, QWidget

from engine.network.network import Network
from engine.training.from_base import recipe_from
from engine.training.recipe import FROM_A_BASE, RECIPES, Recipe, parse_widths, without_effect
from gui.toolkit import theme
from gui.toolkit.device_choice import DeviceChoice
from gui.toolkit.menus import plain as without_mnemonic
from gui.toolkit.options_form import Fold, OptionsForm, labels_of

_RECIPES = {
    "margin": (
        "Towards a margin",
        "Makes a network as the theory of the attack asks for: a small first layer at the start, "
        "no weight decay, and a very small loss.",
    ),
    "usual": (
        "As people usually train",
        "Makes an ordinary network, to see what that gives up: PyTorch's start, biases "
        "everywhere, mini-batches, weight decay.",
    ),
    "fine-tune": (
        "Fine-tune",
        "Goes a few steps of gradient descent on from a network that is there, with all images at "
        "once. What that changes is made of these images alone.",
    ),
    "fine-tune-batches": (
        "Fine-tune in mini-batches",
        "Goes a few steps on from a network that is there, with momentum and mini-batches. Where "
        "it was measured, that gave up half as many images.",
    ),
}
_CHANGED = "Some of it is changed."
_ONES_OWN = ("hidden", "dtype", "device", "seed", "seconds")
"""What a named recipe leaves as it stands in the form."""

_CHOICES = {
    "outputs": {"auto": "As the classes need", "one": "One", "classes": "One a class"},
    "biases": {"first": "On the first layer", "all": "On every layer", "none": "None"},
    "start": {"small": "Small first layer", "pytorch": "PyTorch's own"},
    "schedule": {"fast": "Fast: descent on log(loss)", "plain": "Plain: an optimiser"},
    "optimizer": {
        "gd": "Gradient descent",
        "sgd": "SGD with momentum",
        "adam": "Adam",
        "adamw": "AdamW",
    },
    "dtype": {"float32": "float32", "float64": "float64"},
}
_ROWS = {
    "hidden": "Hidde&n layers",
    "outputs": "Outputs",
    "biases": "Biases",
    "start": "Start",
    "schedule": "&Schedule",
    "optimizer": "Optimiser",
    "cosine": "",
    "dtype": "&Precision",
    "device": "&Device",
}
_TOOLTIPS = {
    "outputs": "One output tells two classes apart by its sign, as in the paper. With one a class "
    "the largest decides. What is needed: one for two classes, one a class for more.",
    "biases": "With biases on the first layer alone, or none, the network is homogeneous, which "
    "the theory of margins asks for. People have them on every layer.",
    "start": "A small first layer lets what is learnt stand out from it. PyTorch's own start is "
    "what people have. It hides images, until weight decay has worn it off.",
    "schedule": "The fast schedule goes towards a margin, hundreds of times faster than plain "
    "gradient descent. The plain one is what people use, and can go in mini-batches.",
    "optimizer": "How the plain schedule makes a step of a gradient. Adam's weight decay is part "
    "of the loss, as SGD's is, and makes a network give up more; AdamW's is not. Networks trained "
    "by Adam without decay, or by AdamW, have given up few images or none.",
    "dtype": "Precision of the weights.",
}
_COSINE = "Rate &falls to nothing"
_SPECIAL = {
    "seconds": "none",
    "until_residual": "not looked at",
    "epochs": "not counted",
    "batch": "all",
}


class RecipeChoice(QWidget):
    """Which named recipe the form was filled in with, and what that is for."""

    chosen = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.box = QComboBox()
        self.box.setAccessibleName("Recipe")
        self.box.setToolTip("Fills in everything about the network below but its layers.")
        for name, (title, _) in _RECIPES.items():
            self.box.addItem(title, name)
        self.box.activated.connect(self.chosen)
        self._words = theme.secondary()
        theme.let_wrap(self._words)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(theme.heading("Recipe"))
        column.addWidget(self.box)
        column.addWidget(self._words)

    @property
    def name(self) -> str:
        """Of the recipe."""
        return str(self.box.currentData())

    @property
    def needs_base(self) -> bool:
        """Whether it begins with a network that is there already."""
        return self.name in FROM_A_BASE

    @property
    def words(self) -> str:
        """What is said of it."""
        return self._words.text()

    def choose(self, name: str) -> None:
        """Shows a recipe as the one that was chosen; nothing is filled in."""
        self.box.setCurrentIndex(self.box.findData(name))

    def show_words(self, is_changed: bool) -> None:
        """Says what the recipe is for, and whether the form still holds it."""
        words = _RECIPES[self.name][1]
        self._words.setText(f"{words} {_CHANGED}" if is_changed else words)


class RecipeForm(QWidget):
    """Edits a `Recipe`."""

    edited = Signal()

    labels: ClassVar = {
        **{name: without_mnemonic(text) for name, text in _ROWS.items()},
        "cosine": without_mnemonic(_COSINE),
        **labels_of(Recipe),
    }

    def __init__(
        self, devices: list[str], parent: QWidget | None = None, left_out: tuple[str, ...] = ()
    ) -> None:
        """
        Args:
            devices: names of those to choose from.
            parent: owner.
            left_out: numbers of a recipe that have no row.
        """
        super().__init__(parent)
        defaults = Recipe()
        self.hidden = QLineEdit(", ".join(str(width) for width in defaults.hidden))
        self.hidden.setToolTip("Neurons in each hidden layer, with commas between.")
        self.hidden.textChanged.connect(self.edited)
        self.choices = {name: self._choice(name) for name in _CHOICES}
        self.cosine = QCheckBox(_COSINE)
        self.cosine.setToolTip(
            "<p>The plain schedule's rate falls along a half cosine, until it is nothing at the "
            "last step.</p>"
        )
        self.cosine.toggled.connect(self._on_chosen)
        self.device = DeviceChoice(devices)
        self.device.activated.connect(self.edited)
        self.options = OptionsForm(Recipe, _SPECIAL, left_out)
        self.options.show_values(asdict(defaults))
        self.options.edited.connect(self.edited)
        fold = Fold("&Advanced", self.options)
        self.fold = fold.button
        rows = {**self.choices, "hidden": self.hidden, "cosine": self.cosine, "device": self.device}
        self._rows = field_form()
        for name, text in _ROWS.items():
            self._rows.addRow(text, rows[name])
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(theme.heading("Network"))
        column.addLayout(self._rows)
        column.addWidget(fold)
        self._show_effects()

    def _choice(self, name: str) -> QComboBox:
        box = QComboBox()
        box.setAccessibleName(self.labels[name])
        box.setToolTip(f"<p>{_TOOLTIPS[name]}</p>")
        for value, text in _CHOICES[name].items():
            box.addItem(text, value)
        box.activated.connect(self._on_chosen)
        return box

    @property
    def seed(self) -> int:
        """Of everything that is drawn."""
        return int(self.options.editor("seed").value())

    def outputs(self, classes: int, base: Network | None = None) -> int:
        """C for so many classes; one a class, too, where one output cannot tell them apart."""
        chosen = self.choices["outputs"].currentData()
        recipe = Recipe(outputs=chosen if classes == 2 else "auto")
        return (recipe if base is None else recipe_from(base, recipe)).output_count(classes)

    def recipe(self, base: Network | None = None) -> Recipe:
        """How to train; what has no effect as things are counts for nothing.

        Args:
            base: what is fine-tuned, where something is; the layers are its own.

        Raises:
            UnusableInput: the widths are no numbers, or two settings do not go together.
        """
        values = self.values()
        defaults = Recipe()
        for name in self._without_effect():
            values[name] = getattr(defaults, name)
        if base is not None:
            return recipe_from(base, Recipe(**{**values, "hidden": defaults.hidden}))
        return Recipe(**{**values, "hidden": parse_widths(self.hidden.text())})

    def leave_layers_to_base(self, leave: bool) -> None:
        """Layers, biases and start can be edited; or they are those of a base, and not shown."""
        for field in (self.hidden, self.choices["biases"], self.choices["start"]):
            self._rows.setRowVisible(field, not leave)

    def leave_layers_to_network(self) -> None:
        """Layers, outputs and biases are those of a network that is there, and are not shown."""
        for field in (self.hidden, self.choices["outputs"], self.choices["biases"]):
            self._rows.setRowVisible(field, False)

    def values(self) -> dict[str, Any]:
        """What stands in the form, by name; the hidden layers as text."""
        return {
            "hidden": self.hidden.text(),
            **{name: box.currentData() for name, box in self.choices.items()},
            "cosine": self.cosine.isChecked(),
            "device": self.device.currentData(),
            **self.options.values(),
        }

    def show_values(self, values: Mapping[str, Any]) -> None:
        """Fills the form with what once stood in it; one edit, however much of it changes."""
        was_blocked = self.blockSignals(True)
        self.hidden.setText(values["hidden"])
        for name, box in self.choices.items():
            box.setCurrentIndex(box.findData(values[name]))
        self.cosine.setChecked(values["cosine"])
        self.device.choose(values["device"])
        self.options.show_values(values)
        self._show_effects()
        self.blockSignals(was_blocked)
        self.edited.emit()

    def take(self, name: str) -> None:
        """Fills in a named recipe."""
        self.show_values({**self.values(), **_parts(name)})

    def holds(self, name: str) -> bool:
        """Whether the form says what a named recipe says."""
        values = self.values()
        return all(values[part] == value for part, value in _parts(name).items())

    # --- reacting ---------------------------------------------------------------------------

    @Slot()
    def _on_chosen(self) -> None:
        self._show_effects()
        self.edited.emit()

    def _without_effect(self) -> Mapping[str, str]:
        chosen = {name: box.currentData() for name, box in self.choices.items()}
        return without_effect(chosen["schedule"], chosen["optimizer"], chosen["start"])

    def _show_effects(self) -> None:
        reasons = self._without_effect()
        self.options.show_without_effect(reasons)
        self.choices["optimizer"].setEnabled("optimizer" not in reasons)
        self.cosine.setEnabled("cosine" not in reasons)


def _parts(name: str) -> dict[str, Any]:
    """What a named recipe fills in."""
    return {part: value for part, value in asdict(RECIPES[name]).items() if part not in _ONES_OWN}


def field_form() -> QFormLayout:
    """A form as the page's left column has them."""
    form = QFormLayout()
    form.setHorizontalSpacing(theme.MARGIN)
    form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
    form.setLabelAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
    return form
