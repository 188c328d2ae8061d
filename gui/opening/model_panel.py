"""The left column's upper part: what is known of the network, and can be changed."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from engine.base.errors import UnusableInput
from engine.base.plain_text import percent
from engine.data.datasets import LabelledImages
from engine.data.inputs import (
    InputShape,
    Preprocessing,
    fitted_shape,
    parse_shape,
    shape_in_words,
)
from engine.data.layout import Layout
from engine.data.nouns import nouns_of
from engine.evidence.assumptions import Assumptions
from engine.evidence.diagnostics import Health
from engine.network.activation import Activation
from engine.network.facts import about_outputs
from engine.network.network import Network
from engine.network.orders import Order
from engine.network.restructured import with_shape, with_text
from gui.opening.activation_choice import ActivationChoice
from gui.opening.architecture_view import ArchitectureView
from gui.opening.base_choice import BaseChoice
from gui.opening.layers_view import LayersView
from gui.opening.layout_choice import LayoutChoice
from gui.opening.preprocessing_dialog import PreprocessingDialog
from gui.toolkit import theme
from gui.toolkit.elided import ElidedLabel
from gui.toolkit.widgets import verbatim


class ModelPanel(QWidget):
    """What is known of the open network."""

    reading_edited = Signal(object)
    """Emitted with a `Rereading` (another shape, activation, layout, preprocessing or order)."""

    complained = Signal(str)
    """Emitted with a sentence when an entered shape cannot be used."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._network: Network | None = None
        self._file, self.layers = ElidedLabel(), LayersView()
        self.layers.chosen.connect(self._on_order_chosen)
        self.architecture = ArchitectureView()
        self.architecture.chosen.connect(self._on_architecture_chosen)
        self._classes, self.row_space = theme.value_label(), theme.value_label()
        self._preprocessing, self._images_say = theme.value_label(), theme.value_label()
        self._train: LabelledImages | None = None
        self._assumptions: Assumptions | None = None
        self.activation = ActivationChoice()
        self.activation.chosen.connect(self._on_activation_chosen)
        self.base = BaseChoice()
        self.layout_choice = LayoutChoice()
        self.layout_choice.chosen.connect(self._on_layout_chosen)
        self.change = QPushButton("Change…")
        self.change.setAccessibleName("Change the preprocessing")
        self.change.setToolTip("Asks what was done to images before the network read them.")
        self.change.clicked.connect(self._ask_for_preprocessing)
        self.shape = QLineEdit()
        self.shape.setAccessibleName("Input shape")
        self.shape.setToolTip(
            "Channels × height × width of the images that the network reads, such as 1x28x28; or "
            "how many features the rows of a table have, such as 30."
        )
        self.shape.editingFinished.connect(self._on_shape_edited)
        rows = (
            ("File", self._file),
            ("Base", self.base),
            ("Layers", _above(self.layers, self.architecture)),
            ("Classes", self._classes),
            ("Activation", self.activation),
            ("I&nput", _above(self.shape, self.layout_choice)),
            ("Preprocessing", _beside(self._preprocessing, self.change)),
            ("Row space", self.row_space),
            ("Check", self._images_say),
        )
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(theme.heading("Network"))
        layout.addLayout(_table(rows))
        self.clear()

    def clear(self) -> None:
        """No network is open."""
        self._network = None
        self._file.say("none open")
        self.layers.clear()
        self.architecture.show_network(None)
        self.base.show_network(None)
        for label in (self._classes, self.row_space, self._preprocessing):
            label.setText("—")
        self.shape.clear()
        self.activation.clear()
        self.layout_choice.clear()
        self.set_editable(False)
        self.show_assumptions(None)

    def show_network(self, network: Network, health: Health) -> None:
        """Shows a network and what its weights tell."""
        self._network = network
        origin = network.origin
        self._file.say(origin.name, origin.file, f"SHA-256 {origin.sha256}")
        self.layers.show_network(network)
        self.architecture.show_network(network)
        self.base.show_network(network)
        self.row_space.setText(
            f"{health.spectrum.rank} of {health.dimension:,} dimensions{_of_what(network)}; "
            f"{health.about_remembered} remembered"
            if health.spectrum.rank
            else "nothing stands above the noise"
        )
        of = (
            f"the {health.layer} above the noise floor of its random initialisation"
            if network.base is None
            else f"what fine-tuning changed of the {health.layer} above rounding"
        )
        self.row_space.setToolTip(
            f"Singular values of {of}: an estimate, from the weights alone, of how many "
            f"{nouns_of(network.input_shape).several} the network remembers."
        )
        self._classes.setText(about_outputs(network))
        self._preprocessing.setText(network.inputs.preprocessing.described)
        self._preprocessing.setToolTip(
            "What was done to an image before the network read it. Where it is not known, the mean "
            "of training images is taken whenever they are compared."
        )
        self.activation.show_network(network)
        self.layout_choice.show_network(network)
        self.set_editable(True)
        self._show_shape()
        self.show_assumptions(None)

    def show_train(self, train: LabelledImages | None) -> None:
        """Training images are open, or none."""
        self._train = train

    @Slot(object)
    def show_assumptions(self, found: Assumptions | None) -> None:
        """Shows what the training images say of how the network is read; without them nothing."""
        self._assumptions = found
        self.layers.show_tried(None if found is None else found.order)
        if found is None:
            self._images_say.setText("needs training images")
            self._images_say.setToolTip("")
            return
        right = f"{percent(found.right)} of the training images on their own side"
        self._images_say.setText(f"{found.warning or f'{right}.'} {found.advice}".strip())
        about = (
            *(found.about_order, found.about_layout),
            *(found.about_preprocessing, found.about_activation),
        )
        self._images_say.setToolTip(verbatim(right, *filter(None, about)))

    @property
    def check(self) -> str:
        """What the training images say."""
        return self._images_say.text()

    @property
    def preprocessing(self) -> str:
        """What is shown of it."""
        return self._preprocessing.text()

    @Slot(object)
    def _on_activation_chosen(self, slope: float) -> None:
        if self._network is not None:
            self.reading_edited.emit(
                lambda network: network.with_activation(Activation(slope), "user")
            )

    @Slot(object)
    def _on_layout_chosen(self, layout: Layout) -> None:
        if self._network is not None:
            self.reading_edited.emit(lambda network: network.with_layout(layout, "user"))

    @Slot(object)
    def _on_order_chosen(self, order: Order) -> None:
        if self._network is not None:
            self.reading_edited.emit(lambda network: network.with_order(order, "user"))

    @Slot(str)
    def _on_architecture_chosen(self, text: str) -> None:
        if self._network is not None:
            self.reading_edited.emit(lambda network: with_text(network, text))

    @Slot()
    def _ask_for_preprocessing(self) -> None:
        if self._network is None:
            return
        dialog = PreprocessingDialog(self._network, self._train, self._assumptions, self.window())
        dialog.chosen.connect(self._on_preprocessing_chosen)
        dialog.open()

    @Slot(object)
    def _on_preprocessing_chosen(self, preprocessing: Preprocessing) -> None:
        if self._network is not None:
            self.reading_edited.emit(lambda network: network.with_preprocessing(preprocessing))

    def set_editable(self, editable: bool) -> None:
        """While a run is on, its network is read as it is."""
        editable = editable and self._network is not None
        for widget in (self.shape, self.activation, self.layout_choice, self.layers.order):
            widget.setEnabled(editable)
        self.change.setEnabled(editable)
        self.architecture.change.setEnabled(editable)
        self.base.set_editable(editable)

    def _show_shape(self) -> None:
        assert self._network is not None
        guess = "" if self._network.inputs.is_known else "  (guessed)"
        self.shape.setText(shape_in_words(self._network.input_shape) + guess)

    def _on_shape_edited(self) -> None:
        network = self._network
        if network is None or not self.shape.isModified():
            return
        self.shape.setModified(False)
        try:
            shape = self._entered_shape(network)
        except UnusableInput as error:
            self.complained.emit(str(error))
            self._show_shape()
            return
        if shape != network.input_shape or not network.inputs.is_known:
            self.reading_edited.emit(lambda network: with_shape(network, shape))

    def _entered_shape(self, network: Network) -> InputShape:
        """What the field says.

        Raises:
            UnusableInput: it is no shape, or not one of D numbers where convolutions do not tell.
        """
        dimension = network.input_dimension
        shape = fitted_shape(parse_shape(self.shape.text()), dimension)
        if math.prod(shape) != dimension and network.structure is None:
            raise UnusableInput(
                f"The network reads {dimension:,} numbers; {self.shape.text()} is not as many."
            )
        return shape


