"""The contract of every family in the registry, with a small model of each."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from inference.catalogue import ModelRecord
from inference.errors import Cancelled
from inference.networks import FAMILIES, build
from inference.options import Options
from inference.separator import Separator
from tests.families import CONFIGS, small_model
from tests.inference.test_separator import decibels, joined, noise, split

OPTIONAL = {"segm_models", "swin_upernet"}
EXACT = Options(precision="exact")

BIG = {"vr classic", "vr 32000", "scnet_tran", "bandit", "apollo"}
"""Those that are slow even when small."""

every = pytest.mark.parametrize("name", [pytest.param(name, marks=[pytest.mark.slow] if name in BIG else []) for name in CONFIGS])
slowly = pytest.mark.parametrize("name", [pytest.param(name, marks=pytest.mark.slow) for name in CONFIGS])


@pytest.fixture(scope="module", autouse=True)
def _quickly(one_thread: None) -> None:
    pass


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Separator]:
    """models(name, options) -> a separator; one is made for each name."""
    folder = tmp_path_factory.mktemp("families")
    made: dict[str, Separator] = {}

    def get(name: str, options: Options = EXACT) -> Separator:
        if name not in made:
            made[name] = Separator(small_model(name, folder), cache=folder / "cache", device="cpu", options=options)
        made[name].configure(options)
        return made[name]

    return get


def test_every_family_is_here() -> None:
    assert {name.split()[0] for name in CONFIGS} == set(FAMILIES) - OPTIONAL - {"spleeter"}


@every
def test_stems_are_as_long_as_the_song_and_differ(models: Callable[..., Separator], name: str) -> None:
    separator, song = models(name), noise(2, 60_001)
    stems = separator.separate(song, 44100)
    assert tuple(stems) == separator.record.stems
    for stem in stems.values():
        assert stem.shape == song.shape
        assert np.isfinite(stem).all()
        assert decibels(stem) > -120
    if separator.record.rest:
        assert decibels(sum(stems.values()) - song) < -120


@every
def test_one_stem_is_the_same_as_of_all(models: Callable[..., Separator], name: str) -> None:
    separator, song = models(name), noise(2, 30_000)
    stems = separator.separate(song, 44100)
    for wanted in (separator.stems[-1:], separator.stems[::-1][:2]):
        found = separator.separate(song, 44100, stems=wanted)
        assert tuple(found) == wanted
        for stem in wanted:
            np.testing.assert_allclose(found[stem], stems[stem], atol=1e-6)


@every
def test_batches_and_blocks_change_nothing(models: Callable[..., Separator], name: str) -> None:
    song = noise(2, 70_000)
    alone = models(name).separate(song, 44100)
    for batch in (2, 4):
        together = models(name, Options(precision="exact", batch=batch)).separate(song, 44100)
        for stem, found in together.items():
            np.testing.assert_allclose(found, alone[stem], atol=1e-5 * max(1.0, float(np.abs(alone[stem]).max())))
    separator = models(name)
    blocks = separator.stream(split(song, 3, 20_000), sample_rate=44100, channels=2, open_again=lambda: split(song, 9, 5000))
    whole = separator.stream([song], sample_rate=44100, channels=2, open_again=lambda: [song])
    np.testing.assert_allclose(joined(blocks), joined(whole), atol=1e-6)


@slowly
@pytest.mark.parametrize(("channels", "rate", "length"), [(1, 44100, 30_000), (2, 48000, 1), (3, 22050, 9000), (2, 96000, 50_001)])
def test_any_rate_any_channels_any_length(models: Callable[..., Separator], name: str, channels: int, rate: int, length: int) -> None:
    stems = models(name).separate(noise(channels, length), rate)
    assert {stem.shape for stem in stems.values()} == {(channels, length)}
    assert all(np.isfinite(stem).all() for stem in stems.values())


@slowly
def test_silence_stays_silence(models: Callable[..., Separator], name: str) -> None:
    for stem in models(name).separate(np.zeros((2, 50_000), np.float32), 44100).values():
        assert decibels(stem) < -90


@slowly
def test_after_a_cancel_the_next_song_is_as_ever(models: Callable[..., Separator], name: str) -> None:
    separator, song = models(name), noise(2, 60_000)
    before = separator.separate(song, 44100)
    calls = 0

    def stop(_: float) -> None:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise Cancelled

    with pytest.raises(Cancelled):
        joined(separator.stream([song], sample_rate=44100, channels=2, on_work=stop, open_again=lambda: [song]))
    after = separator.separate(song, 44100)
    for stem, found in after.items():
        assert np.array_equal(found, before[stem])


@slowly
@pytest.mark.parametrize(
    "options",
    [
        Options(precision="exact", overlap="fast"),
        Options(precision="exact", overlap="high", tta=True),
        Options(precision="exact", overlap=1, shifts=2),
        Options(precision="exact", normalize=True, chunk=30_000),
    ],
    ids=["fast", "high tta", "shifts", "normalize"],
)
def test_every_option_gives_whole_stems(models: Callable[..., Separator], name: str, options: Options) -> None:
    song = 0.3 * noise(2, 50_000)
    stems = models(name, options).separate(song, 44100)
    for stem in stems.values():
        assert stem.shape == song.shape
        assert np.isfinite(stem).all()
    if models(name).record.rest:
        assert decibels(sum(stems.values()) - song) < -100


@slowly
def test_the_network_can_be_trained(name: str) -> None:
    """Every weight of the published form gets a gradient from some loss."""
    family = name.split()[0]
    network = build(family, CONFIGS[name]).train()
    if family == "vr":
        bins = CONFIGS[name]["n_fft"] // 2 + 1
        example = torch.rand(1, 2, bins, 272)
    else:
        mono = "mono" in name
        example = torch.randn(2, 1 if mono else 2, CONFIGS[name]["audio"]["chunk_size"]) * 0.1
    found = network(example)
    found = found if isinstance(found, torch.Tensor) else sum(found.values()) if isinstance(found, dict) else found[0]
    found.square().mean().backward()
    without = [key for key, weight in network.named_parameters() if weight.requires_grad and weight.grad is None]
    assert len(without) <= len(list(network.parameters())) // 2, without[:5]


def test_a_model_of_a_user_is_a_record_of_the_catalogue(tmp_path: Path) -> None:
    record = small_model("scnet", tmp_path)
    assert ModelRecord.model_validate_json(record.model_dump_json()) == record
