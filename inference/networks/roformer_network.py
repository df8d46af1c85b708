"""What all networks of the Roformer kind have in common: bands of a spectrum in, masks for the spectrum out.

    wave --STFT--> spectrum --> bands --> layers over frames and over bands --> masks of bands --> masks --> waves

The families differ in which frequencies make a band, and in a few details of the layers.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from inference.errors import UnknownModel
from inference.networks import Config
from inference.networks.inverse import istft
from inference.networks.roformer_bands import Bands
from inference.networks.roformer_layers import BandSplit, MaskEstimator, RMSNorm, Rotary, Transformer

UNSUPPORTED = ("hyperace", "use_hyperace", "fno", "use_fno", "use_shared_bias", "use_pope", "add_value_residual", "use_moe")
"""Options of other people's Roformers that change the network."""


@dataclass(frozen=True)
class Stft:
    """A short-time Fourier transform with a Hann window, and its inverse."""

    n_fft: int = 2048
    hop: int = 512  # samples
    window: int = 2048  # samples
    normalized: bool = False

    @classmethod
    def of(cls, model: Config) -> Stft:
        """As a config's section `model` says."""
        n_fft = int(model.get("stft_n_fft", 2048))
        return cls(
            n_fft,
            int(model.get("stft_hop_length", 512)),
            int(model.get("stft_win_length", n_fft)),
            bool(model.get("stft_normalized", False)),
        )

    def forward(self, wave: Tensor) -> Tensor:
        """[..., T] -> complex [..., frequencies, 1 + T // hop]."""
        window = torch.hann_window(self.window, device=wave.device)
        flat = wave.reshape(-1, wave.shape[-1])
        spectrum: Tensor = torch.stft(flat, self.n_fft, self.hop, self.window, window, normalized=self.normalized, return_complex=True)
        return spectrum.view(*wave.shape[:-1], *spectrum.shape[1:])

    def inverse(self, spectrum: Tensor, length: int | None) -> Tensor:
        """Complex [..., frequencies, frames] -> [..., length], or hop * (frames - 1) samples where length is None."""
        window = torch.hann_window(self.window, device=spectrum.device)
        flat = spectrum.reshape(-1, *spectrum.shape[-2:])
        wave = istft(flat, self.n_fft, self.hop, window, normalized=self.normalized, length=length)
        return wave.view(*spectrum.shape[:-2], -1)


@dataclass(frozen=True)
class Shape:
    """What the config of such a network says, with the defaults of the published code."""

    dim: int  # features of a band in a frame
    depth: int  # pairs of layers
    stems: int = 1
    channels: int = 1
    time_depth: int = 2
    freq_depth: int = 2
    linear_depth: int = 0
    heads: int = 8
    dim_head: int = 64
    attn_dropout: float = 0.0
    ff_dropout: float = 0.0
    expansion: int = 4  # hidden features of the mask estimators, in dims
    skip: bool = False  # whether each pair of layers also hears what all before have answered
    zero_dc: bool = False  # whether stems have no energy at frequency 0; published networks without the option were trained without
    stft: Stft = Stft()

    @classmethod
    def of(cls, model: Config, *, layer: str = "transformer") -> Shape:
        """As a config's section `model` says.

        Raises:
            UnknownModel: it asks for what is not supported.
        """
        for option in UNSUPPORTED:
            if model.get(option):
                raise UnknownModel(f"Roformers with the option {option} are not supported yet", option=option)
        number = {
            name: int(model[key])
            for name, key in {
                "stems": "num_stems", "time_depth": f"time_{layer}_depth", "freq_depth": f"freq_{layer}_depth",
                "linear_depth": f"linear_{layer}_depth", "heads": "heads", "dim_head": "dim_head", "expansion": "mlp_expansion_factor",
            }.items()
            if model.get(key) is not None
        }  # fmt: skip
        return cls(
            dim=int(model["dim"]),
            depth=int(model["depth"]),
            channels=2 if model.get("stereo") else 1,
            attn_dropout=float(model.get("attn_dropout") or 0),
            ff_dropout=float(model.get("ff_dropout") or 0),
            skip=bool(model.get("skip_connection")),
            zero_dc=bool(model.get("zero_dc")),
            stft=Stft.of(model),
            **number,
        )


