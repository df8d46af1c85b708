from __future__ import annotations

import pytest
import torch

from inference.networks import build
from tests.vectors import fingerprint, fingerprints, golden, published_models, relative_error

VECTORS = ("scnet", "scnet_masked", "scnet_tran")
PUBLISHED = {record["name"]: record for record in published_models() if record["model_type"] == "scnet"}


@pytest.mark.parametrize("name", VECTORS)
def test_golden(name: str) -> None:
    recorded = golden(name)
    with torch.no_grad():
        assert relative_error(recorded.network()(recorded.input), recorded.output) < 5e-6


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_weights_fit(name: str) -> None:
    with torch.device("meta"):
        network = build("scnet", PUBLISHED[name]["config"])
    wanted = fingerprints()[name]
    assert fingerprint(network) == {key: wanted[key] for key in ("parameters", "tensors", "sha256")}
