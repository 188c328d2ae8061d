"""What is said of a network with convolutions is said of its first fully connected layer."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from engine.data.inputs import InputSpec
from engine.evidence.confidence import case_of
from engine.evidence.diagnostics import check_weights
from engine.evidence.first_look import first_look
from engine.evidence.gallery import make_gallery, signs_of_truth
from engine.evidence.similarity import ncc_features
from engine.network.features import features_of, head_of
from engine.stationarity.spectrum import images_spectrum, spectrum_of
from tests.engine.convolutions import drawn, small


def network():
    return small(dtype=torch.float32)


def images(count=8):
    return drawn(torch.Generator().manual_seed(4), count, 2, 8, 8).float()


def test_the_health_check_reads_the_first_full_layer():
    found = check_weights(network())
    own = np.linalg.svd(network().weights[1].double().numpy(), compute_uv=False)
    np.testing.assert_allclose(found.spectrum.values, own, rtol=1e-6)
    assert (found.layer, found.dimension) == ("first fully connected layer", 64)
    assert found.layers[0].floor == 0
    assert "first fully connected layer" in found.outlook
    assert found.as_dict()["dimension"] == 64


def test_a_convolution_is_a_matrix_with_a_row_for_each_channel():
    values = spectrum_of(network(), 0).values
    own = np.linalg.svd(network().weights[0].double().flatten(1).numpy(), compute_uv=False)
    np.testing.assert_allclose(values, own, rtol=1e-6)
    assert len(images_spectrum(network()).values) == 6


def test_there_is_no_first_look_and_no_confidence():
    assert len(first_look(network())) == 0
    ten = small(dtype=torch.float32, outputs=10)
    assert case_of(replace(ten, class_names=()), "decay") is None
    y = torch.arange(8) % 3
    gallery = make_gallery(network(), images(), y.float(), torch.ones(8))
    assert gallery.confidence is None
    assert gallery.why_unknown == "no confidence was fitted to networks like this"


def test_trust_looks_at_features_as_at_the_images_of_a_full_network():
    y, strengths = (torch.arange(8) % 3).float(), torch.ones(8)
    features = ncc_features(images())
    found = signs_of_truth(network(), images(), y, strengths, features, 1, None)
    head = replace(head_of(network()), inputs=InputSpec.flat(64))
    read = features_of(network(), images().flatten(1)).reshape(8, 1, 1, 64)
    expected = signs_of_truth(head, read, y, strengths, features, 1, None)
    torch.testing.assert_close(found[:, 2:4], expected[:, 2:4])
    assert float(found[:, 3].abs().max()) > 0.01
