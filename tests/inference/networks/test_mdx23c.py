from __future__ import annotations

import pytest
import torch

from inference.networks import build
from tests.vectors import fingerprint, fingerprints, golden, published_models, relative_error

VECTORS = ("mdx23c_2stems", "mdx23c_target", "mdx23c_groupnorm")
PUBLISHED = {record["name"]: record for record in published_models() if record["model_type"] == "mdx23c"}


@pytest.mark.parametrize("name", VECTORS)
def test_golden(name: str) -> None:
    recorded = golden(name)
    with torch.no_grad():
        assert relative_error(recorded.network()(recorded.input), recorded.output) < 5e-6


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_weights_fit(name: str) -> None:
    with torch.device("meta"):
        network = build("mdx23c", PUBLISHED[name]["config"])
    wanted = fingerprints()[name]
    assert fingerprint(network) == {key: wanted[key] for key in ("parameters", "tensors", "sha256")}
