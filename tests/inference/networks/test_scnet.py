from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from inference.networks import Setup, build, scnet_fast, wave_model
from tests.vectors import agreement, fingerprint, fingerprints, golden, published_models, relative_error, weights

VECTORS = ("scnet", "scnet_masked", "scnet_tran")
PUBLISHED = {record["name"]: record for record in published_models() if record["model_type"] == "scnet"}


@pytest.fixture(autouse=True)
def _inference() -> Iterator[None]:
    with torch.inference_mode():
        yield


def network(model_type: str, model: dict[str, Any]) -> nn.Module:
    made = build(model_type, {"model": model}).eval()
    constants = {key: value for key, value in made.state_dict().items() if key.endswith("freqs")}
    made.load_state_dict(weights({key: list(value.shape) for key, value in made.state_dict().items()}, constants))
    return made


def answer(name: str, published: nn.Module, mixture: Tensor, *stems: str, half: torch.dtype | None = None) -> Tensor:
    config = {"audio": {"chunk_size": mixture.shape[-1]}, "model": golden(name).config}
    model = wave_model(name, [published], config, Setup(half=half))
    return model.separate(mixture, stems or model.stems, [mixture.shape[-1]] * len(mixture))


@pytest.mark.parametrize("name", VECTORS)
def test_golden(name: str) -> None:
    recorded = golden(name)
    assert relative_error(recorded.network()(recorded.input), recorded.output) < 5e-6


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_weights_fit(name: str) -> None:
    with torch.device("meta"):
        made = build("scnet", PUBLISHED[name]["config"])
    wanted = fingerprints()[name]
    assert fingerprint(made) == {key: wanted[key] for key in ("parameters", "tensors", "sha256")}


@pytest.mark.parametrize("gates", [1 << 10, 1 << 22])
@pytest.mark.parametrize("name", VECTORS)
def test_laid_out_for_speed_it_answers_the_same(name: str, gates: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scnet_fast, "GATES", gates)
    recorded = golden(name)
    assert agreement(answer(name, recorded.network(), recorded.input), recorded.output) > 100


@pytest.mark.parametrize("name", VECTORS)
@pytest.mark.parametrize(
    "model",
    [
        {"dims": [4, 12, 8], "num_dplayer": 4, "expand": 2, "conv_depths": [1, 3, 2]},
        {"sources": ["a", "b", "c"], "band_SR": [0.175, 0.392, 0.433], "normalized": False, "win_size": 192},
        {"nfft": 512, "hop_size": 128, "win_size": 512, "band_stride": [1, 2, 8], "band_kernel": [5, 4, 8], "compress": 2},
    ],
)
def test_other_sizes(name: str, model: dict[str, Any]) -> None:
    published = network(name, golden(name).config | model)
    mixture = golden(name).input[..., :3000]
    wanted = published(mixture)
    assert wanted.shape == (2, len(model.get("sources", "dbov")), 2, 3000)
    assert agreement(answer(name, published, mixture), wanted) > 100


@pytest.mark.parametrize("name", VECTORS)
def test_stems_alone_and_batches(name: str) -> None:
    recorded = golden(name)
    published = recorded.network()
    mixture = torch.cat([recorded.input, recorded.input.flip(0)])
    every = answer(name, published, mixture)
    assert relative_error(answer(name, published, mixture, "vocals", "bass"), every[:, [3, 1]]) < 1e-6
    assert relative_error(answer(name, published, mixture[:1]), every[:1]) < 1e-6
    assert relative_error(answer(name, published, mixture[:2]), every[:2]) < 1e-6


def test_masks_keep_silence_silent() -> None:
    recorded = golden("scnet_masked")
    assert not answer("scnet_masked", recorded.network(), torch.zeros_like(recorded.input)).any()


@pytest.mark.parametrize(("name", "least"), [("scnet", 40), ("scnet_masked", 45), ("scnet_tran", 30)])
def test_in_half_precision(name: str, least: float) -> None:
    recorded = golden(name)
    found = answer(name, recorded.network(), recorded.input, half=torch.bfloat16)
    assert found.dtype == torch.float32
    assert agreement(found, recorded.output) > least


@pytest.mark.parametrize("name", VECTORS)
def test_the_published_form_learns(name: str) -> None:
    recorded = golden(name)
    with torch.inference_mode(mode=False), torch.enable_grad():
        published = recorded.network().train()
        published(recorded.input.clone()).square().mean().backward()
    idle = {key for key, parameter in published.named_parameters() if parameter.requires_grad and parameter.grad is None}
    assert idle <= {"first_conv.weight"}
