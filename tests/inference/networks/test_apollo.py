"""Apollo: golden vector, published states, and the fast form."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from inference.networks import Setup, build, wave_model
from tests.vectors import agreement, fingerprint, fingerprints, golden, published_models, relative_error, weights


def config(**changes: int) -> dict[str, Any]:
    return {
        "audio": {"chunk_size": 8820, "num_channels": 2, "sample_rate": 44100},
        "model": {"sr": 44100, "win": 20, "feature_dim": 32, "layer": 2, **changes},
        "training": {"instruments": ["restored", "addition"], "target_instrument": "restored"},
        "inference": {"num_overlap": 2, "batch_size": 1},
    }


def network(**changes: int) -> torch.nn.Module:
    made = build("apollo", config(**changes)).eval()
    state = made.state_dict()
    constants = {key: value for key, value in state.items() if key.endswith("_freq")}
    made.load_state_dict(weights({key: list(value.shape) for key, value in state.items()}, constants))
    return made


def test_golden() -> None:
    wanted = golden("apollo")
    with torch.no_grad():
        assert relative_error(wanted.network()(wanted.input), wanted.output) < 1e-5


def test_fingerprints() -> None:
    known = fingerprints()
    models = [model for model in published_models() if model["model_type"] == "apollo"]
    assert len(models) == 2
    for model in models:
        with torch.device("meta"):
            made = fingerprint(build("apollo", model["config"]))
        assert made["sha256"] == known[model["name"]]["sha256"]
        assert made["tensors"] == known[model["name"]]["tensors"]


@pytest.mark.parametrize("changes", [{}, {"feature_dim": 48, "layer": 1}, {"win": 40}, {"sr": 48000}, {"feature_dim": 16}], ids=str)
def test_the_fast_form_is_exact_for_every_option(changes: dict[str, int]) -> None:
    made = network(**changes)
    model = wave_model("apollo", [made], config(**changes), Setup())
    audio = torch.randn(2, 2, 9001, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        wanted = made(audio)
        found = model.separate(audio, model.stems, [9001] * 2)
    assert model.stems == ("restored",)
    assert found.shape == (2, 1, 2, 9001)
    assert agreement(found[:, 0], wanted) > 100


def test_any_rotary_table_is_used_as_it_is() -> None:
    wanted = golden("apollo")  # its tables are random numbers
    model = wave_model("apollo", [wanted.network()], {**config(), "model": wanted.config}, Setup())
    with torch.inference_mode():
        assert agreement(model.separate(wanted.input, ["restored"], [wanted.input.shape[-1]])[:, 0], wanted.output) > 100


def test_batches() -> None:
    model = wave_model("apollo", [network()], config(), Setup())
    audio = torch.randn(4, 2, 9001, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        whole = model.separate(audio, model.stems, [9001] * 4)
        for start, size in ((0, 1), (2, 2)):
            part = model.separate(audio[start : start + size], model.stems, [9001] * size)
            assert relative_error(part, whole[start : start + size]) < 1e-5


def test_half_precision_can_be_heard_by_nobody() -> None:
    made = build("apollo", config()).eval()
    audio = torch.randn(1, 2, 4410, generator=torch.Generator().manual_seed(1)) * 0.1
    model = wave_model("apollo", [made], config(), Setup(half=torch.bfloat16))
    with torch.inference_mode():
        assert agreement(model.separate(audio, model.stems, [4410])[:, 0], made(audio)) > 40
