"""The Roformers and conformers once more, laid out for speed; `roformer_network.BandNetwork` has the published form.

What differs: the layers work on tiles (roformer_tiles), in place; and masks and inverse transforms are made only of the stems
that are asked for, and band by band. So beside the weights there are the features of all tokens once, and the masks of a stem.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from inference.networks import Config, Setup
from inference.networks.chunked import ChunkModel, plan, stems_of
from inference.networks.packed import PackedLinear
from inference.networks.roformer_conformer import Conformer
from inference.networks.roformer_layers import Attention, MaskEstimator, RMSNorm, Transformer
from inference.networks.roformer_network import BandNetwork
from inference.networks.roformer_tiles import (
    Gain,
    TileAttention,
    TileConvolution,
    TileForward,
    TileLinearAttention,
    gain,
    linear,
    unit,
)

CPU_TOKENS = 480  # for each thread: what lies between two layers then fits the caches
GPU_TOKENS = 200_000  # enough to keep it busy; their features need about 2 GB


class FastRoformer(nn.Module):
    """As the published network, under `torch.inference_mode` only.

    Args:
        published: the network with its weights, in eval mode. It is not changed.
        dtype: of the products.
    """

    def __init__(self, published: BandNetwork, dtype: torch.dtype = torch.float32) -> None:
        super().__init__()
        self.shape = published.shape
        self.bands = published.bands
        self.whole_length = published.whole_length
        self.split = nn.ModuleList([_split(*band.children()) for band in published.band_split.to_features])
        self.layers = nn.ModuleList()
        for layers in published.layers:
            *everything, frames, bands = layers.children()
            over = [OverAll(layer, dtype) for layer in everything]
            self.layers.append(nn.ModuleList([*over, OverFrames(tile_parts(frames, dtype)), OverBands(tile_parts(bands, dtype))]))
        self.final = Gain(published.final_norm) if isinstance(published.final_norm, RMSNorm) else None
        self.masks = nn.ModuleList([nn.ModuleList(_masks(estimator, dtype)) for estimator in published.mask_estimators])
        self.share: Tensor
        self.register_buffer("share", _share(published), persistent=False)

    def forward(self, mixture: Tensor, stems: Sequence[int]) -> Tensor:
        """[B, C, T] -> [B, len(stems), C, n]."""
        if mixture.device.type != "cpu":
            return self._separate(mixture, stems)
        return torch.cat([self._separate(item[None], stems) for item in mixture])  # a batch would only need memory

    def _separate(self, mixture: Tensor, stems: Sequence[int]) -> Tensor:
        spectrum = self.shape.stft.forward(mixture)  # [B, C, F, frames]
        x = self._features(spectrum)
        self._through_layers(x)
        length = mixture.shape[-1] if self.whole_length else None
        return torch.stack([self.shape.stft.inverse(spectrum * self._mask(x, stem), length) for stem in stems], 1)

    def _features(self, spectrum: Tensor) -> Tensor:
        """[B, C, F, frames] -> [B, bands, frames, dim]."""
        numbers = torch.view_as_real(spectrum).permute(0, 3, 2, 1, 4).contiguous()
        x = numbers.new_empty(len(numbers), len(self.bands), numbers.shape[1], self.shape.dim)
        for index, (band, split) in enumerate(zip(self.bands, self.split, strict=True)):
            x[:, index] = split(unit(numbers[:, :, band.start : band.stop].flatten(2)))
        return x

    def _through_layers(self, x: Tensor) -> None:
        heard: Tensor | None = None
        for pair in self.layers:
            *everything, frames, bands = pair.children()
            for layer in everything:
                layer(x)
            if heard is not None:
                x += heard
            frames(x)
            bands(x)
            if self.shape.skip:
                heard = x.clone() if heard is None else heard.add_(x)

    def _mask(self, x: Tensor, stem: int) -> Tensor:
        """Complex [B, C, F, frames] from [B, bands, frames, dim]."""
        batch, _, frames, _ = x.shape
        frequencies = self.shape.stft.n_fft // 2 + 1
        total = x.new_zeros(batch, frames, frequencies, self.shape.channels, 2)
        for index, (band, mask) in enumerate(zip(self.bands, self.masks[stem].children(), strict=True)):
            features = x[:, index] if self.final is None else self.final(x[:, index])
            found = F.glu(mask(features).float(), -1)
            total[:, :, band.start : band.stop] += found.view(batch, frames, len(band), self.shape.channels, 2)
        total *= self.share[:, None, None]
        return torch.view_as_complex(total).permute(0, 3, 2, 1)


class OverFrames(nn.Module):
    """Layers along the frames of each band, in place."""

    def __init__(self, parts: Sequence[nn.Module]) -> None:
        super().__init__()
        self.parts = nn.Sequential(*parts)

    def forward(self, x: Tensor) -> None:
        """Change x [B, bands, frames, dim]."""
        sequences = x.flatten(0, 1)[:, :, None]
        for tile in sequences.split(max(_tokens(x) // x.shape[2], 1)):  # type: ignore[no-untyped-call]
            tile.copy_(self.parts(tile))


class OverBands(nn.Module):
    """Layers along the bands of each frame, in place."""

    def __init__(self, parts: Sequence[nn.Module]) -> None:
        super().__init__()
        self.parts = nn.Sequential(*parts)

    def forward(self, x: Tensor) -> None:
        """Change x [B, bands, frames, dim]."""
        for tile in x.split(max(_tokens(x) // (x.shape[0] * x.shape[1]), 1), 2):  # type: ignore[no-untyped-call]
            tile.copy_(self.parts(tile.contiguous()))


class OverAll(nn.Module):
    """A transformer with linear attention over all tokens, in place."""

    def __init__(self, published: nn.Module, dtype: torch.dtype) -> None:
        super().__init__()
        assert isinstance(published, Transformer)
        self.parts = nn.ModuleList(tile_parts(published, dtype))

    def forward(self, x: Tensor) -> None:
        """Change x [B, bands, frames, dim]."""
        tokens = _tokens(x)
        flat = x.flatten(1, 2)
        for part in self.parts:
            if isinstance(part, TileLinearAttention):
                part(flat, tokens)
                continue
            for tile in flat.split(tokens, 1):  # type: ignore[no-untyped-call]
                tile.copy_(part(tile.contiguous()))


def tile_parts(published: nn.Module, dtype: torch.dtype) -> list[nn.Module]:
    """The parts of a transformer or of a conformer, each with what it is added to."""
    parts: list[nn.Module] = []
    if isinstance(published, Conformer):
        for block in published.layers:
            first, attention, convolution, last, norm = block.children()
            parts += [TileForward(first.ff, dtype, 0.5), TileAttention(attention, dtype), TileConvolution(convolution, dtype)]  # type: ignore[arg-type]
            parts += [TileForward(last.ff, dtype, 0.5), Gain(norm)]  # type: ignore[arg-type]
        return parts
    assert isinstance(published, Transformer)
    for layer in published.layers:
        attention, feed_forward = layer.children()
        made = TileAttention(attention, dtype) if isinstance(attention, Attention) else TileLinearAttention(attention, dtype)  # type: ignore[arg-type]
        parts += [made, TileForward(feed_forward, dtype)]  # type: ignore[arg-type]
    return [*parts, Gain(published.norm)] if isinstance(published.norm, RMSNorm) else parts


def _split(norm: nn.Module, layer: nn.Module) -> PackedLinear:
    weight, bias = linear(layer)
    return PackedLinear(weight * gain(norm), bias)  # a hundredth of the work, and all that follows hears it


def _masks(published: nn.Module, dtype: torch.dtype) -> Iterator[nn.Module]:
    assert isinstance(published, MaskEstimator)
    for band in published.to_freqs:
        *hidden, last = [layer for layer in band.modules() if isinstance(layer, nn.Linear)]
        parts = [PackedLinear(layer.weight, layer.bias, dtype=dtype, activation="tanh") for layer in hidden]
        yield nn.Sequential(*parts, PackedLinear(last.weight, last.bias, dtype=dtype))


def _share(published: BandNetwork) -> Tensor:
    """One over the number of bands that each frequency is in, [frequencies]; 0 where its mask is."""
    count = [0] * (published.shape.stft.n_fft // 2 + 1)
    for band in published.bands:
        for frequency in band:
            count[frequency] += 1
    share = 1 / torch.tensor(count)
    if published.shape.zero_dc:
        share[0] = 0
    return share


def _tokens(x: Tensor) -> int:
    """How many make a tile on this device."""
    return CPU_TOKENS * torch.get_num_threads() if x.device.type == "cpu" else GPU_TOKENS


def roformer_model(networks: Sequence[nn.Module], config: Config, setup: Setup) -> ChunkModel:
    """The model that the separator runs, from one published network."""
    (network,) = networks
    assert isinstance(network, BandNetwork)
    return ChunkModel(
        FastRoformer(network.eval(), setup.half or torch.float32),
        stems_of(config, network.shape.stems),
        plan(config, setup),
        setup,
        config,
        channels=network.shape.channels,
    )
