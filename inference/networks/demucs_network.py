"""HDemucs and HTDemucs as published: two U-Nets, over the spectrogram and over the waveform, that meet at the bottom.

Défossez, "Hybrid Spectrogram and Waveform Source Separation", 2021 (HDemucs: the waveform's branch is added into the other, which
joins all frequencies); Rouard et al., "Hybrid Transformers for Music Source Separation", 2022 (HTDemucs: a transformer across both).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn

from inference.errors import UnknownModel
from inference.networks.demucs_bands import BandDecoder, BandEncoder
from inference.networks.demucs_layers import DConv, Decoder, Encoder, ScaledEmbedding, Shape
from inference.networks.demucs_options import HybridOptions, TransformerOptions
from inference.networks.demucs_spectrum import from_spectrum, to_spectrum
from inference.networks.demucs_transformer import CrossTransformer


class HDemucs(nn.Module):
    """A mixture [B, audio_channels, T] -> its sources [B, S, audio_channels, T].

    Args:
        options: its sizes.

    Raises:
        UnknownModel: it would mask the spectrogram through a Wiener filter.
    """

    def __init__(self, options: HybridOptions) -> None:
        super().__init__()
        self.options = options
        if not options.cac and options.wiener_iters > 0:
            raise UnknownModel("Demucs with a Wiener filter is not supported", hint="No published hybrid model has it.")
        encoders: list[nn.Module] = []
        decoders: list[nn.Module] = []
        tencoders: list[nn.Module] = []
        tdecoders: list[nn.Module] = []
        for level in _levels(options):
            encoders.append(_encoder(options, level))
            decoders.insert(0, _decoder(options, level))
            if options.hybrid and level.freq:
                tencoders.append(_encoder(options, level, time=True))
                tdecoders.insert(0, _decoder(options, level, time=True))
        self.encoder = nn.ModuleList(encoders)
        self.decoder = nn.ModuleList(decoders)
        if options.hybrid:
            self.tencoder = nn.ModuleList(tencoders)
            self.tdecoder = nn.ModuleList(tdecoders)
        self.freq_emb: nn.Module | None = None
        if options.freq_emb:
            rows = options.nfft // 2 // options.stride
            self.freq_emb = ScaledEmbedding(rows, options.channels, options.emb_scale, smooth=options.emb_smooth)

    def forward(self, mixture: Tensor) -> Tensor:
        """[B, audio_channels, T] -> [B, S, audio_channels, T]."""
        options = self.options
        length = mixture.shape[-1]
        z = to_spectrum(mixture, options)
        x = _subbands(self._channels_of(z), options.num_subbands)
        rows, frames = x.shape[2:]
        x, mean, deviation = normalized(x)
        xt, mean_t, deviation_t = normalized(mixture)
        x, found_t = self._unet(x, xt if options.hybrid else None)
        x = x.view(x.shape[0], len(options.sources), -1, rows, frames) * deviation[:, None] + mean[:, None]
        wave = from_spectrum(self._spectra(z, _whole_band(x, options.num_subbands)), length, options)
        if found_t is None:
            return wave
        return wave + (found_t.view(wave.shape) * deviation_t[:, None] + mean_t[:, None])

    def _unet(self, x: Tensor, xt: Tensor | None) -> tuple[Tensor, Tensor | None]:
        """Both branches, normalised -> what their last layers answer."""
        skips, skips_t, lengths, lengths_t = [], [], [], []
        for index, encoder in enumerate(self.encoder):
            lengths.append(x.shape[-1])
            inject = None
            if xt is not None and index < len(self.tencoder):
                lengths_t.append(xt.shape[-1])
                layer_t = self.tencoder[index]
                xt = layer_t(xt)
                if layer_t.empty:
                    inject = xt
                else:
                    skips_t.append(xt)
            x = encoder(x, inject)
            if index == 0 and self.freq_emb is not None:
                x = x + self.options.freq_emb * self.freq_emb(torch.arange(x.shape[2], device=x.device)).t()[:, :, None]
            skips.append(x)
        x, xt = self._bottom(x, xt)
        for index, decoder in enumerate(self.decoder, len(self.tdecoder) - len(self.decoder) if xt is not None else 0):
            x, pre = decoder(x, skips.pop(), lengths.pop())
            if xt is not None and index >= 0:
                layer_t = self.tdecoder[index]
                source, skip = (pre[:, :, 0], None) if layer_t.empty else (xt, skips_t.pop())
                xt, _ = layer_t(source, skip, lengths_t.pop())
        return x, xt

    def _bottom(self, x: Tensor, xt: Tensor | None) -> tuple[Tensor, Tensor | None]:
        """What the decoders begin with: nothing, all they know comes from the skips."""
        return torch.zeros_like(x), None if xt is None else torch.zeros_like(x)

    def _channels_of(self, z: Tensor) -> Tensor:
        """[B, C, F, T] complex -> real: real and imaginary parts as channels 2 c and 2 c + 1, or magnitudes."""
        if not self.options.cac:
            return z.abs()
        return torch.view_as_real(z).permute(0, 1, 4, 2, 3).flatten(1, 2)

    def _spectra(self, z: Tensor, x: Tensor) -> Tensor:
        """What the branch found, [B, S, C, F, T], as complex spectra of the sources."""
        if self.options.cac:
            return torch.view_as_complex(_split(x, 2, (-1, 2)).permute(0, 1, 2, 4, 5, 3).contiguous())
        phase = z / (1e-8 + z.abs()) if self.options.wiener_iters < 0 else torch.polar(torch.ones_like(z.real), z.angle())
        return phase[:, None] * x


class HTDemucs(HDemucs):
    """HDemucs with a transformer between encoders and decoders.

    Out of training, mixtures that are shorter than it was trained on are filled up with silence.

    Args:
        options: sizes of the U-Nets.
        transformer: of the transformer.
        bottom_channels: its channels, where they are not those of the last encoder.
        use_train_segment: whether mixtures are filled up.
    """

    def __init__(
        self, options: HybridOptions, transformer: TransformerOptions, bottom_channels: int = 0, *, use_train_segment: bool = True
    ) -> None:
        super().__init__(options)
        self.train_length = int(options.segment * options.samplerate) if use_train_segment else 0
        channels = int(options.channels * options.growth ** (options.depth - 1))
        self.bottom_channels = bottom_channels
        if bottom_channels:
            self.channel_upsampler = nn.Conv1d(channels, bottom_channels, 1)
            self.channel_downsampler = nn.Conv1d(bottom_channels, channels, 1)
            self.channel_upsampler_t = nn.Conv1d(channels, bottom_channels, 1)
            self.channel_downsampler_t = nn.Conv1d(bottom_channels, channels, 1)
        self.crosstransformer = CrossTransformer(bottom_channels or channels, transformer) if transformer.layers else None

    def forward(self, mixture: Tensor) -> Tensor:
        """[B, audio_channels, T] -> [B, S, audio_channels, T]."""
        length = mixture.shape[-1]
        missing = 0 if self.training else max(self.train_length - length, 0)
        return super().forward(nn.functional.pad(mixture, (0, missing)))[..., :length]

    def _bottom(self, x: Tensor, xt: Tensor | None) -> tuple[Tensor, Tensor | None]:
        if self.crosstransformer is None or xt is None:
            return x, xt
        if not self.bottom_channels:
            found: tuple[Tensor, Tensor] = self.crosstransformer(x, xt)
            return found
        rows = x.shape[2]
        x = _split(self.channel_upsampler(x.flatten(2)), 2, (rows, -1))
        x, xt = self.crosstransformer(x, self.channel_upsampler_t(xt))
        return _split(self.channel_downsampler(x.flatten(2)), 2, (rows, -1)), self.channel_downsampler_t(xt)


class Normalized(NamedTuple):
    """A tensor without its mean and scale, and both."""

    x: Tensor
    mean: Tensor
    deviation: Tensor


def normalized(x: Tensor) -> Normalized:
    """Each item of a batch to mean 0 and deviation 1; digital silence stays silent."""
    dims = tuple(range(1, x.dim()))
    mean, deviation = x.mean(dims, keepdim=True), x.std(dims, keepdim=True)
    return Normalized((x - mean) / (1e-5 + deviation), mean, deviation)


@dataclass(frozen=True)
class _Level:
    """One layer of each of the U-Nets."""

    index: int
    freq: bool  # it has frequencies, and so a counterpart in the waveform's branch
    joins: bool  # it joins all frequencies that are left
    kernel: int
    stride: int
    before: int  # channels above, of the spectrogram's branch
    after: int  # and below
    before_time: int  # the same of the waveform's
    after_time: int


def _levels(options: HybridOptions) -> Iterator[_Level]:
    parts = (2 if options.cac else 1) * options.num_subbands
    before, before_time = options.audio_channels * parts, options.audio_channels
    after, after_time = options.channels, options.channels_time or options.channels
    rows = options.nfft // 2
    for index in range(options.depth):
        freq = rows > 1
        joins = freq and rows <= options.kernel_size
        kernel, stride = (options.kernel_size, options.stride) if freq else (2 * options.time_stride, options.time_stride)
        if joins:
            kernel = rows
            after = after_time = max(after, after_time)
        yield _Level(index, freq, joins, kernel, stride, before, after, before_time, after_time)
        before, before_time = after, after_time
        after, after_time = int(options.growth * after), int(options.growth * after_time)
        rows = 1 if joins else rows // options.stride if freq else rows


def _shape(options: HybridOptions, level: _Level, *, time: bool, pad: bool = True) -> Shape:
    groups = options.norm_groups if level.index >= options.norm_starts else 0
    if time:
        return Shape(freq=False, kernel=options.kernel_size, stride=options.stride, pad=True, groups=groups)
    return Shape(freq=level.freq, kernel=level.kernel, stride=level.stride, pad=pad and not level.joins, groups=groups)


def _dconv(options: HybridOptions, level: _Level, channels: int, mode: int) -> nn.Module | None:
    if not options.dconv_mode & mode:
        return None
    attn, lstm = level.index >= options.dconv_attn, level.index >= options.dconv_lstm
    return DConv(channels, options.dconv_comp, options.dconv_depth, options.dconv_init, attn=attn, lstm=lstm)


def _in_bands(options: HybridOptions, level: _Level) -> bool:
    return bool(options.multi_freqs) and level.index < options.multi_freqs_depth


def _encoder(options: HybridOptions, level: _Level, *, time: bool = False) -> nn.Module:
    before, after = (level.before_time, level.after_time) if time else (level.before, level.after)
    bands = not time and _in_bands(options, level)

    def make() -> Encoder:
        return Encoder(
            before,
            after,
            _shape(options, level, time=time, pad=not bands),
            dconv=_dconv(options, level, after, 1),
            rewrite=options.rewrite,
            context=options.context_enc,
            empty=time and level.joins,
        )

    return BandEncoder(make, options.multi_freqs, level.kernel // 4) if bands else make()


def _decoder(options: HybridOptions, level: _Level, *, time: bool = False) -> nn.Module:
    before, after = (level.after_time, level.before_time) if time else (level.after, level.before)
    if level.index == 0:
        after *= len(options.sources)
    bands = not time and _in_bands(options, level)

    def make() -> Decoder:
        return Decoder(
            before,
            after,
            _shape(options, level, time=time, pad=not bands),
            dconv=_dconv(options, level, before, 2),
            rewrite=options.rewrite,
            context=options.context,
            context_freq=not bands,
            last=bands or level.index == 0,
            empty=time and level.joins,
        )

    return BandDecoder(make, options.multi_freqs, last=level.index == 0) if bands else make()


def _subbands(x: Tensor, count: int) -> Tensor:
    """[B, C, F, T] -> [B, C * count, F / count, T]."""
    return x if count == 1 else _split(x, 2, (count, -1)).flatten(1, 2)


def _whole_band(x: Tensor, count: int) -> Tensor:
    """[B, S, C * count, F / count, T] -> [B, S, C, F, T]."""
    return x if count == 1 else _split(x, 2, (-1, count)).flatten(3, 4)


def _split(x: Tensor, dim: int, sizes: tuple[int, int]) -> Tensor:
    found: Tensor = x.unflatten(dim, sizes)  # type: ignore[no-untyped-call]
    return found
