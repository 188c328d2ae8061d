"""Asks how many shadow networks are to be trained, and how."""

from __future__ import annotations

from dataclasses import asdict, replace

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QLabel,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from engine.base.errors import UnusableInput
from engine.evidence.shadows import FEWEST, OWN_VARIANCE
from engine.network.network import Network
from engine.training.recipe import RECIPES, Recipe
from engine.training.shadow_recipe import recipe_in_file, with_layers_of
from engine.training.shadows import MOST, ShadowWish
from gui.toolkit import theme
from gui.toolkit.layout import scrolled
from gui.training.recipe_form import RecipeForm

_WIDTH, _HEIGHT = 480, 620
_SAYS = "Shadow networks are trained as {name} was, on other images. Its file says how that was."
_SAYS_NOT = (
    "Shadow networks are trained as {name} was, on other images. Its file does not say how that "
    "was. Say what you know of it: the score is worth no more than that."
)


class ShadowDialog(QDialog):
    """A number, and the recipe that the network was made by."""

    chosen = Signal(object)
    """Emitted with the `ShadowWish`."""

    def __init__(self, network: Network, devices: list[str], parent: QWidget) -> None:
        """
        Args:
            network: in question; layers are its own.
            devices: names of those to choose from.
            parent: owner.

        Raises:
            UnusableInput: networks like it cannot be trained here.
        """
        if network.base is not None or "fine_tuned_from" in network.origin.details:
            raise UnusableInput(
                f"{network.origin.name} was fine-tuned, and shadow networks would begin where it "
                "did; the window trains none that do.",
                "Ask main.py membership, with --base and --shadows.",
            )
        layers = with_layers_of(network, Recipe())
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Shadow Networks")
        self._network, self._assumed = network, ""
        self.count = QSpinBox()
        self.count.setRange(FEWEST, MOST)
        self.count.setValue(OWN_VARIANCE)
        self.count.setAccessibleName("Shadow networks")
        self.count.setToolTip(
            f"<p>Each takes as long as the network did. From {OWN_VARIANCE} on each image has "
            "variances of its own; of fewer one is for all.</p>"
        )
        self.form = RecipeForm(devices, left_out=("seconds",))
        self._fill_in(layers)
        self.form.leave_layers_to_network()
        self.form.fold.setChecked(True)  # Most of what has to be right is there.
        self._complaint = QLabel()
        self._complaint.setWordWrap(True)
        self._complaint.hide()
        self._lay_out()

    def _fill_in(self, layers: Recipe) -> None:
        """The recipe in the file, else the usual one."""
        recipe, self._is_said = RECIPES["usual"], True
        try:
            recipe, assumed = recipe_in_file(self._network)
            self._assumed = ", ".join(assumed)
        except UnusableInput:
            self._is_said = False
        own = {name: getattr(layers, name) for name in ("outputs", "biases")}
        values = asdict(replace(recipe, **own, seed=0))
        hidden = ", ".join(str(width) for width in layers.hidden)
        self.form.show_values({**values, "hidden": hidden})

    def _lay_out(self) -> None:
        rows = QVBoxLayout(self)
        rows.setSpacing(theme.SPACING)
        words = (_SAYS if self._is_said else _SAYS_NOT).format(name=self._network.origin.name)
        asked = QLabel(words)
        asked.setTextFormat(Qt.TextFormat.PlainText)
        asked.setWordWrap(True)
        rows.addWidget(asked)
        number = QFormLayout()
        number.addRow("&How many", self.count)
        rows.addLayout(number)
        recipe = QWidget()
        column = QVBoxLayout(recipe)
        column.setContentsMargins(0, 0, theme.SPACING, 0)
        column.addWidget(self.form)
        column.addStretch(1)
        scroll = scrolled(recipe)
        scroll.setAccessibleName("Recipe")
        rows.addWidget(scroll, 1)
        rows.addWidget(self._complaint)
        buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel
        )
        self.train_button = buttons.button(QDialogButtonBox.StandardButton.Ok)
        self.train_button.setText("&Train and Ask")
        self.train_button.setToolTip("Trains them in the background, and asks with them.")
        buttons.button(QDialogButtonBox.StandardButton.Cancel).setToolTip("Trains none.")
        buttons.accepted.connect(self._choose)
        buttons.rejected.connect(self.reject)
        rows.addWidget(buttons)
        self.resize(_WIDTH, _HEIGHT)

    @Slot()
    def _choose(self) -> None:
        try:
            recipe = self.form.recipe()
        except UnusableInput as error:
            self._complaint.setText(str(error))
            self._complaint.show()
            return
        wish = ShadowWish(self.count.value(), recipe, self.form.seed, self._assumed)
        self.chosen.emit(wish)
        self.accept()
