"""HTDemucs and HDemucs: as published, and laid out for speed."""

from __future__ import annotations

import pytest
import torch

from inference.networks import build
from tests.vectors import fingerprint, fingerprints, golden, published_models, relative_error


@pytest.mark.parametrize("name", ["htdemucs", "hdemucs"])
def test_what_the_reference_computes(name):
    vectors = golden(name)
    with torch.inference_mode():
        found = vectors.network()(vectors.input)
    assert found.shape == vectors.output.shape
    assert relative_error(found, vectors.output) < 1e-5


@pytest.mark.parametrize("model", [m for m in published_models() if m["model_type"] == "htdemucs"], ids=lambda m: m["name"])
def test_published_weights_fit(model):
    wanted = fingerprints()[model["name"]]
    with torch.device("meta"):
        found = fingerprint(build("htdemucs", model["config"]))
    assert found == {key: wanted[key] for key in found}
