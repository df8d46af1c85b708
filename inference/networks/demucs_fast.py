"""HTDemucs and HDemucs laid out for speed, one song of a batch at a time; `demucs_network` has the published forms."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from inference.networks.demucs_layers import Decoder, Encoder
from inference.networks.demucs_network import HDemucs, HTDemucs, Normalized, normalized
from inference.networks.demucs_rows import BORDER, RowsDecoder, RowsEncoder, bordered, fits
from inference.networks.demucs_spectrum import from_spectrum, to_spectrum
from inference.networks.demucs_tokens import Tokens


class FastDemucs(nn.Module):
    """As the published network, under `torch.inference_mode` only.

    Args:
        published: the network with its weights, in eval mode. It is not changed.
        half: type of the products of layers laid out for speed; None for float32.
    """

    def __init__(self, published: HDemucs, half: torch.dtype | None) -> None:
        super().__init__()
        self.options = published.options
        self.dtype = half or torch.float32
        self.train_length = published.train_length if isinstance(published, HTDemucs) else 0
        self.encoder = nn.ModuleList([_encoder(layer, self.dtype) for layer in published.encoder])
        self.tencoder = nn.ModuleList([_encoder(layer, self.dtype, time=True) for layer in published.tencoder])
        last = len(published.decoder) - 1
        stems = len(self.options.sources)
        parts = [stems if index == last else 1 for index in range(last + 1)]
        self.decoder = nn.ModuleList([_decoder(layer, self.dtype, n) for layer, n in zip(published.decoder, parts, strict=True)])
        parts = parts[len(parts) - len(published.tdecoder) :]
        self.tdecoder = nn.ModuleList(
            [_decoder(layer, self.dtype, n, time=True) for layer, n in zip(published.tdecoder, parts, strict=True)]
        )
        self.embedding = nn.ModuleList([published.freq_emb] if published.freq_emb is not None else [])
        self.transforms = isinstance(published, HTDemucs)
        self.tokens = _tokens(published, self.dtype)

    def forward(self, mixture: Tensor, stems: Sequence[int]) -> Tensor:
        """[B, C, T] -> [B, len(stems), C, T]."""
        length = mixture.shape[-1]
        padded = F.pad(mixture, (0, max(self.train_length - length, 0)))
        return torch.stack([self._one(song, stems) for song in padded])[..., :length]

    def _one(self, song: Tensor, stems: Sequence[int]) -> Tensor:
        """[C, T] -> [len(stems), C, T]."""
        z = torch.view_as_real(to_spectrum(song, self.options))  # [C, F, frames, 2]
        x = normalized(z[None])
        xt = normalized(song[None])
        rows = bordered(z, z.shape[1], z.shape[2], 2 * z.shape[0], torch.float32)
        rows[BORDER:-BORDER].unflatten(2, (-1, 2)).copy_(x.x[0].permute(1, 2, 0, 3))  # type: ignore[no-untyped-call]
        samples = F.pad(xt.x[0].t(), (0, 0, BORDER, BORDER))[:, None]
        found, found_t = self._unet(rows, samples, stems)
        wave = self._waves(found, x, song.shape[-1], len(stems))
        time = found_t[BORDER:-BORDER, 0].t().reshape(wave.shape)
        return wave.add_(time * xt.deviation[0] + xt.mean[0])

    def _waves(self, found: Tensor, x: Normalized, length: int, stems: int) -> Tensor:
        """The bordered rows that the spectrogram's branch found -> [stems, C, length]."""
        inner = found[BORDER:-BORDER]
        parts = inner.view(*inner.shape[:2], stems, -1, 2).permute(2, 3, 0, 1, 4) * x.deviation[0] + x.mean[0]
        del inner, found
        whole = torch.view_as_complex(parts.contiguous())
        return torch.stack([from_spectrum(one, length, self.options) for one in whole])

    def _unet(self, x: Tensor, xt: Tensor, stems: Sequence[int]) -> tuple[Tensor, Tensor]:
        """Both branches, bordered, -> what their last layers answer, for these stems only."""
        skips, skips_t, lengths, lengths_t = [], [], [], []
        for index, encoder in enumerate(self.encoder):
            inject = None
            lengths.append(x.shape[1])
            if index < len(self.tencoder):
                lengths_t.append(len(xt) - 2 * BORDER)
                encoder_t = self.tencoder[index]
                xt = encoder_t(xt)
                if _empty(encoder_t):
                    inject = xt
                else:
                    skips_t.append(xt)
            x = encoder(x) if inject is None else encoder(x, inject)
            if index == 0 and len(self.embedding):
                emb = self.options.freq_emb * self.embedding[0](torch.arange(len(x) - 2 * BORDER, device=x.device))
                x[BORDER:-BORDER] += emb[:, None].to(x.dtype)
            skips.append(x)
        found, found_t = self._bottom(x, xt)
        for index, decoder in enumerate(self.decoder, len(self.tdecoder) - len(self.decoder)):
            chosen = stems if index == len(self.tdecoder) - 1 else (0,)
            found = decoder(found, skips.pop(), lengths.pop(), chosen)
            if index >= 0:
                decoder_t = self.tdecoder[index]
                if _empty(decoder_t):
                    found_t = decoder_t(_before(decoder), None, lengths_t.pop(), chosen)
                else:
                    found_t = decoder_t(found_t, skips_t.pop(), lengths_t.pop(), chosen)
        assert found is not None
        assert found_t is not None
        return found, found_t

    def _bottom(self, x: Tensor, xt: Tensor) -> tuple[Tensor | None, Tensor | None]:
        if not self.transforms:
            return None, None
        if self.tokens is None:
            return x, xt
        found, found_t = self.tokens(x[BORDER:-BORDER], xt[BORDER:-BORDER])
        return F.pad(found, (0, 0, 0, 0, BORDER, BORDER)), F.pad(found_t, (0, 0, 0, 0, BORDER, BORDER))


