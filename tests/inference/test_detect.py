"""The family of a checkpoint, from the names of its weights."""

from __future__ import annotations

import pytest
import torch

from inference.detect import detect_family
from inference.errors import UnknownModel
from inference.networks import build
from tests.families import CONFIGS
from tests.vectors import published_models

PUBLISHED = {model["name"]: model for model in published_models() if model["model_type"] not in ("segm_models", "swin_upernet")}


def keys_of(family: str, config: dict[str, object]) -> list[str]:
    with torch.device("meta"):
        return list(build(family, config).state_dict())


@pytest.mark.parametrize("name", CONFIGS)
@pytest.mark.parametrize("prefix", ["", "module.", "model._orig_mod."])
def test_every_family_is_found(name: str, prefix: str) -> None:
    keys = [prefix + key for key in keys_of(name.split()[0], CONFIGS[name])]
    assert detect_family({}, keys) == name.split()[0]
    assert detect_family(CONFIGS[name], keys) == name.split()[0]


def test_what_a_trainer_leaves_beside_the_weights_does_not_matter() -> None:
    keys = keys_of("scnet", CONFIGS["scnet"])
    assert detect_family({}, ["initted", "step", *(f"ema_model.{key}" for key in keys)]) == "scnet"


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_models_are_found(name: str) -> None:
    model = PUBLISHED[name]
    config = model.get("config") or model["vr"]
    assert detect_family(config, keys_of(model["model_type"], config)) == model["model_type"]


@pytest.mark.parametrize(
    ("family", "key"), [("swin_upernet", "swin_upernet_model.backbone.x"), ("segm_models", "unet_model.encoder.conv_stem.weight")]
)
def test_families_of_optional_packages(family: str, key: str) -> None:
    assert detect_family({}, ["first_conv.weight", key, "final_conv.0.weight"]) == family


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        (["encoder.0.0.weight", "decoder.0.0.weight", "lstm.lstm.weight_ih_l0"], "legacy_demucs"),
        (["encoder.conv1d_U.weight", "decoder.basis_signals.weight", "separator.network.0.gamma"], "legacy_tasnet"),
        (["conv1.weight", "bn1.weight", "fc.bias"], "no kind of network"),
        ([], "no kind of network"),
    ],
)
def test_strangers_are_named(keys: list[str], said: str) -> None:
    with pytest.raises(UnknownModel, match=said):
        detect_family({}, keys)


def test_the_configuration_decides_where_names_cannot() -> None:
    keys = [key for key in keys_of("bs_roformer", CONFIGS["bs_roformer"]) if not key.startswith("final_norm.")]
    assert detect_family({}, keys) == "mel_band_roformer"
    assert detect_family(CONFIGS["bs_roformer"], keys) == "bs_roformer"
