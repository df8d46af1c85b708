from __future__ import annotations

import pytest
import torch

from inference.errors import UnknownModel
from inference.networks import build
from tests.vectors import golden, published_models, relative_error

RECORDED = [
    *(f"bs_roformer_{form}" for form in ("1stem", "4stems", "linear", "mono", "skip", "zero_dc")),
    *(f"mel_band_roformer_{form}" for form in ("1stem", "2stems", "linear", "skip", "zero_dc")),
    "bs_conformer",
    "mel_band_conformer",
]
PUBLISHED = {record["name"]: record for record in published_models() if record["model_type"] in ("bs_roformer", "mel_band_roformer")}


@pytest.mark.parametrize("name", RECORDED)
def test_published_weights_sound_as_recorded(name):
    recorded = golden(name)
    with torch.inference_mode():
        found = recorded.network()(recorded.input)
    assert found.shape == recorded.output.shape
    assert relative_error(found, recorded.output) < 2e-6


@pytest.mark.parametrize("name", ["bs_roformer_1stem", "mel_band_roformer_linear", "mel_band_conformer"])
def test_the_section_may_come_alone_and_may_hold_training_options(name):
    recorded = golden(name)
    ignored = {"use_torch_checkpoint": True, "sage_attention": False, "multi_stft_hop_size": 147, "use_shared_bias": False}
    network = build(recorded.model_type, {**recorded.config, **ignored})
    network.load_state_dict(recorded.state)


def test_networks_can_be_trained():
    recorded = golden("bs_roformer_linear")
    network = build("bs_roformer", {**recorded.config, "attn_dropout": 0.1, "ff_dropout": 0.1}).train()
    network(recorded.input).square().sum().backward()
    without = [name for name, parameter in network.named_parameters() if parameter.requires_grad and parameter.grad is None]
    assert not without


@pytest.mark.parametrize("option", ["hyperace", "fno", "use_shared_bias"])
def test_what_is_not_supported_is_named(option):
    config = {**golden("bs_roformer_1stem").config, option: True}
    with pytest.raises(UnknownModel, match=f"{option} are not supported yet"):
        build("bs_roformer", config)


def test_zero_dc_is_off_where_a_config_does_not_say_it():
    recorded = golden("mel_band_roformer_1stem")
    config = {key: value for key, value in recorded.config.items() if key != "zero_dc"}
    assert not build("mel_band_roformer", config).shape.zero_dc
