r"""The wave model of the vocal removers: a song through its combined spectrogram, masked by a network, and back.

The network sees windows of frames, and of its mask only the middle is used, `roi` frames; windows overlap by the rest:

    frames      0 ...      roi ...    2 roi ...
    window 0 [offset|=======|offset]
    window 1         [offset|=======|offset]

A chunk is the samples of one window (of several, where work at its edges would be done twice) and of the margin that filters
and frames reach beyond. Its answer is what its own frames add to the song: these contributions simply add up to the inverse of
the whole song's spectrogram. To add rather than to average, the plan's window is one over the chunk's own part of the song and
next to nothing around it, and what spills over is scaled up by as much. It is a power of two, so nothing is rounded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from inference.device import rounding
from inference.networks import Setup, Survey, WaveModel
from inference.overlap_add import Plan
from inference.vr.bands import Bands
from inference.vr.layouts import Layout
from inference.vr.masks import REACH, SINGLE, merge_artifacts, sharpen
from inference.vr.survey import HEAD, Loudest

SPILL = 2.0**-24  # the window's weight outside of the chunk's own part
LONG = 3072  # frames of a chunk's own part, at least, where windows are shared by neighbours
LONGER = 6144  # where gaps are given back
MULTIPLE = 32  # frames of a window, because networks halve it up to five times


@dataclass(frozen=True)
class Grid:
    """How the frames of a chunk are covered with windows. Everything is counted in frames."""

    window: int  # that the network sees
    offset: int  # of it at each end whose mask is not used
    shifts: tuple[int, ...]  # sets of windows, each moved back by so much; their masks are averaged
    windows: int  # of one set, in the chunk's own part
    around: int  # windows before and behind, whose masks are needed too

    @classmethod
    def of(cls, setup: Setup, hop: int, offset: int) -> Grid:
        """The grid for a job's options."""
        options = setup.options
        window = options.vr.window_size
        if options.chunk is not None:
            window = max(round(options.chunk / hop / MULTIPLE) * MULTIPLE, 2 * offset + MULTIPLE)
        roi = window - 2 * offset
        own = {"high": 2 * window // roi}.get(str(options.overlap), options.overlap)
        times = max(own * roi // window, 1) if isinstance(own, int) else 1  # windows of a set overlap already
        sets = min(times * options.shifts * (2 if options.tta else 1), roi)
        around = -(-REACH // roi) if options.vr.post_process else 0
        long = LONGER if around else LONG if sets > 1 else 1
        return cls(window, offset, tuple(index * roi // sets for index in range(sets)), -(-long // roi), around)

    @property
    def roi(self) -> int:
        """Frames of each window whose mask is used."""
        return self.window - 2 * self.offset

    @property
    def own(self) -> int:
        """Frames of a chunk's own part."""
        return self.windows * self.roi

    @property
    def side(self) -> int:
        """Frames that its windows reach beyond on either side."""
        return self.offset + self.around * self.roi + (self.roi if len(self.shifts) > 1 else 0)

    def starts(self, shift: int) -> list[int]:
        """First frames of a set's windows, counted from `side` frames before the chunk's own part."""
        count = self.windows + 2 * self.around + (shift > 0)
        first = self.side - self.offset - self.around * self.roi - shift
        return [first + index * self.roi for index in range(count)]


class VocalRemover(nn.Module):
    """Two stems, the network's own and all that it leaves, from a stereo song.

    Args:
        engine: `engine(magnitudes [B, 2, bins + 1, frames]) -> masks [B, 2, bins + 1, frames - 2 * offset]`.
        offset: frames at each end of a window that it gives no mask for.
        layout: the bands.
        cascaded: whether it is a network of version 5.1.
        stems: the network's own, and the other.
        setup: how to run.
    """

    channels = 2

    def __init__(self, engine: nn.Module, offset: int, layout: Layout, stems: tuple[str, str], setup: Setup, *, cascaded: bool) -> None:
        super().__init__()
        self.engine = engine
        self.bands = Bands(layout, cascaded=cascaded)
        self.stems: tuple[str, ...] = stems
        self.sample_rate = layout.sample_rate
        self._cascaded = cascaded
        self._reverse = layout.reverse and not cascaded
        self._options = setup.options.vr
        # On an H200 4 are the fastest of 1, 2, 4, 8. In float32 one is: for more cuDNN chooses a slower way that takes gigabytes.
        self._batch = setup.options.batch or (4 if setup.half is torch.float16 else 1)
        self._exact = setup.half is None
        self._heard: Loudest | None = None
        self.grid = Grid.of(setup, layout.hop, offset)
        self._margin = self.bands.margin  # frames
        border, step = (self.grid.side + self._margin) * layout.hop, self.grid.own * layout.hop
        window = torch.full((step + 2 * border,), SPILL)
        window[border : border + step] = 1
        several = self.grid.windows > 1 and (self.grid.around > 0 or len(self.grid.shifts) > 1)
        self.plan = Plan(window, step, border=border, batch=1 if several else self._batch, silence=True)

    def survey(self) -> Survey | None:
        """Hears the song's loudest bin."""
        self._heard = Loudest(Bands(self.bands.layout, cascaded=self._cascaded))
        return self._heard

    def remember(self, other: WaveModel) -> None:
        """Take over what the other one heard."""
        assert isinstance(other, VocalRemover)
        self._heard = other._heard

    def shorter(self, samples: int) -> int | None:
        """None: windows are as long as the job wants them."""
        return None

    def separate(self, mixture: Tensor, stems: Sequence[str], lengths: Sequence[int]) -> Tensor:
        """[B, 2, chunk] -> [B, len(stems), 2, n]."""
        with rounding(mixture.device, exact=True):  # resampling is a matrix product over what will be heard
            return self._separated(mixture, stems)

    def _separated(self, mixture: Tensor, stems: Sequence[str]) -> Tensor:
        grid, first = self.grid, self._margin
        begins = self._begins(mixture)
        waves = self.bands.waves(mixture, begins, first + grid.side)
        spectrogram = self.bands.combined(waves, first, grid.own + 2 * grid.side)
        for item, begin in zip(spectrogram, begins, strict=True):
            if begin:
                item[:, : grid.side] = 0
        mask = self._mask(spectrogram.abs(), begins)
        spectrogram = spectrogram[:, :, grid.side : grid.side + grid.own]
        high = self.bands.high_end(waves, first + grid.side, grid.own) if self._options.high_end else None
        masked = spectrogram * mask
        answers = [self._song(masked if stem == self.stems[0] else spectrogram - masked, begins, high) for stem in stems]
        return torch.stack(answers, 1)

    def _song(self, masked: Tensor, begins: list[bool], high_end: Tensor | None) -> Tensor:
        """A stem's frames as what they add to the chunk, [B, 2, n], spill scaled up."""
        hop = self.bands.layout.hop
        wave = self.bands.song(masked, begins, high_end=high_end)
        for spill in (wave[..., : self._margin * hop], wave[..., -self._margin * hop :]):
            spill /= SPILL
        return F.pad(wave, (self.grid.side * hop, 0))

    def _begins(self, mixture: Tensor) -> list[bool]:
        """Of each item, whether it is the song's first chunk: nothing but the border, then what the survey heard first."""
        border = self.plan.border
        found = ~mixture[..., :border].flatten(1).any(1)
        if self._heard is not None and self._heard.heads.shape[-1]:
            head = self._heard.heads.to(mixture.device)
            length = min(HEAD, head.shape[-1])
            same = mixture[:, None, :, border : border + length] == head[..., :length]  # [B, groups, 2, length]
            found &= same.flatten(2).all(2).any(1)
        answer: list[bool] = found.tolist()
        return answer

    def _mask(self, magnitudes: Tensor, begins: list[bool]) -> Tensor:
        """Magnitudes [B, 2, frames, bins + 1] -> the mask of the chunk's own part, [B, 2, own, bins + 1]."""
        grid, options = self.grid, self._options
        # Networks have bins before frames.
        magnitudes = (magnitudes / self._peak(magnitudes)).mT.contiguous()
        mask: Tensor | None = None
        for shift in grid.shifts:
            found = self._masked(magnitudes, grid.starts(shift))[..., shift : shift + grid.own + 2 * grid.around * grid.roi]
            mask = found if mask is None else mask.add_(found)
        assert mask is not None
        layout = self.bands.layout
        mask = sharpen(
            (mask / len(grid.shifts)).mT,
            options.aggressiveness,
            split=layout.split,
            single=self.stems[0] in SINGLE,
            correction=layout.correction,
        )
        around = grid.around * grid.roi
        if around:
            threshold = options.post_process_threshold
            first = grid.side - around
            mask = mask * magnitudes[..., first : first + mask.shape[2]].amax((1, 2))[:, None, :, None].sign()  # silence is no gap
            mask = torch.stack([_merged(item, threshold, around if begin else 0) for item, begin in zip(mask, begins, strict=True)])
        return mask[:, :, around : around + grid.own]

    def _masked(self, magnitudes: Tensor, starts: list[int]) -> Tensor:
        """The network's masks of windows side by side, [B, 2, bins + 1, len(starts) * roi]."""
        size, roi = self.grid.window, self.grid.roi
        places = [
            (item, index)
            for index in range(len(starts))
            for item in range(len(magnitudes))
            if self._sounds(magnitudes[item], starts[index])
        ]
        found = magnitudes.new_zeros(*magnitudes.shape[:3], len(starts) * roi)
        for at in range(0, len(places), max(self._batch, len(magnitudes))):
            some = places[at : at + max(self._batch, len(magnitudes))]
            windows = torch.stack([magnitudes[item, :, :, starts[index] : starts[index] + size] for item, index in some])
            with rounding(windows.device, exact=self._exact):
                masks = self.engine(windows.flip(-1)).flip(-1) if self._reverse else self.engine(windows)
            for (item, index), mask in zip(some, masks, strict=True):
                found[item, :, :, index * roi : (index + 1) * roi] = mask
        return found

    def _sounds(self, magnitudes: Tensor, start: int) -> bool:
        """Whether the mask of a window is asked for: where it lies on silence, as behind the end of the song, it changes nothing."""
        first = start + self.grid.offset
        return bool(magnitudes[..., first : first + self.grid.roi].any())

    def _peak(self, magnitudes: Tensor) -> Tensor | float:
        """By what to divide magnitudes: the song's loudest bin, or of a song that was not heard each chunk's own."""
        if self._heard is not None and self._heard.peak:
            return self._heard.peak
        peaks = magnitudes.amax((1, 2, 3), keepdim=True)
        return torch.where(peaks > 0, peaks, torch.ones_like(peaks))


def _merged(mask: Tensor, threshold: float, before: int) -> Tensor:
    """Gaps in a mask [2, frames, bins] given back, of which the first `before` frames lie before the song."""
    merged = merge_artifacts(mask[:, before:], threshold, begins=before > 0)
    return torch.cat([mask[:, :before], merged], 1)
