from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from inference.networks import Setup, build, mdx23c_conv, wave_model
from tests.vectors import agreement, fingerprint, fingerprints, golden, published_models, relative_error, weights

VECTORS = ("mdx23c_2stems", "mdx23c_target", "mdx23c_groupnorm")
PUBLISHED = {record["name"]: record for record in published_models() if record["model_type"] == "mdx23c"}


@pytest.fixture(autouse=True)
def _inference() -> Iterator[None]:
    with torch.inference_mode():
        yield


@pytest.fixture(params=["direct", "winograd"])
def ways(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ways of convolving, on pictures that are too small for the second, and in tiles."""
    monkeypatch.setattr(mdx23c_conv, "WORTH", 1 if request.param == "winograd" else 1 << 40)
    monkeypatch.setattr(mdx23c_conv, "TILE", 2048)


def network(config: dict[str, Any]) -> nn.Module:
    made = build("mdx23c", config).eval()
    made.load_state_dict(weights({key: list(value.shape) for key, value in made.state_dict().items()}))
    return made


def answer(published: nn.Module, config: dict[str, Any], mixture: Tensor, *stems: str, half: torch.dtype | None = None) -> Tensor:
    model = wave_model("mdx23c", [published], config, Setup(half=half))
    return model.separate(mixture, stems or model.stems, [mixture.shape[-1]] * len(mixture))


@pytest.mark.parametrize("name", VECTORS)
def test_golden(name: str) -> None:
    recorded = golden(name)
    assert relative_error(recorded.network()(recorded.input), recorded.output) < 5e-6


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_weights_fit(name: str) -> None:
    with torch.device("meta"):
        made = build("mdx23c", PUBLISHED[name]["config"])
    wanted = fingerprints()[name]
    assert fingerprint(made) == {key: wanted[key] for key in ("parameters", "tensors", "sha256")}


@pytest.mark.usefixtures("ways")
@pytest.mark.parametrize("name", VECTORS)
def test_laid_out_for_speed_it_answers_the_same(name: str) -> None:
    recorded = golden(name)
    assert agreement(answer(recorded.network(), recorded.config, recorded.input), recorded.output) > 100


@pytest.mark.usefixtures("ways")
@pytest.mark.parametrize(
    "model",
    [
        {"num_scales": 1, "scale": [4, 2], "act": "elu0.5", "norm": "GroupNorm2"},
        {"num_scales": 3, "growth": 4, "num_blocks_per_scale": 1, "bottleneck_factor": 1},
        {"num_subbands": 2, "num_channels": 12, "num_blocks_per_scale": 3, "act": "relu"},
    ],
)
def test_other_sizes(model: dict[str, Any]) -> None:
    recorded = golden("mdx23c_2stems")
    config = recorded.config | {"model": recorded.config["model"] | model}
    published = network(config)
    mixture = recorded.input[..., : 39 * 32]  # 40 frames: on the levels below not a multiple of four
    wanted = published(mixture)
    assert wanted.shape == (2, 2, 2, mixture.shape[-1])
    assert agreement(answer(published, config, mixture), wanted) > 100


def test_a_chunk_that_is_no_whole_number_of_hops() -> None:
    recorded = golden("mdx23c_2stems")
    found = answer(recorded.network(), recorded.config, torch.nn.functional.pad(recorded.input, (0, 5)))
    assert found.shape == recorded.output.shape


def test_stems_alone_and_batches() -> None:
    recorded = golden("mdx23c_groupnorm")
    published, config = recorded.network(), recorded.config
    mixture = torch.cat([recorded.input, recorded.input.flip(0)])
    every = answer(published, config, mixture)
    assert relative_error(answer(published, config, mixture, "c", "a"), every[:, [2, 0]]) < 1e-6
    assert relative_error(answer(published, config, mixture[:1]), every[:1]) < 1e-6
    assert relative_error(answer(published, config, mixture[:2]), every[:2]) < 1e-6


@pytest.mark.parametrize("name", VECTORS)
def test_silence_stays_silent(name: str) -> None:
    recorded = golden(name)
    assert not answer(recorded.network(), recorded.config, torch.zeros_like(recorded.input)).any()


@pytest.mark.parametrize(("name", "least"), [("mdx23c_2stems", 35), ("mdx23c_target", 55), ("mdx23c_groupnorm", 40)])
def test_in_half_precision(name: str, least: float) -> None:
    recorded = golden(name)
    found = answer(recorded.network(), recorded.config, recorded.input, half=torch.bfloat16)
    assert found.dtype == torch.float32
    assert agreement(found, recorded.output) > least


def test_the_published_form_learns() -> None:
    recorded = golden("mdx23c_2stems")
    with torch.inference_mode(mode=False), torch.enable_grad():
        published = recorded.network().train()
        published(recorded.input.clone()).square().mean().backward()
    assert all(parameter.grad is not None for parameter in published.parameters())


def test_unknown_norm() -> None:
    config = golden("mdx23c_2stems").config
    with pytest.raises(ValueError, match="a norm 'LayerNorm'"):
        build("mdx23c", config | {"model": config["model"] | {"norm": "LayerNorm"}})


@pytest.mark.parametrize("add", [False, True])
@pytest.mark.parametrize(("frames", "bins"), [(8, 5), (10, 3), (4, 1), (1, 6)])
def test_the_products_of_a_graphics_card_are_the_same_convolution(frames: int, bins: int, *, add: bool) -> None:
    weight, picture = torch.randn(6, 4, 3, 3), torch.randn(frames, bins, 4)
    height = (frames + 3) // 4 * 4
    rows = torch.zeros(height + 2, bins, 4)
    rows[1 : frames + 1] = picture
    product = mdx23c_conv._Product(weight, None)
    product.prepare_taps(rows)
    out = torch.randn(frames, bins, 6) if add else torch.full((frames, bins, 6), torch.nan)
    wanted = torch.nn.functional.conv2d(picture.permute(2, 0, 1)[None], weight, padding=1)[0].permute(1, 2, 0)
    wanted = wanted + out if add else wanted
    product.at_once(rows, out, add=add)
    assert agreement(out, wanted) > 110
