"""The two families whose libraries are installed on demand."""

from __future__ import annotations

import importlib
import sys
from typing import Any

import pytest
import torch

from inference.errors import UnknownModel
from inference.networks import Setup, build, wave_model
from tests.vectors import fingerprint, published_models, relative_error

TYPES = {"segm_models": "segmentation_models_pytorch", "swin_upernet": "transformers"}


def published(model_type: str) -> dict[str, Any]:
    return next(model for model in published_models() if model["model_type"] == model_type)


def needed(package: str) -> None:
    """Skip where it is missing or does not fit the installed torch."""
    try:
        importlib.import_module(package)
    except (ImportError, RuntimeError) as error:
        pytest.skip(f"{package}: {error}")


@pytest.mark.parametrize(("model_type", "package"), TYPES.items())
def test_what_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch, model_type: str, package: str) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(UnknownModel, match=f"{model_type}.*pip install {package}"):
        build(model_type, published(model_type)["config"])


@pytest.mark.parametrize(("model_type", "package"), TYPES.items())
def test_the_weights_are_as_large_as_the_published_file(model_type: str, package: str) -> None:
    needed(package)
    model = published(model_type)
    with torch.device("meta"):
        state = build(model_type, model["config"]).state_dict()
    bytes_ = sum(value.numel() * value.element_size() for value in state.values())
    assert 200 < (model["bytes"] - bytes_) / len(state) < 700  # what a checkpoint says about each tensor


def test_swin_takes_its_own_state_back() -> None:
    needed("transformers")
    with torch.device("meta"):
        network = build("swin_upernet", published("swin_upernet")["config"])
    state = network.state_dict()
    assert "swin_upernet_model.backbone.encoder.layers.0.blocks.0.attention.self.relative_position_index" in state
    before = fingerprint(network)
    network.load_state_dict(state, assign=True)
    assert fingerprint(network) == before


def test_a_small_network_separates() -> None:
    needed("segmentation_models_pytorch")
    config = {
        "audio": {"chunk_size": 63 * 64, "dim_f": 128, "dim_t": 64, "hop_length": 64, "n_fft": 512, "num_channels": 2},
        "model": {"act": "gelu", "decoder_type": "unet", "encoder_name": "resnet18", "num_channels": 8, "num_subbands": 2},
        "training": {"instruments": ["vocals", "other"], "target_instrument": None},
        "inference": {"num_overlap": 2},
    }
    network = build("segm_models", config).eval()
    model = wave_model("segm_models", [network], config, Setup())
    audio = torch.randn(2, 2, model.plan.chunk)
    with torch.inference_mode():
        whole = model.separate(audio, ["vocals", "other"], [model.plan.chunk] * 2)
        assert whole.shape == (2, 2, 2, model.plan.chunk)
        assert relative_error(model.separate(audio[1:], ["other"], [model.plan.chunk]), whole[1:, 1:]) < 1e-5
        assert not model.separate(torch.zeros_like(audio), ["vocals"], [model.plan.chunk] * 2).any()
