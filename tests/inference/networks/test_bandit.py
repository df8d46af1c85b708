"""Bandit and Bandit v2: golden vectors, published states, and the fast form."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from inference.errors import UnknownModel
from inference.networks import Setup, build, wave_model
from tests.vectors import agreement, fingerprint, fingerprints, golden, published_models, relative_error, weights

SMALL = {
    "bandit": {"band_specs": "musical", "in_channel": 1, "n_bands": 12, "fs": 44100},
    "bandit_v2": {"band_type": "musical", "in_channels": 1, "n_bands": 12, "fs": 48000, "pad_mode": "reflect"},
}


def config(model_type: str, **changes: Any) -> dict[str, Any]:
    model = {"n_sqm_modules": 2, "emb_dim": 16, "rnn_dim": 24, "mlp_dim": 32, "stems": ["speech", "music", "effects"]}
    return {
        "audio": {"chunk_size": 12000, "num_channels": 2, "sample_rate": SMALL[model_type]["fs"]},
        "model": {**model, **SMALL[model_type], **changes},
        "training": {"instruments": ["speech", "music", "effects"], "target_instrument": None},
        "inference": {"num_overlap": 2, "batch_size": 1},
    }


def network(model_type: str, **changes: Any) -> torch.nn.Module:
    made = build(model_type, config(model_type, **changes)).eval()
    state = made.state_dict()
    constants = {key: value for key, value in state.items() if "freq_weights" in key or key.endswith("window")}
    made.load_state_dict(weights({key: list(value.shape) for key, value in state.items()}, constants))
    return made


@pytest.mark.parametrize("name", ["bandit", "bandit_v2"])
def test_golden(name: str) -> None:
    wanted = golden(name)
    with torch.no_grad():
        assert relative_error(wanted.network()(wanted.input), wanted.output) < 1e-5


@pytest.mark.parametrize("name", ["bandit", "bandit_v2"])
def test_the_published_join_weights_come_with_the_network(name: str) -> None:
    wanted = golden(name)
    made = build(name, wanted.config).state_dict()
    for key, value in wanted.state.items():
        if "freq_weights" in key or key.endswith("window"):
            assert torch.allclose(made[key], value.float(), atol=1e-6)


def test_fingerprints() -> None:
    known = fingerprints()
    models = [model for model in published_models() if model["model_type"] == "bandit"]
    assert models
    for model in models:
        with torch.device("meta"):
            made = fingerprint(build("bandit", model["config"]))
        assert made["sha256"] == known[model["name"]]["sha256"]
        assert made["tensors"] == known[model["name"]]["tensors"]


def test_a_config_may_name_a_class_and_its_keywords() -> None:
    plain = config("bandit_v2")
    wrapped = {**plain, "model": {"cls": "Bandit", "kwargs": plain["model"]}}
    assert fingerprint(build("bandit_v2", wrapped)) == fingerprint(build("bandit_v2", plain))


CHANGES: list[dict[str, Any]] = [
    {},
    {"rnn_type": "LSTM"},
    {"bidirectional": False},
    {"complex_mask": False, "hidden_activation": "ReLU"},
    {"treat_channel_as_feature": False, "in_channel": 2, "in_channels": 2},
    {"in_channel": 2, "in_channels": 2, "use_freq_weights": False},
    {"band_specs": "dnr:mel", "normalized": False},
    {"band_specs": "musdb:vox7", "win_length": 1024, "window_fn": "hamming_window"},
    {"n_sqm_modules": 1, "stems": ["vocals"], "hop_length": 256},
]


@pytest.mark.parametrize("model_type", ["bandit", "bandit_v2"])
@pytest.mark.parametrize("changes", CHANGES, ids=str)
def test_the_fast_form_is_exact_for_every_option(model_type: str, changes: dict[str, Any]) -> None:
    made = network(model_type, **changes)
    model = wave_model(model_type, [made], config(model_type, **changes), Setup())
    audio = torch.randn(2, 2, 9001, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        wanted = made(audio)
        found = model.separate(audio, model.stems, [9001] * 2)
    assert found.shape == wanted.shape
    assert agreement(found, wanted) > 100


@pytest.mark.parametrize("model_type", ["bandit", "bandit_v2"])
def test_stems_batches_and_silence(model_type: str) -> None:
    model = wave_model(model_type, [network(model_type)], config(model_type), Setup())
    audio = torch.randn(4, 2, 9001, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        whole = model.separate(audio, model.stems, [9001] * 4)
        some = model.separate(audio[:1], ["effects", "speech"], [9001])
        pair = model.separate(audio[2:], model.stems, [9001] * 2)
        assert not model.separate(torch.zeros(1, 2, 9001), model.stems, [9001]).any()
    assert model.plan.silence
    assert relative_error(some, whole[:1, [2, 0]]) < 1e-5
    assert relative_error(pair, whole[2:]) < 1e-5


def test_unknown_options_are_named() -> None:
    with pytest.raises(UnknownModel, match="tribark"):
        build("bandit", config("bandit", band_specs="tribark"))
    with pytest.raises(UnknownModel, match="Softsine"):
        build("bandit", config("bandit", hidden_activation="Softsine"))
    with pytest.raises(UnknownModel, match="normalize_channel_independently"):
        build("bandit", config("bandit", normalize_channel_independently=True))
