"""All published checkpoints of the first list: the network that their config builds has their keys and shapes."""

from __future__ import annotations

import json
from collections import Counter
from functools import cache
from typing import Any

import pytest
import torch

from inference.errors import UnknownModel
from inference.networks import FAMILIES, NOT_YET, build
from tests.vectors import fingerprint, fingerprints, golden, published_models

ROFORMERS = ("bs_roformer", "mel_band_roformer")
OPTIONAL = {"segm_models", "swin_upernet"}
MODELS = {model["name"]: model for model in published_models()}


def config_of(model: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = model["vr"] if model["model_type"] == "vr" else model["config"]
    return found


def test_none_is_missing() -> None:
    kinds = Counter(model["model_type"] for model in MODELS.values() if model["model_type"] not in OPTIONAL)
    assert sum(kinds.values()) == len(fingerprints()) == 76
    assert kinds["vr"] == 29


@cache
def built(model_type: str, config: str) -> dict[str, Any]:
    """The fingerprint of a network; many checkpoints are of the same."""
    with torch.device("meta"):
        network = build(model_type, json.loads(config))
    return fingerprint(network, trainable=True)


@pytest.mark.parametrize("name", fingerprints())
def test_the_network_takes_the_published_weights(name: str) -> None:
    model, wanted = MODELS[name], fingerprints()[name]
    config = config_of(model)
    told = {key: value for key, value in config.items() if key == "model" or model["model_type"] not in ROFORMERS}
    found = built(model["model_type"], json.dumps(told, sort_keys=True))
    assert found["sha256"] == wanted["sha256"]
    assert found["tensors"] == wanted["tensors"]
    assert found["parameters"] == wanted["parameters"]


@pytest.mark.parametrize("model_type", [*NOT_YET, "bs_roformer_experimental", "mel_band_roformer_experimental"])
def test_types_of_other_tools_are_named(model_type: str) -> None:
    with pytest.raises(UnknownModel, match=f"{model_type}' are not supported yet"):
        build(model_type, {})


def test_nonsense_is_called_nonsense() -> None:
    with pytest.raises(UnknownModel, match="no networks of type 'roformer9000'") as caught:
        build("roformer9000", {})
    assert all(family in caught.value.hint for family in FAMILIES)


def test_a_config_without_zero_dc_means_false() -> None:
    """The published Roformers are older than the option, and sound 20 to 30 dB worse with it."""
    recorded = golden("bs_roformer_1stem")
    without = {key: value for key, value in recorded.config.items() if key != "zero_dc"}
    network = build("bs_roformer", {"model": without}).eval()
    network.load_state_dict(recorded.state)
    with torch.inference_mode():
        assert torch.allclose(network(recorded.input), recorded.output, atol=1e-5)