class BandNetwork(nn.Module):
    """A published network.

    Args:
        shape: of the network.
        bands: which frequencies it looks at together. All are in some band; where one is in several, their masks are averaged.
        layers: for each pair, the layers over [linear: everything,] frames, bands.
        mask_layers: hidden layers of the mask estimators.
        final_norm: whether the last layer's answer is normalised.
        one_stem_axis: whether the answer has an axis of stems even if there is one stem only.
        whole_length: whether the answer is as long as the input also where the hop does not divide it.
    """

    def __init__(
        self,
        shape: Shape,
        bands: Bands,
        layers: nn.ModuleList,
        *,
        mask_layers: int,
        final_norm: bool,
        one_stem_axis: bool,
        whole_length: bool,
    ) -> None:
        super().__init__()
        self.shape = shape
        self.bands = bands
        self.one_stem_axis = one_stem_axis
        self.whole_length = whole_length
        sizes = tuple(len(band) * shape.channels * 2 for band in bands)
        self.layers = layers
        self.final_norm = RMSNorm(shape.dim) if final_norm else nn.Identity()
        self.band_split = BandSplit(shape.dim, sizes)
        hidden = shape.dim * shape.expansion
        self.mask_estimators = nn.ModuleList([MaskEstimator(shape.dim, sizes, mask_layers, hidden) for _ in range(shape.stems)])

    def forward(self, mixture: Tensor) -> Tensor:
        """[B, channels, T] -> [B, stems, channels, n]; without the axis of stems as `one_stem_axis` says.

        n is T, or the multiple of the hop below where not `whole_length`.
        """
        spectrum = self.shape.stft.forward(mixture)  # [B, C, F, frames]
        x = self.band_split(self._to_bands(spectrum))  # [B, frames, bands, dim]
        heard: list[Tensor] = []
        for layers in self.layers:
            *linear, frames, bands = layers.children()
            for layer in linear:
                x = layer(x.flatten(1, 2)).view_as(x)
            if self.shape.skip:
                x = sum(heard, x)
            x = _along(1, frames, x)
            x = _along(2, bands, x)
            heard.append(x)
        x = self.final_norm(x)
        masks = torch.stack([self._to_spectrum(estimator(x)) for estimator in self.mask_estimators], 1)
        stems = spectrum[:, None] * masks
        if self.shape.zero_dc:
            stems = stems * (torch.arange(stems.shape[-2], device=stems.device) > 0)[:, None]
        waves = self.shape.stft.inverse(stems, mixture.shape[-1] if self.whole_length else None)
        return waves if self.one_stem_axis or self.shape.stems > 1 else waves[:, 0]

    def _to_bands(self, spectrum: Tensor) -> Tensor:
        """[B, C, F, frames] -> [B, frames, numbers]: band by band, frequencies, channels, real and imaginary part."""
        numbers = torch.view_as_real(spectrum).permute(0, 3, 2, 1, 4)
        return numbers[:, :, self._frequencies(spectrum.device)].flatten(2)

    def _to_spectrum(self, numbers: Tensor) -> Tensor:
        """The way back, averaging where bands overlap: [B, frames, numbers] -> complex [B, C, F, frames]."""
        frequencies = self._frequencies(numbers.device)
        numbers = numbers.reshape(*numbers.shape[:2], -1, self.shape.channels, 2)
        count = self.shape.stft.n_fft // 2 + 1
        total = numbers.new_zeros(*numbers.shape[:2], count, self.shape.channels, 2).index_add(2, frequencies, numbers)
        mean = total / frequencies.bincount(minlength=count)[:, None, None]
        return torch.view_as_complex(mean.permute(0, 3, 2, 1, 4).contiguous())

    def _frequencies(self, device: torch.device) -> Tensor:
        """Those of all bands, one after the other."""
        return torch.tensor([frequency for band in self.bands for frequency in band], device=device)


def transformers(shape: Shape, *, norm: bool) -> nn.ModuleList:
    """The layers of a Roformer."""

    def made(depth: int, rotary: Rotary | None) -> Transformer:
        return Transformer(shape.dim, depth, shape.heads, shape.dim_head, shape.attn_dropout, shape.ff_dropout, rotary=rotary, norm=norm)

    kinds: list[tuple[int, Rotary | None]] = [(shape.time_depth, Rotary(shape.dim_head)), (shape.freq_depth, Rotary(shape.dim_head))]
    if shape.linear_depth:
        kinds.insert(0, (shape.linear_depth, None))
    return nn.ModuleList([nn.ModuleList([made(*kind) for kind in kinds]) for _ in range(shape.depth)])


def _along(axis: int, layer: nn.Module, x: Tensor) -> Tensor:
    """A layer over the positions of one axis of [B, frames, bands, dim]."""
    x = x.transpose(axis, 2)
    found: Tensor = layer(x.flatten(0, 1)).view_as(x)
    return found.transpose(axis, 2)