def _beside(value: QWidget, button: QWidget) -> QWidget:
    """A value, and a button that changes it; it has the button's letter."""
    both = QWidget()
    row = QHBoxLayout(both)
    row.setContentsMargins(0, 0, 0, 0)
    row.addWidget(value, 1)
    row.addWidget(button, 0, Qt.AlignmentFlag.AlignTop)
    return both


def _above(value: QWidget, more: QWidget) -> QWidget:
    """A value, and below it more of the same; whoever looks for both comes to the value."""
    both = QWidget()
    rows = QVBoxLayout(both)
    rows.setContentsMargins(0, 0, 0, 0)
    rows.setSpacing(0)
    rows.addWidget(value)
    rows.addWidget(more)
    both.setFocusProxy(value)
    return both


def _table(rows: Sequence[tuple[str, QWidget]]) -> QGridLayout:
    """Names and values. A QFormLayout would not give a value that wraps the height it needs."""
    grid = QGridLayout()
    grid.setColumnStretch(1, 1)
    grid.setHorizontalSpacing(theme.MARGIN)
    for row, (text, value) in enumerate(rows):
        name = QLabel(text)
        name.setBuddy(value)
        grid.addWidget(name, row, 0)
        grid.addWidget(value, row, 1)
    return grid


def _of_what(network: Network) -> str:
    """Whose row space it is, where it is not that of images."""
    return "" if network.structure is None else " of features"
