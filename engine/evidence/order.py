"""Which order of layers a network was trained in, found out from its training images."""

from __future__ import annotations

import math
from dataclasses import replace

from engine.data.datasets import LabelledImages
from engine.evidence.preprocessing import preprocessed_ways
from engine.evidence.trials import Trial, Trials, ranked, try_out
from engine.network.network import Network
from engine.network.orders import Order
from engine.runtime.lazy import torch

MOST_ORDERS = 120
"""That are tried: all of five equal layers, and of more the nearest to that of the file."""
_MOST_IMAGES = 200


def find_order(network: Network, train: LabelledImages) -> Trials[Order] | None:
    """Tries the orders that the shapes of the layers allow.

    Where it is not known what was done to images, each order is tried with nothing done to them and
    less their mean image, and the better of the two counts.

    Args:
        network: as it is read.
        train: images that it was trained on, of its shape.

    Returns:
        None where the shapes allow one order alone, or nobody knows what the network was taught of
        these images.
    """
    orders = network.orders(MOST_ORDERS)
    if len(orders) == 1:
        return None
    network, few = network.to("cpu", torch.float32), few_of(train)
    ways = preprocessed_ways(network, train)
    trials: list[Trial[Order]] = []
    for order in orders:
        tried = [try_out(way.with_order(order, "user"), few) for way in ways]
        fares = [each for each in tried if each is not None]
        if fares:
            trials.append(Trial(order, network.layers_in(order), *max(fares)))
    return ranked(trials) if trials else None


def better_order(found: Trials[Order] | None) -> Trial[Order] | None:
    """One that fits clearly better than that in which the layers are read, if there is one."""
    if found is None:
        return None
    return found.best if found.best.is_clearly_better_than(order_as_read(found)) else None


def about_order(found: Trials[Order] | None) -> str:
    """`fc1, fc3, fc2: 12 % right; fc1, fc2, fc3: 100 % right, which fits clearly better`."""
    if found is None:
        return ""
    read, better, tried = order_as_read(found), better_order(found), len(found.ranked)
    of = f" of {tried}{' or more' if tried == MOST_ORDERS else ''} orders that fit the shapes"
    if better is None:
        return f"{read.fares}; none{of} fits clearly better"
    return f"{read.fares}; {better.fares}, which fits clearly better{of}"


def order_as_read(found: Trials[Order]) -> Trial[Order]:
    """That in which the layers are read."""
    return next(trial for trial in found.ranked if list(trial.way) == sorted(trial.way))


def few_of(train: LabelledImages) -> LabelledImages:
    """Some of many images, evenly."""
    every = max(1, math.ceil(len(train) / _MOST_IMAGES))
    return replace(train, images=train.images[::every], labels=train.labels[::every])
