"""The wave model of all families whose network takes a chunk of the song as it is and answers with its stems."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import torch
from torch import Tensor, nn

from inference.networks import Config, Setup, Survey, WaveModel, section
from inference.overlap_add import Plan

Fits = Callable[[int], "int | None"]
"""The longest chunk of at most so many samples that a network takes, None if there is none."""


def any_length(samples: int) -> int | None:
    """What fits a network that takes chunks of any length."""
    return samples if samples > 0 else None


class ChunkModel(nn.Module):
    """Augmentation, normalisation and the grid around an engine.

    Args:
        engine: `engine(mixture [B, C, T], stems: Sequence[int]) -> [B, len(stems), C, n]`, n at most T: the stems with these
            indices, in this order. Its layers should be modules that are called, so that its progress can be watched.
        stems: names of all the stems it can find, in order.
        plan: how songs are cut.
        setup: augmentation and normalisation are taken from here.
        config: says the sample rate, and whether the model wants its songs normalised.
        sample_rate: of the songs, where the config does not say it.
        channels: of a song.
        fits: which chunks the engine takes.
    """

    def __init__(
        self,
        engine: nn.Module,
        stems: Sequence[str],
        plan: Plan,
        setup: Setup,
        config: Config,
        *,
        sample_rate: int | None = None,
        channels: int = 2,
        fits: Fits = any_length,
    ) -> None:
        super().__init__()
        self.engine = engine
        self.stems = tuple(stems)
        self.plan = plan
        self.sample_rate = sample_rate or int(section(config, "audio").get("sample_rate", 44100))
        self.channels = channels
        self._fits = fits
        self._tta = setup.options.tta
        wished = setup.options.normalize
        self._normalize = bool(section(config, "inference").get("normalize", False)) if wished is None else wished
        self._level: _Level | None = None

    def survey(self) -> Survey | None:
        """Hears mean and standard deviation of the song, where it is normalised by them."""
        self._level = _Level() if self._normalize else None
        return self._level

    def remember(self, other: WaveModel) -> None:
        """Take over the level that the other one heard."""
        assert isinstance(other, ChunkModel)
        self._level = other._level

    def shorter(self, samples: int) -> int | None:
        """The longest chunk of at most so many samples that the engine takes."""
        return self._fits(samples)

    def separate(self, mixture: Tensor, stems: Sequence[str], lengths: Sequence[int]) -> Tensor:
        """[B, C, chunk] -> [B, len(stems), C, n]."""
        if self._level is None:
            return self._augmented(mixture, stems)
        mean, deviation = self._level.mean, self._level.deviation
        return self._augmented((mixture - mean) / deviation, stems).mul_(deviation).add_(mean)

    def _augmented(self, mixture: Tensor, stems: Sequence[str]) -> Tensor:
        indices = [self.stems.index(stem) for stem in stems]
        if not self._tta:
            found: Tensor = self.engine(mixture, indices)
            return found
        flipped = self.engine(torch.cat([mixture, mixture.flip(1), -mixture]), indices)
        plain, swapped, negative = flipped.chunk(3)
        mean: Tensor = (plain + swapped.flip(2) - negative) / 3
        return mean


def plan(
    config: Config,
    setup: Setup,
    *,
    faded: bool = True,
    chunk: int | None = None,
    sample_rate: int | None = None,
    fits: Fits = any_length,
) -> Plan:
    """How a song is cut by the published config and the options of a job.

    Args:
        config: with the sections audio and inference.
        setup: chunk, overlap, batch and shifts are taken from its options.
        faded: whether the standard loop fades chunks, as that of all families but Demucs does.
        chunk: samples of the model's own chunk, where the config does not say it.
        sample_rate: of the songs, where the config does not say it.
        fits: which chunks the network takes; one that is asked for and does not fit is shortened to the next that does.
    """
    options = setup.options
    audio, inference = section(config, "audio"), section(config, "inference")
    wished = fits(options.chunk) if options.chunk is not None else None
    length = wished or inference.get("chunk_size") or chunk or int(audio["chunk_size"])
    batch = options.batch or int(inference.get("batch_size", 1))
    rate = sample_rate or int(audio.get("sample_rate", 44100))
    if options.overlap == "fast":
        reach = _answered(length, config) if faded else length  # Demucs answers every sample
        made = Plan.crossfaded(length, rate, shifts=options.shifts, batch=batch, reach=reach)
    else:
        own = int(inference.get("num_overlap", 4))
        count = {"standard": own, "high": 2 * own}.get(str(options.overlap)) or int(options.overlap)
        # Shifted passes, averaged, are one pass over a grid that is as many times as fine.
        loop = Plan.faded if faded else Plan.segments
        made = loop(length, count * options.shifts, batch=batch)
    return replace(made, silence=True)  # whatever a network's biases make of it, silence has no stems


def stems_of(config: Config, count: int | None = None) -> tuple[str, ...]:
    """The stems that a network computes, by its config: its target if it has one, else all its instruments.

    Args:
        config: with the section training.
        count: how many the network has, where the config may not name them.
    """
    training = section(config, "training")
    target = training.get("target_instrument")
    names = (target,) if target else tuple(training.get("instruments") or ())
    if count is not None and len(names) != count:
        names = tuple(f"stem{index + 1}" for index in range(count))
    return names


def _answered(chunk: int, config: Config) -> int:
    """Samples of a chunk that a network surely answers: some leave out the last ones, where their hop does not divide it."""
    names = ("hop_length", "hop_size", "stft_hop_length")
    hops = [int(section(config, part)[name]) for part in ("audio", "model") for name in names if section(config, part).get(name)]
    return chunk - max((chunk % hop for hop in hops), default=0)


class _Level:
    """Mean and standard deviation of a song's mono mixture."""

    def __init__(self) -> None:
        self.mean, self.deviation = 0.0, 1.0
        self._count = 0
        self._sum = self._squares = 0.0

    def hear(self, block: Tensor) -> None:
        mono = block.mean((0, 1), dtype=torch.float64)
        self._count += len(mono)
        self._sum += float(mono.sum())
        self._squares += float(mono.square().sum())

    def finish(self) -> None:
        count = max(self._count, 1)
        self.mean = self._sum / count
        deviation = max(self._squares / count - self.mean**2, 0.0) ** 0.5
        self.deviation = deviation if deviation > 1e-8 else 1.0  # silence stays as it is
