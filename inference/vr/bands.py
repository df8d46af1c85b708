"""From a song to its combined spectrogram and back.

    song -> top band -> band below -> ...          each at its own rate, two channels as the layout mixes them
               |            |                      STFT (periodic Hann, centred frames), its bins from crop_start to crop_stop
               +-----> one above the other, low-passed: the combined spectrogram [2, frames, bins + 1]

    masked spectrogram -> each band's bins, ramps at its edges, inverse STFT -> low band to the rate of the next, plus the next ...

All of it is linear, and frame i of every band lies at the same time i * hop: so the answers of chunks to frames of their own
add up to that of the whole song. Spectrograms have frames before bins here; networks have it the other way round.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from inference.vr.filters import crossover, mixture, prefilter
from inference.vr.layouts import Band, Layout
from inference.vr.resampling import UPWARDS, Resampler

TILE = 512  # frames that are transformed at once
SOURCE_RATE = 44100  # Hz of the songs that the networks were trained with


class Bands(nn.Module):
    """A layout at work.

    Args:
        layout: the bands.
        cascaded: whether they are for a network of version 5.1, which has its own ramps and channels.
    """

    def __init__(self, layout: Layout, *, cascaded: bool) -> None:
        super().__init__()
        self.layout = layout
        top = layout.bands[-1]
        # At lower rates the networks know songs by the filter that brought them there from 44.1 kHz.
        self.top = Resampler(top.sample_rate, top.sample_rate, top.kernel) if top.sample_rate < SOURCE_RATE else nn.Identity()
        pairs = list(zip(layout.bands, layout.bands[1:], strict=False))
        self.downs = nn.ModuleList(_between(high.sample_rate, low.sample_rate, low.kernel) for low, high in pairs)
        self.ups = nn.ModuleList(_between(low.sample_rate, high.sample_rate, UPWARDS) for low, high in pairs)
        self.bands = nn.ModuleList(_Band(band, cascaded=cascaded, mixed=mixture(layout, band, cascaded=cascaded)) for band in layout.bands)
        self.prefilter: Tensor
        self.register_buffer("prefilter", prefilter(layout, cascaded=cascaded), persistent=False)

    @property
    def margin(self) -> int:
        """How many frames around a frame know of it, on the way there or back."""
        seconds = max(band.n_fft / 2 / band.sample_rate for band in self.layout.bands)
        for resampler, band in zip([self.top, *self.downs], [self.layout.bands[-1], *self.layout.bands[1:]], strict=True):
            seconds += resampler.reach / band.sample_rate if isinstance(resampler, Resampler) else 0
        for resampler, band in zip(self.ups, self.layout.bands, strict=False):
            seconds += resampler.reach / band.sample_rate if isinstance(resampler, Resampler) else 0
        return ceil(seconds * self.layout.sample_rate / self.layout.hop) + 1

    def waves(self, song: Tensor, begins: Sequence[bool] = (), before: int = 0) -> list[Tensor]:
        """A song's samples as each band's, from low to high.

        Args:
            song: [B, 2, n] at the layout's rate.
            begins: of each item, whether the song begins `before` frames from the start: filters do not reach beyond then.
            before: frames.

        Returns:
            [B, 2, n of its own] of each band.
        """
        found: list[Tensor] = []
        wave = song
        for resampler, part in zip([self.top, *reversed(self.downs)], reversed(self._parts()), strict=True):
            wave = resampler(wave)
            for item, begin in zip(wave, begins, strict=False):
                if begin:
                    item[:, : before * part.band.hop] = 0
            found.insert(0, wave)
        return found

    def combined(self, waves: Sequence[Tensor], first: int, count: int) -> Tensor:
        """The combined spectrogram [B, 2, count, bins + 1] of frames from `first` on; frame i lies at sample i * hop."""
        items = waves[0].shape[0]
        found = torch.zeros(items, 2, count, self.layout.bins + 1, dtype=torch.complex64, device=waves[0].device)
        row = 0
        for part, wave in zip(self._parts(), waves, strict=True):
            band = part.band
            for start in range(0, count, TILE):
                frames = part.spectrum(wave, first + start, min(TILE, count - start))
                found[:, :, start : start + TILE, row : row + band.bins] = frames[..., band.crop_start : band.crop_stop]
            row += band.bins
        return found.mul_(self.prefilter)

    def high_end(self, waves: Sequence[Tensor], first: int, count: int) -> Tensor:
        """What lies above the combined spectrogram, [B, 2, count, n]: the top bins of the highest band (but its very last)."""
        part, wave = self._parts()[-1], waves[-1]
        bins = self._high_bins()
        tiles = [part.spectrum(wave, first + at, min(TILE, count - at))[..., bins] for at in range(0, count, TILE)]
        return torch.cat(tiles, 2)

    def song(self, spectrogram: Tensor, begins: Sequence[bool], ends: bool = False, high_end: Tensor | None = None) -> Tensor:
        """The wave that frames of a combined spectrogram add to the song.

        Args:
            spectrogram: [B, 2, count, bins + 1].
            begins: of each item, whether the song begins at its first frame: there are no frames before.
            ends: whether the song ends at the last frame: there are no frames behind.
            high_end: of the mixture, as the method gives it: it comes back at the spectrogram's own level.

        Returns:
            [B, 2, (count + 2 * margin) * hop]; the first frame lies `margin` frames from the start.
        """
        wave: Tensor | None = None
        row = 0
        for index, part in enumerate(self._parts()):
            mine = spectrogram[..., row : row + part.band.bins]
            row += part.band.bins
            last = index == len(self.bands) - 1
            extra = self._mirrored(spectrogram, high_end) if last and high_end is not None else None
            added = part.wave(mine, self.margin, begins, ends, extra)
            wave = added if wave is None else added.add_(wave)
            _cut(wave, self.margin, part.band.hop, begins, ends)
            if not last:
                wave = self.ups[index](wave)
        assert wave is not None
        return wave

    def _parts(self) -> list[_Band]:
        return [part for part in self.bands if isinstance(part, _Band)]

    def _high_bins(self) -> slice:
        band, (start, stop) = self.layout.bands[-1], self.layout.prefilter
        height = max(band.n_fft // 2 - band.crop_stop + stop - start, 0)
        return slice(band.n_fft // 2 - height, band.n_fft // 2)

    def _mirrored(self, spectrogram: Tensor, high_end: Tensor) -> Tensor:
        """The part of the spectrogram below its low-pass, upside down, with the phase of what it replaces; nowhere louder than that."""
        end = (self.layout.prefilter[0] - 10) % (self.layout.bins + 1)
        level = spectrogram[..., max(end - high_end.shape[-1], 0) : end].abs().flip(-1)
        level = F.pad(level, (0, high_end.shape[-1] - level.shape[-1]))
        return torch.polar(torch.minimum(level, high_end.abs()), high_end.angle())


class _Band(nn.Module):
    """One band's STFT and its inverse."""

    def __init__(self, band: Band, *, cascaded: bool, mixed: Tensor | None) -> None:
        super().__init__()
        self.band = band
        self.mixed: Tensor | None
        self.unmixed: Tensor | None
        self.window: Tensor
        self.gains: Tensor
        self.share: Tensor
        self.onset: Tensor
        window = torch.hann_window(band.n_fft, dtype=torch.float64)
        share, onset = _shares(window.square(), band.hop)
        self.register_buffer("window", window.float(), persistent=False)
        self.register_buffer("share", share.float(), persistent=False)
        self.register_buffer("onset", onset.float(), persistent=False)
        self.register_buffer("gains", crossover(band, cascaded=cascaded), persistent=False)
        self.register_buffer("mixed", mixed, persistent=False)
        self.register_buffer("unmixed", None if mixed is None else torch.linalg.inv(mixed), persistent=False)

    def spectrum(self, wave: Tensor, first: int, count: int) -> Tensor:
        """[B, 2, n] -> frames from `first` on, [B, 2, count, n_fft / 2 + 1]; there is silence around the wave."""
        size, hop = self.band.n_fft, self.band.hop
        start, stop = first * hop - size // 2, (first + count - 1) * hop + size // 2
        piece = wave[..., max(start, 0) : max(stop, 0)]
        piece = F.pad(piece, (max(-start, 0), max(stop - start - max(-start, 0) - piece.shape[-1], 0)))
        if self.mixed is not None:
            piece = self.mixed @ piece
        spectrum: Tensor = torch.fft.rfft(piece.unfold(-1, size, hop) * self.window)
        return spectrum

    def wave(self, spectrogram: Tensor, margin: int, begins: Sequence[bool], ends: bool, extra: Tensor | None) -> Tensor:
        """The band's bins of frames -> what they add to the band, [B, 2, (frames + 2 * margin) * hop]."""
        band, (items, _, count, _) = self.band, spectrogram.shape
        room = torch.zeros(items, 2, count + 2 * margin, band.hop, device=spectrogram.device)
        flat = room.flatten(-2)
        for start in range(0, count, TILE):
            whole = spectrogram.new_zeros(items, 2, min(TILE, count - start), band.n_fft // 2 + 1)
            whole[..., band.crop_start : band.crop_stop] = spectrogram[:, :, start : start + TILE]
            if extra is not None:
                whole[..., band.n_fft // 2 - extra.shape[-1] : band.n_fft // 2] = extra[:, :, start : start + TILE]
            piece = _joined(torch.fft.irfft(whole.mul_(self.gains), band.n_fft).mul_(self.window), band.hop)
            at = (margin + start) * band.hop - band.n_fft // 2
            flat[..., at : at + piece.shape[-1]] += piece
        room *= self.share
        self._share_more(flat, margin * band.hop, (margin + count - 1) * band.hop, begins, ends)
        return flat if self.unmixed is None else self.unmixed @ flat

    def _share_more(self, wave: Tensor, first: int, last: int, begins: Sequence[bool], ends: bool) -> None:
        """Where the song begins or ends, at the frames that lie at these samples: there are fewer frames to share with."""
        reach = len(self.onset)
        for item, begin in zip(wave, begins, strict=True):
            if begin:
                item[:, first : first + reach] *= self.onset
            if ends:
                item[:, last - reach + 1 : last + 1] *= self.onset.flip(0)


def _cut(wave: Tensor, margin: int, hop: int, begins: Sequence[bool], ends: bool) -> None:
    """Silence before the first frame and behind the last one, where these are the first and the last of the song."""
    for item, begin in zip(wave, begins, strict=True):
        if begin:
            item[:, : margin * hop] = 0
    if ends:
        wave[..., wave.shape[-1] - (margin + 1) * hop :] = 0


def _shares(squares: Tensor, hop: int) -> tuple[Tensor, Tensor]:
    """One over the sum of all frames' squared windows, [hop]; and, from the first frame on, how much more it is without those before."""
    size = len(squares)
    parts = -(-size // hop)
    sums = F.pad(squares, (0, parts * hop - size)).reshape(parts, hop).sum(0)
    period = sums.roll(-(size // 2 % hop))
    begun = _joined(squares.expand(parts + 1, size), hop)[size // 2 : 2 * (size // 2)]
    everywhere = period.repeat(parts)[: len(begun)]
    return 1 / period, everywhere / begun


def _between(source_rate: int, target_rate: int, kernel: str) -> nn.Module:
    return nn.Identity() if source_rate == target_rate else Resampler(source_rate, target_rate, kernel)


def _joined(frames: Tensor, hop: int) -> Tensor:
    """Add frames [..., n, size] up at a distance of `hop`: [..., (n - 1) * hop + size]."""
    count, size = frames.shape[-2:]
    parts = -(-size // hop)
    pieces = F.pad(frames, (0, parts * hop - size)).reshape(*frames.shape[:-1], parts, hop)
    rows = frames.new_zeros(*frames.shape[:-2], count + parts - 1, hop)
    for part, piece in enumerate(pieces.unbind(-2)):
        rows[..., part : part + count, :] += piece
    return rows.flatten(-2)[..., : (count - 1) * hop + size]