class _AsPublished(nn.Module):
    """A published layer, for rows.

    Args:
        layer: the encoder or decoder.
        time: whether it is of the waveform's branch.
        parts: where it is the last one, how many stems its output has.
    """

    def __init__(self, layer: nn.Module, *, time: bool, parts: int = 1) -> None:
        super().__init__()
        self.layer, self.time, self.parts = layer, time, parts
        self.freq = not isinstance(layer, Encoder | Decoder) or layer.shape.freq
        self._before: Tensor | None = None

    def take(self) -> Tensor:
        """What went into a decoder's transposed convolution just now, bordered samples."""
        before, self._before = self._before, None
        assert before is not None
        return _rows(before[:, :, 0], time=True)

    def forward(self, x: Tensor | None, other: Tensor | None = None, length: int | None = None, stems: Sequence[int] = (0,)) -> Tensor:
        """Bordered rows -> bordered rows; the other arguments are those of the published layer."""
        if length is None:
            assert x is not None
            return _rows(self.layer(self._plain(x), None if other is None else _plain(other, time=True)), self.time)
        skip = None if other is None else self._plain(other)
        if x is None:
            assert skip is not None
            plain = torch.zeros_like(skip)
        else:
            plain = self._plain(x)
        found, self._before = self.layer(plain, skip, length)
        if self.parts > 1:
            found = found.unflatten(1, (self.parts, -1))[:, list(stems)].flatten(1, 2)
        return _rows(found, self.time)

    def _plain(self, x: Tensor) -> Tensor:
        plain = _plain(x, self.time)
        return plain[:, :, 0] if not self.time and not self.freq else plain


def _plain(x: Tensor, time: bool) -> Tensor:
    """Bordered rows -> [1, C, R, W], or samples [1, C, T]."""
    plain = x[BORDER:-BORDER].float().permute(2, 0, 1)[None]
    return plain[..., 0] if time else plain


def _rows(x: Tensor, time: bool) -> Tensor:
    """The way back. Where frequencies were joined, there is one row."""
    if x.dim() == 3:
        x = x[..., None] if time else x[:, :, None]
    return F.pad(x[0].permute(1, 2, 0), (0, 0, 0, 0, BORDER, BORDER))


def _before(decoder: nn.Module) -> Tensor:
    assert isinstance(decoder, _AsPublished)
    return decoder.take()


def _empty(layer: nn.Module) -> bool:
    return isinstance(layer, _AsPublished) and bool(layer.layer.empty)


def _encoder(layer: nn.Module, dtype: torch.dtype, *, time: bool = False) -> nn.Module:
    if fits(layer):
        assert isinstance(layer, Encoder)
        return RowsEncoder(layer, dtype)
    return _AsPublished(layer, time=time)


def _decoder(layer: nn.Module, dtype: torch.dtype, parts: int, *, time: bool = False) -> nn.Module:
    if fits(layer):
        assert isinstance(layer, Decoder)
        return RowsDecoder(layer, dtype, parts)
    return _AsPublished(layer, time=time, parts=parts)


def _tokens(published: HDemucs, dtype: torch.dtype) -> Tokens | None:
    if not isinstance(published, HTDemucs) or published.crosstransformer is None:
        return None
    part = published.get_submodule
    wide = bool(published.bottom_channels)
    before = [part("channel_upsampler"), part("channel_upsampler_t")] if wide else []
    behind = [part("channel_downsampler"), part("channel_downsampler_t")] if wide else []
    return Tokens(published.crosstransformer, before, behind, dtype)


def lays_out(published: HDemucs) -> bool:
    """Whether this network has a form laid out for speed: all published ones have."""
    options = published.options
    return options.cac and options.hybrid and options.num_subbands == 1
