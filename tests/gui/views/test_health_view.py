"""The health check begins with its verdict, and says what each of its numbers is measured by."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPointF
from PySide6.QtWidgets import QApplication

from engine.base.resources import images_beside, sample_network
from engine.data.datasets import load_images
from engine.evidence.diagnostics import check_weights
from engine.evidence.stationarity_check import true_stationarity
from engine.network.checkpoints import load_network
from gui.toolkit import theme
from gui.views.health import HealthView
from gui.views.plots import Plot


@pytest.fixture
def view(qtbot):
    made = HealthView()
    qtbot.addWidget(made)
    made.show()
    return made


def colour(view):
    return view.verdict.palette().color(view.verdict.foregroundRole())


def test_a_good_chance_is_the_first_thing_that_is_seen(view):
    network = load_network(sample_network())
    view.show_health(network, check_weights(network))
    assert view.verdict.text() == "A good chance if gradient descent trained it"
    assert view.verdict.font().bold()
    assert view.verdict.font().pointSizeF() > view.font().pointSizeF()
    assert colour(view) == theme.colour("warning")
    assert "about 82 images" in view.outlook
    assert view.verdict.mapTo(view, view.verdict.rect().topLeft()).y() < 20


def test_no_chance_is_said_quietly(view, make_network):
    network = make_network(200, 100, 1)
    view.show_health(network, check_weights(network))
    assert view.verdict.text() == "No chance"
    assert colour(view) == theme.plot_foreground()
    assert view.value("Remembered") == "no image"
    assert view.value("Random start") == "100 % of the first layer"


def test_each_number_says_what_it_is_measured_by(view):
    network, (path, _) = load_network(sample_network()), images_beside(sample_network())
    view.show_health(network, check_weights(network))
    view.show_stationarity(true_stationarity(network, load_images(path)))
    for name in view._rows:
        assert view.value(name), name
        assert view.yardstick(name), name
    assert "10 % a good chance, to 25 % a fair one" in view.yardstick("Random start")
    assert "below 15 % looks like weight decay" in view.yardstick("Training")
    assert "above 627" in view.yardstick("Remembered")
    for name in ("Layer norms", "Least residual"):
        assert "says nothing of the chance" in view.yardstick(name)


def test_each_count_says_what_it_counts(view):
    network, (path, _) = load_network(sample_network()), images_beside(sample_network())
    health, found = check_weights(network), true_stationarity(network, load_images(path))
    view.show_health(network, health)
    view.show_stationarity(found)
    assert view.value("Remembered") == (
        f"about {health.remembered} images carry a multiplier, by the weights alone"
    )
    assert view.value("Spectrum").startswith(
        f"{health.spectrum.rank} of 784 directions of the first layer above the noise floor"
    )
    assert view.value("Multipliers").startswith(
        f"{found.carrying} of the 100 training images carry one above 5 % of the largest"
    )


def test_words_beside_level_lines_do_not_lie_on_the_curve(view):
    network, (path, _) = load_network(sample_network()), images_beside(sample_network())
    view.show_health(network, check_weights(network))
    view.show_stationarity(true_stationarity(network, load_images(path)))
    view.resize(1000, 260)
    QApplication.processEvents()
    for plot in view.findChildren(Plot):
        plot.grab()
        levels = [line for line in plot._levels if line.angle == 0]
        (curve,) = plot._curves
        x, y = curve.getData()
        points = [curve.mapToScene(QPointF(*each)) for each in zip(x, y, strict=True)]
        for line in levels:
            words = line.label.mapRectToScene(line.label.boundingRect())
            assert plot._canvas.getViewBox().sceneBoundingRect().contains(words.center())
            assert not any(words.contains(point) for point in points)


def test_what_only_training_images_tell_is_not_there_without_them(view):
    network = load_network(sample_network())
    view.show_health(network, check_weights(network))
    assert view._rows["Spectrum"].isVisible()
    assert not view._rows["Residual"].isVisible()
