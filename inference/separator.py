r"""A model on a device that takes songs apart.

    blocks --resample--> overlap-add(network) --resample--> stems at the song's rate
       \______________ kept until the stems are there ______/ minus the stems: the rest

The rest stem of a model is never computed: it is what the others leave of the mixture.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from inference.audio.resample import resample
from inference.catalogue import ModelRecord
from inference.channels import ChannelMap
from inference.checkpoints import fill, load_weights
from inference.crew import Crew
from inference.device import choose_all
from inference.errors import BadPreset, BadWeights
from inference.networks import Setup, WaveModel, at_once, build, half_type, wave_model
from inference.options import Options
from inference.overlap_add import overlap_add
from inference.precision import Verdicts
from inference.types import Samples
from inference.work import WorkMeter

OpenAgain = Callable[[], Iterable[Samples]]
"""Gives the blocks of a song from its start once more."""

OnWork = Callable[[float], None]
"""Told several times a second how many seconds of the song are done, a number that only grows. May raise Cancelled."""


class Separator:
    """A model with its weights, ready to work. One stream at a time.

    The stem that the record calls the rest is the mixture minus all others, at the song's own rate. So where the model's stems
    make up the mixture, what is written does too: also what lies above the model's band, which goes to the rest.

    Args:
        record: which model.
        cache: a folder for weights in their fast form, and for what was measured about them.
        device: names for `device.choose_all`: the chunks of a song are spread over several devices.
        options: how to separate.

    Raises:
        BadConfig: its configuration cannot be read.
        BadWeights: the weights are missing, damaged, unsafe or of another network.
        ModelNotInstalled: its weights are still to be fetched.
        DeviceUnavailable: this machine has no such device.
        UnknownModel: the record's family is not known.
    """

    def __init__(self, record: ModelRecord, *, cache: Path, device: str = "auto", options: Options | None = None) -> None:
        self.record = record
        self.devices = choose_all(device)
        self.options = options or Options()
        self._cache = cache
        self._config = record.load_config()
        self._networks = self._load()
        self._crew = self._gather()
        self.stems = record.stems
        unknown = set(self.stems) - {*self._crew.model.stems, record.rest}
        if unknown:
            raise BadWeights(f"the model {record.name} has no stems called {', '.join(sorted(unknown))}", model=record.name)

    @property
    def sample_rate(self) -> int:
        """Of the network, in samples per second."""
        return self._crew.model.sample_rate

    @property
    def model(self) -> WaveModel:
        """What is at work: the exact form until the fast one has proved itself."""
        return self._crew.model

    def configure(self, options: Options) -> None:
        """Work with these options from the next song on. The weights stay loaded."""
        if options != self.options:
            self.options = options
            self._crew = self._gather()

    def _load(self) -> list[nn.Module]:
        states = [load_weights(path, self._cache) for path in self.record.weights.paths()]
        with torch.device("meta"):  # no time for random weights
            networks = [build(self.record.family, self._config) for _ in states]
        for network, state in zip(networks, states, strict=True):
            fill(network, state, self.record.name)
        return networks

    def _gather(self) -> Crew:
        record, options, device = self.record, self.options, self.devices[0]
        half = half_type(record.family, device)

        def make(form: torch.dtype | None) -> WaveModel:
            return wave_model(record.family, self._networks, self._config, Setup(options, form))

        verdicts = Verdicts(self._cache, record.weights.paths(), device, half) if half is not None else None
        most = at_once(record.family, device) if options.batch is None else 1
        return Crew(record.name, make, self.devices, precision=options.precision, half=half, verdicts=verdicts, most=most)

    def separate(self, audio: Samples, sample_rate: int, *, stems: Sequence[str] | None = None) -> dict[str, Samples]:
        """The stems of a song [C, n], each [C, n]. As `stream`, with everything in memory."""
        names = self._asked(stems)
        blocks = self.stream([audio], sample_rate=sample_rate, channels=len(audio), stems=names, open_again=lambda: [audio])
        found = list(blocks)
        whole = np.concatenate([np.zeros((len(names), audio.shape[0], 0), np.float32), *found], -1)
        return dict(zip(names, whole, strict=True))

    def stream(
        self,
        blocks: Iterable[Samples],
        *,
        sample_rate: int,
        channels: int,
        stems: Sequence[str] | None = None,
        on_work: OnWork | None = None,
        open_again: OpenAgain | None = None,
    ) -> Iterator[Samples]:
        """Take a stream apart.

        Args:
            blocks: the song as float32 [channels, n], in blocks of any length; it does not change the result by a bit.
            sample_rate: of the song, any. The stems come back at the same.
            channels: of the song, any; see ChannelMap.
            stems: some of `self.stems`, None (or none) for all. What they do not need is not computed.
            on_work: hears of the progress.
            open_again: for models and options that must hear the whole song first (`hears_twice`).

        Yields:
            [len(stems), channels, n] in the order of `stems`, together as long as the song and aligned with it to the sample.

        Raises:
            BadPreset: a stem that the model does not have.
            OutOfMemory: the device is too small, and so is the CPU's memory.
        """
        on_work = on_work or (lambda seconds: None)
        return self._stream(blocks, sample_rate, channels, self._asked(stems), on_work, open_again)

    def _asked(self, stems: Sequence[str] | None) -> tuple[str, ...]:
        for stem in stems or ():
            if stem not in self.stems:
                raise BadPreset(f"the model {self.record.name} has no stem {stem!r}", hint=f"It has: {', '.join(self.stems)}.", stem=stem)
        return tuple(stems) if stems else self.stems

    def _stream(
        self,
        blocks: Iterable[Samples],
        rate: int,
        channels: int,
        stems: tuple[str, ...],
        on_work: OnWork,
        open_again: OpenAgain | None,
    ) -> Iterator[Samples]:
        self._survey(open_again, rate, channels, on_work)
        rest = self.record.rest
        computed = tuple(stem for stem in (self.stems if rest in stems else stems) if stem != rest)
        mixture = _Delay(channels)
        own_rate = resample(mixture.passing(blocks), channels=channels, source_rate=rate, target_rate=self.sample_rate)
        found = (stem.reshape(-1, stem.shape[-1]) for stem in self._separated(own_rate, channels, computed, on_work))
        back = resample(found, channels=len(computed) * channels, source_rate=self.sample_rate, target_rate=rate)
        for flat in _as_long_as(back, mixture, len(computed) * channels):
            parts = dict(zip(computed, flat.reshape(len(computed), channels, -1), strict=True))
            song = mixture.take(flat.shape[-1])
            if rest in stems:
                parts[rest] = song - sum(parts.values())
            yield np.stack([parts[stem] for stem in stems])

    def _survey(self, open_again: OpenAgain | None, rate: int, channels: int, on_work: OnWork) -> None:
        """Let the model hear the song, where it must."""
        survey = self._crew.survey()
        if survey is None:
            return
        if open_again is None:
            raise ValueError(f"the model {self.record.name} hears a song twice with these options: open_again is missing")
        mapped = ChannelMap(channels, self._crew.model.channels)
        for block in resample(open_again(), channels=channels, source_rate=rate, target_rate=self.sample_rate):
            survey.hear(mapped.split(torch.from_numpy(block)[None]))
            on_work(0.0)  # nothing is done yet, but the caller may want to stop
        survey.finish()

    def _separated(self, blocks: Iterable[Samples], channels: int, stems: tuple[str, ...], on_work: OnWork) -> Iterator[Samples]:
        """The song [channels, n] at the model's rate -> these of the model's own stems, [S, channels, n]."""
        crew = self._crew
        mapped = ChannelMap(channels, crew.model.channels)
        plan = crew.model.plan
        meter = WorkMeter(crew, crew.batch * plan.step, lambda samples: on_work(samples / self.sample_rate))

        def network(chunks: Tensor, lengths: Sequence[int]) -> Tensor:
            meter.start(len(chunks) * plan.step)
            with meter.watching():
                each = [length for length in lengths for _ in range(mapped.groups)]
                answer = crew.answer(mapped.split(chunks), stems, each)
            meter.answered()
            return mapped.merge(answer)

        device = crew.devices[0]  # the song stays there, also if memory ends and the work moves on
        song = meter.counted(torch.from_numpy(block).to(device) for block in blocks)
        for finished in overlap_add(song, network, plan, stems=len(stems), on_done=meter.finished, batch_size=lambda: crew.batch):
            yield finished.cpu().numpy()


class _Delay:
    """The song's blocks, kept from when they went in until their stems come out."""

    def __init__(self, channels: int) -> None:
        self.channels = channels
        self.read = 0  # samples so far
        self._waiting: deque[Samples] = deque()

    def passing(self, blocks: Iterable[Samples]) -> Iterator[Samples]:
        for block in blocks:
            if block.ndim != 2 or block.shape[0] != self.channels:
                raise ValueError(f"a block of shape {list(block.shape)} in a song of {self.channels} channels")
            block = np.ascontiguousarray(block, np.float32)
            self.read += block.shape[1]
            self._waiting.append(block)
            yield block

    def take(self, samples: int) -> Samples:
        """The next samples, [C, samples]. They must have gone in before."""
        taken: list[Samples] = [np.zeros((self.channels, 0), np.float32)]
        while samples:
            block = self._waiting.popleft()
            taken.append(block[:, :samples])
            if block.shape[1] > samples:
                self._waiting.appendleft(block[:, samples:])
            samples -= taken[-1].shape[1]
        return np.concatenate(taken, 1)


def _as_long_as(blocks: Iterable[Samples], song: _Delay, channels: int) -> Iterator[Samples]:
    """Cut or fill the blocks [channels, n] to the length of the song: resampling there and back rounds."""
    given = 0
    for block in blocks:
        block = block[:, : song.read - given]
        given += block.shape[1]
        if block.shape[1]:
            yield block
    if given < song.read:
        yield np.zeros((channels, song.read - given), np.float32)
