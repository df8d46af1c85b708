from __future__ import annotations

import pytest
import torch
from torch import nn

from inference.networks import Setup, build, half_type, roformer_fast, wave_model
from inference.networks.packed import PackedLinear
from inference.networks.roformer_fast import FastRoformer
from inference.options import Options
from tests.vectors import agreement, golden, weights

RECORDED = [
    *(f"bs_roformer_{form}" for form in ("1stem", "4stems", "linear", "mono", "skip", "zero_dc")),
    *(f"mel_band_roformer_{form}" for form in ("1stem", "2stems", "linear", "skip", "zero_dc")),
    "bs_conformer",
    "mel_band_conformer",
]
OTHER = {  # values that are not recorded
    "bs_roformer_1stem": [
        {"heads": 3, "dim_head": 4, "dim": 20, "stft_win_length": 48, "stft_hop_length": 12, "stft_normalized": True},
        {"time_transformer_depth": 2, "freq_transformer_depth": 3, "depth": 1, "mask_estimator_depth": 4, "mlp_expansion_factor": 2},
        {"linear_transformer_depth": 2, "skip_connection": True, "depth": 3, "num_stems": 3},
    ],
    "mel_band_roformer_1stem": [
        {"match_input_audio_length": True, "stereo": False, "num_bands": 20, "sample_rate": 32000, "zero_dc": True},
        {"linear_transformer_depth": 1, "skip_connection": True, "heads": 1, "num_stems": 2, "mask_estimator_depth": 1},
    ],
    "bs_conformer": [{"time_conformer_depth": 2, "heads": 3, "num_stems": 2, "stereo": False}],
    "mel_band_conformer": [{"freq_conformer_depth": 2, "skip_connection": True, "stft_hop_length": 100}],
}


def published(recorded, config):
    network = build(recorded.model_type, config).eval()
    state = {key: list(value.shape) for key, value in network.state_dict().items()}
    kept = {key: value for key, value in network.state_dict().items() if key.endswith("freqs")}
    network.load_state_dict(weights(state, kept))
    return network


def answers(network, mixture):
    found = network(mixture)
    return found if found.ndim == 4 else found[:, None]


@pytest.fixture(autouse=True)
def _inference():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # what is so small is slower with more
    with torch.inference_mode():
        yield
    torch.set_num_threads(threads)


@pytest.fixture
def small_tiles(monkeypatch):
    monkeypatch.setattr(roformer_fast, "CPU_TOKENS", 100)


@pytest.mark.usefixtures("small_tiles")
@pytest.mark.parametrize("name", RECORDED)
def test_the_exact_form_is_the_published_one(name):
    recorded = golden(name)
    network = recorded.network()
    found = FastRoformer(network)(recorded.input, range(network.shape.stems))
    assert agreement(found, recorded.output.view_as(found)) > 110


@pytest.mark.parametrize(("name", "changes"), [(name, changes) for name, several in OTHER.items() for changes in several])
def test_so_it_is_with_other_values_and_lengths(name, changes):
    recorded = golden(name)
    network = published(recorded, {**recorded.config, **changes})
    torch.manual_seed(0)
    mixture = torch.randn(2, network.shape.channels, 1803)  # no multiple of a hop; short sequences and long ones
    wanted = answers(network, mixture)
    found = FastRoformer(network)(mixture, range(network.shape.stems))
    assert found.shape == wanted.shape
    assert agreement(found, wanted) > 110


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize("name", ["bs_roformer_linear", "mel_band_roformer_2stems", "mel_band_conformer"])
def test_the_fast_form_is_close(name, dtype):
    recorded = golden(name)
    network = recorded.network()
    found = FastRoformer(network, dtype)(recorded.input, range(network.shape.stems))
    assert found.dtype == torch.float32
    assert agreement(found, recorded.output.view_as(found)) > 40


@pytest.mark.parametrize("name", ["bs_roformer_4stems", "mel_band_roformer_linear"])
def test_items_of_a_batch_do_not_hear_each_other(name):
    recorded = golden(name)
    engine = FastRoformer(recorded.network())
    mixture = torch.cat([recorded.input, recorded.input.flip(-1)])
    whole = engine(mixture, (0,))
    for size in (1, 2):
        assert torch.allclose(torch.cat([engine(part, (0,)) for part in mixture.split(size)]), whole, atol=1e-6)
    assert agreement(engine._separate(mixture, (0,)), whole) > 110  # as on a GPU: all items at once


def test_only_the_stems_that_are_asked_for_are_made():
    recorded = golden("bs_roformer_4stems")
    engine = FastRoformer(recorded.network())
    found = engine(recorded.input, (3, 1))
    assert torch.equal(found, engine(recorded.input, range(4))[:, [3, 1]])
    engine.masks[0] = nn.Identity()
    assert torch.equal(engine(recorded.input, (3, 1)), found)


@pytest.mark.parametrize("name", RECORDED)
def test_silence_stays_silence(name):
    recorded = golden(name)
    found = FastRoformer(recorded.network())(torch.zeros_like(recorded.input), (0,))
    assert torch.equal(found, torch.zeros_like(found))


def test_a_gpu_computes_the_same_shapes():
    recorded = golden("mel_band_roformer_linear")
    engine = FastRoformer(recorded.network(), torch.float16).to("meta")
    assert engine.layers[0][1].parts[0](torch.empty(3, 40, 2, 16, device="meta")).shape == (3, 40, 2, 16)


def test_the_published_network_is_not_changed():
    recorded = golden("bs_conformer")
    network = recorded.network()
    FastRoformer(network)(recorded.input, (0,))
    assert all(torch.equal(value, recorded.state[key]) for key, value in network.state_dict().items())


def test_progress_can_be_watched():
    recorded = golden("mel_band_roformer_1stem")
    engine = FastRoformer(recorded.network())
    calls = []
    for layer in engine.modules():
        if not list(layer.children()):
            layer.register_forward_pre_hook(lambda *_: calls.append(1))
    engine(recorded.input[:1], (0,))
    assert len(calls) > 36


@pytest.mark.parametrize(("name", "channels"), [("bs_roformer_mono", 1), ("mel_band_roformer_2stems", 2)])
def test_the_separator_gets_what_the_config_says(name, channels):
    recorded = golden(name)
    network = recorded.network()
    names = ["vocals", "other"]
    config = {
        "model": recorded.config,
        "audio": {"sample_rate": 32000, "chunk_size": 1024},
        "training": {"instruments": names, "target_instrument": "vocals" if network.shape.stems == 1 else None},
        "inference": {"num_overlap": 2, "normalize": True},
    }
    model = wave_model(recorded.model_type, [network], config, Setup(Options(tta=True)))
    assert model.stems == tuple(names[: network.shape.stems])
    assert (model.sample_rate, model.channels, model.plan.chunk, model.plan.silence) == (32000, channels, 1024, True)
    found = model.separate(recorded.input[..., :1024], model.stems[-1:], [1024, 1024])
    assert found.shape == (2, 1, channels, 1024)


@pytest.mark.parametrize("family", ["bs_roformer", "mel_band_roformer"])
def test_the_fast_form_holds_its_weights_in_its_own_type(family):
    dtype = half_type(family, torch.device("cpu"))
    recorded = golden(f"{family}_1stem")
    model = wave_model(family, [recorded.network()], {"model": recorded.config, "audio": {"chunk_size": 1024}}, Setup(half=dtype))
    layers = [module for module in model.engine.layers.modules() if isinstance(module, PackedLinear)]
    assert {layer.dtype for layer in layers} == {dtype}
