"""HTDemucs and HDemucs: as published, and laid out for speed."""

from __future__ import annotations

import pytest
import torch

from inference.errors import UnknownModel
from inference.networks import Setup, build, wave_model
from inference.options import Options
from tests.vectors import agreement, fingerprint, fingerprints, golden, published_models, relative_error, weights

SMALL = {"channels": 8, "t_layers": 3, "t_heads": 2, "dconv_mode": 3, "bottom_channels": 16}
STEMS = ["drums", "bass", "vocals"]


def network(kind="htdemucs", *, audio=2, segment=0.5, **keywords):
    config = {
        "model": kind,
        kind: {**(SMALL if kind == "htdemucs" else {"channels": 4}), **keywords},
        "training": {"instruments": STEMS, "channels": audio, "samplerate": 44100, "segment": segment},
        "inference": {"num_overlap": 2},
    }
    made = build("htdemucs", config).eval()
    made.load_state_dict(weights({key: list(value.shape) for key, value in made.state_dict().items()}))
    return made, config


def song(channels=2, length=22050, batch=1):
    return torch.randn(batch, channels, length, generator=torch.Generator().manual_seed(3)) * 0.2


def engine(made, config, half=None):
    return wave_model("htdemucs", [made], config, Setup(half=half)).engine


@pytest.mark.parametrize("name", ["htdemucs", "hdemucs"])
@torch.inference_mode()
def test_what_the_reference_computes(name):
    vectors = golden(name)
    made = vectors.network()
    found = made(vectors.input)
    assert found.shape == vectors.output.shape
    assert relative_error(found, vectors.output) < 1e-5
    fast = engine(made, vectors.config)(vectors.input, range(found.shape[1]))
    assert agreement(fast, vectors.output) > 115
    half = engine(made, vectors.config, torch.bfloat16)(vectors.input, range(found.shape[1]))
    assert agreement(half, vectors.output) > 40


@pytest.mark.parametrize("model", [m for m in published_models() if m["model_type"] == "htdemucs"], ids=lambda m: m["name"])
def test_published_weights_fit(model):
    wanted = fingerprints()[model["name"]]
    with torch.device("meta"):
        found = fingerprint(build("htdemucs", model["config"]))
    assert found == {key: wanted[key] for key in found}


@pytest.mark.parametrize(
    ("kind", "keywords"),
    [
        ("htdemucs", {"bottom_channels": 0, "dconv_mode": 1}),
        ("htdemucs", {"t_norm_first": False, "t_emb": "cape", "t_layer_scale": False, "t_gelu": False}),
        ("htdemucs", {"t_emb": "scaled", "t_group_norm": 4, "t_norm_in": False, "t_cross_first": True, "t_weight_pos_embed": 0.3}),
        ("htdemucs", {"norm_starts": 2, "norm_groups": 2, "channels": 16, "freq_emb": 0, "context_enc": 1, "depth": 3}),
        ("htdemucs", {"t_layers": 0, "bottom_channels": 0, "channels_time": 16, "depth": 3, "context": 2, "rewrite": False}),
        ("htdemucs", {"nfft": 2048, "depth": 3, "dconv_mode": 0, "multi_freqs": [0.2, 0.6], "multi_freqs_depth": 2}),
        ("hdemucs", {}),
        ("hdemucs", {"hybrid_old": True, "dconv_mode": 3, "dconv_lstm": 3, "dconv_attn": 6}),
        ("hdemucs", {"cac": False, "wiener_iters": -1}),
        ("hdemucs", {"hybrid": False}),
        ("htdemucs", {"num_subbands": 2, "depth": 3}),
    ],
)
@torch.inference_mode()
def test_laid_out_for_speed_it_answers_the_same(kind, keywords):
    made, config = network(kind, **keywords)
    length = 22528 if keywords.get("hybrid") is False else 21001
    mixture = song(length=length)
    wanted = made(mixture)
    assert wanted.shape == (1, 3, 2, length)
    assert agreement(engine(made, config)(mixture, [0, 1, 2]), wanted) > 100


@torch.inference_mode()
def test_a_mono_network_and_a_chunk_longer_than_its_segment():
    made, config = network(audio=1)
    mixture = song(channels=1, length=30011)
    assert agreement(engine(made, config)(mixture, [0, 1, 2]), made(mixture)) > 100


@pytest.mark.parametrize("kind", ["htdemucs", "hdemucs"])
@torch.inference_mode()
def test_only_the_stems_asked_for_in_the_order_asked(kind):
    made, config = network(kind)
    fast, mixture = engine(made, config), song()
    whole = fast(mixture, [0, 1, 2])
    torch.testing.assert_close(fast(mixture, [2, 0]), whole[:, [2, 0]], rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(fast(mixture, [1]), whole[:, [1]], rtol=1e-5, atol=1e-6)


@torch.inference_mode()
def test_songs_of_a_batch_do_not_meet():
    made, config = network()
    fast, mixture = engine(made, config), song(batch=4)
    whole = fast(mixture, [0, 1, 2])
    for item in range(4):
        torch.testing.assert_close(fast(mixture[item : item + 1], [0, 1, 2])[0], whole[item], rtol=1e-5, atol=1e-6)


@torch.inference_mode()
def test_the_published_network_keeps_its_weights():
    made, config = network()
    before = {key: value.clone() for key, value in made.state_dict().items()}
    engine(made, config)(song(), [0])
    assert all(torch.equal(value, before[key]) for key, value in made.state_dict().items())


@torch.inference_mode()
def test_its_layers_report_while_it_works():
    made, config = network()
    fast, calls = engine(made, config), []
    for layer in fast.modules():
        if not list(layer.children()):
            layer.register_forward_pre_hook(lambda *_: calls.append(1))
    fast(song(), [0, 1, 2])
    assert len(calls) > 60


def test_songs_are_cut_as_demucs_cuts_them():
    made, config = network()
    model = wave_model("htdemucs", [made], config, Setup(Options()))
    assert (model.plan.chunk, model.plan.step, model.plan.border) == (22050, 11025, 0)
    assert model.plan.window.eq(1).all()
    assert model.stems == tuple(STEMS)


def test_it_can_be_trained():
    made, _ = network()
    made.train()
    found = made(song(length=8192))
    assert found.shape[-1] == 8192
    found.square().mean().backward()
    assert all(parameter.grad is not None for parameter in made.parameters())


def test_what_is_not_supported_says_so():
    with pytest.raises(UnknownModel, match="'demucs'"):
        build("htdemucs", {"model": "demucs", "demucs": {}, "training": {"instruments": STEMS}})
    with pytest.raises(UnknownModel, match="sparse"):
        network(t_sparse_self_attn=True)
    with pytest.raises(UnknownModel, match="Wiener"):
        network("hdemucs", cac=False, wiener_iters=1)


def test_a_song_of_one_chunk_takes_one_call():
    made, config = network()
    plan = wave_model("htdemucs", [made], config, Setup(options=Options(overlap="fast"))).plan
    assert plan.reach == plan.chunk == 22050
