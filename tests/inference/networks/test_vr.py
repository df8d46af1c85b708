"""The vocal removers' networks: as published, laid out for speed, and in a separation."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from inference.networks import Setup, build, half_type, wave_model
from inference.networks.vr import is_cascaded, of_state
from inference.networks.vr_fast import FastCascaded, FastClassic
from inference.networks.vr_fast_layers import Part, join_doubled
from inference.networks.vr_layers import doubled
from inference.options import Options, VrOptions
from inference.overlap_add import overlap_add
from tests.vectors import Golden, agreement, golden, published_models, relative_error

LARGE = ["vr_v4_123821", "vr_v4_537238"]
GOLDEN = ["vr_v4_129605", "vr_v5_16_64", "vr_v5_32_128", *[pytest.param(name, marks=pytest.mark.slow) for name in LARGE]]
SMALL = ["vr_v4_129605", "vr_v5_16_64"]
RECORDS = {model["name"]: model["vr"] for model in published_models() if model["model_type"] == "vr"}


class Recorded:
    """Golden vectors by name, read when they are wanted: the larger ones take seconds to make."""

    def __init__(self) -> None:
        self._read: dict[str, Golden] = {}

    def __getitem__(self, name: str) -> Golden:
        if name not in self._read:
            self._read[name] = golden(name)
        return self._read[name]


@pytest.fixture(scope="module")
def recorded() -> Recorded:
    return Recorded()


@pytest.mark.parametrize("name", GOLDEN)
def test_published_form_and_fast_form_answer_as_recorded(name: str, recorded: Recorded) -> None:
    vectors = recorded[name]
    network = vectors.network()
    with torch.inference_mode():
        assert relative_error(network(vectors.input), vectors.output) < 1e-6
        offset = network.offset
        answer = made_fast(network, None)(vectors.input)
    assert agreement(answer, vectors.output[..., offset:-offset]) > 120


def made_fast(network: nn.Module, half: torch.dtype | None) -> nn.Module:
    return (FastCascaded if network.offset == 64 else FastClassic)(network, half)


@pytest.mark.parametrize("name", SMALL)
@pytest.mark.parametrize("frames", [320, 288, 512])
def test_fast_form_agrees_for_other_windows_and_batches(name: str, frames: int, recorded: Recorded) -> None:
    network = recorded[name].network()
    x = torch.rand(2, 2, recorded[name].input.shape[2], frames)
    with torch.inference_mode():
        fast = made_fast(network, None)
        wanted = network(x)[..., network.offset : -network.offset]
        assert agreement(fast(x), wanted) > 120
        assert agreement(torch.cat([fast(x[:1]), fast(x[1:])]), wanted) > 120


@pytest.mark.parametrize("name", SMALL)
def test_half_form_is_near(name: str, recorded: Recorded) -> None:
    network = recorded[name].network()
    x = torch.rand(1, 2, recorded[name].input.shape[2], 288)
    half = half_type("vr", torch.device("cpu"))
    assert half is not None
    with torch.inference_mode():
        assert agreement(made_fast(network, half)(x), network(x)[..., network.offset : -network.offset]) > 60


def test_published_form_can_be_trained(recorded: Recorded) -> None:
    network = recorded["vr_v5_16_64"].network().train()
    network(torch.rand(2, 2, 65, 160)).mean().backward()
    assert all(p.grad is not None for name, p in network.named_parameters() if not name.startswith("aux"))


@pytest.mark.parametrize("name", GOLDEN)
def test_weights_tell_what_they_are(name: str, recorded: Recorded) -> None:
    vectors = recorded[name]
    told = of_state(vectors.state)
    assert is_cascaded(told) == is_cascaded(vectors.config)
    with torch.device("meta"):
        network = build("vr", {"n_fft": vectors.config["n_fft"], **told})
    assert {key: value.shape for key, value in network.state_dict().items()} == {key: v.shape for key, v in vectors.state.items()}


@pytest.mark.parametrize(
    ("about", "cascaded"),
    [({"nout": 16}, True), ({"nn_arch_size": 218409}, True), ({"nn_arch_size": 56817}, True), ({"nn_arch_size": 123821}, False)],
)
def test_a_record_without_a_network_tells_it_by_the_rest(about: dict[str, Any], cascaded: bool) -> None:
    assert is_cascaded(about) == cascaded
    with torch.device("meta"):
        network = build("vr", {**about, "params": "4band_v3"})
    assert network.bins == 672


@pytest.mark.parametrize(("start", "stop"), [(0, 48), (0, 20), (14, 48), (10, 30)])
def test_parts_are_doubled_as_the_whole_is(start: int, stop: int) -> None:
    x, skip = torch.rand(2, 8, 5, 24), torch.rand(2, 3, 10, 48)
    want = Part(start, stop, 48)
    have = want.halved()
    piece = x[..., have.start : have.stop].contiguous(memory_format=torch.channels_last)
    with torch.inference_mode():
        found = join_doubled(piece, have, [skip], want)
    assert torch.allclose(found, torch.cat([doubled(x), skip], 1)[..., start:stop], atol=1e-6)


def song_of(frames: int) -> Tensor:
    return 0.1 * torch.randn(2, frames, generator=torch.Generator().manual_seed(2))


@pytest.mark.parametrize(("nn_arch_size", "nout"), [(31191, None), (56817, 4)])
def test_a_separation_gives_both_stems_as_long_as_the_song(nn_arch_size: int, nout: int | None) -> None:
    about = {"nn_arch_size": nn_arch_size, "params": "1band_sr44100_hl256", "primary_stem": "Dry", "secondary_stem": "Wet"}
    if nout:
        about |= {"nout": nout, "nout_lstm": 8}
    torch.manual_seed(3)
    model = wave_model("vr", [build("vr", about)], about, Setup(Options(vr=VrOptions(window_size=320))))
    assert model.stems == ("Dry", "Wet")
    assert model.sample_rate == 44100
    song = song_of(5000)
    survey = model.survey()
    assert survey is not None
    survey.hear(song[None])
    survey.finish()
    found = torch.cat(list(overlap_add([song], lambda x, lengths: model.separate(x, model.stems, lengths), model.plan, stems=2)), -1)
    assert found.shape == (2, 2, 5000)
    assert agreement(found.sum(0), song) > 20  # but for what lies above the highest bin


def test_layouts_at_other_rates_ask_for_songs_at_theirs() -> None:
    about = {"nn_arch_size": 31191, "params": "2band_32000", "n_fft": 1536}
    assert wave_model("vr", [build("vr", about)], about).sample_rate == 32000
