"""Apollo once more, laid out for speed; `apollo_layers` has the published form.

Features lie beside each other in memory, so that a convolution of one tap is a plain product, and on a CPU everything goes in tiles
that stay in its cache: a few frames of all bands for the attention, all frames of a few bands for the convolutions.
The weights of the norms are folded into the products behind them. One channel of one song is worked on at a time.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from inference.networks.apollo_layers import HEADS, KERNEL, Apollo, ConvBlock, RMSNorm, Roformer, levelled, to_audio, to_spectrum
from inference.networks.packed import PackedLinear
from inference.networks.roformer_tiles import attend

TILE = 1280  # rows of a tile


class FastApollo(nn.Module):
    """As `Apollo`, under `torch.inference_mode` only.

    Args:
        published: the network with its weights, in eval mode. It is not changed.
        half: type of the products, None for float32.
    """

    def __init__(self, published: Apollo, half: torch.dtype | None = None) -> None:
        super().__init__()
        dtype = half or torch.float32
        self.n_fft, self.widths = published.config.n_fft, published.config.widths
        # At both ends there is little to do, and what there is decides over the loudness: always in float32.
        self.inputs, self.outputs = (
            nn.ModuleList([_Normed(*list(layer.children())[:2], dtype=torch.float32) for layer in layers])
            for layers in (published.BN, published.output)
        )
        self.layers = nn.ModuleList([part(layer, dtype) for layer in published.net for part in (_Bands, _Frames)])

    def forward(self, mixture: Tensor, stems: Sequence[int]) -> Tensor:
        """[B, C, T] -> [B, len(stems), C, T]. The one stem is the restored song."""
        spectra = to_spectrum(mixture, self.n_fft)
        # One after the other on a CPU, which does not get faster by more and would need more memory.
        restored = torch.cat([self._restored(part) for part in torch.split(spectra, 1 if mixture.device.type == "cpu" else len(spectra))])
        audio = to_audio(restored, mixture.shape[-1], self.n_fft).view_as(mixture)
        return audio[:, None].expand(-1, len(stems), -1, -1)

    def _restored(self, spectrum: Tensor) -> Tensor:
        """Complex [B, bins, frames] -> the same."""
        bands = torch.split(spectrum, self.widths, 1)
        x = torch.stack([layer(levelled(band).transpose(1, 2)) for layer, band in zip(self.inputs, bands, strict=True)], 1)
        for layer in self.layers:
            layer(x)
        found = [torch.unflatten(F.glu(layer(x[:, index])), -1, (2, -1)) for index, layer in enumerate(self.outputs)]
        return torch.cat([torch.complex(*parts.unbind(2)) for parts in found], 2).transpose(1, 2)


class _Normed(nn.Module):
    """A norm and the product behind it: [..., C] -> [..., D]."""

    def __init__(self, norm: nn.Module, convolution: nn.Module, *, dtype: torch.dtype) -> None:
        super().__init__()
        assert isinstance(norm, RMSNorm)
        weight, bias = _linear(convolution)
        self.eps = norm.eps
        self.linear = PackedLinear(weight * norm.weight.detach().float(), bias, dtype=dtype)

    def forward(self, x: Tensor) -> Tensor:
        mean = torch.linalg.vector_norm(x, dim=-1, keepdim=True).square_().div_(x.shape[-1])
        level = torch.empty(x.shape, dtype=self.linear.dtype, device=x.device)
        found: Tensor = self.linear(torch.mul(x, mean.add_(self.eps).rsqrt_(), out=level))
        return found


class _Bands(nn.Module):
    """Attention over the bands of each frame, and its gated MLP."""

    def __init__(self, layer: nn.Module, dtype: torch.dtype) -> None:
        super().__init__()
        published = layer.get_submodule("band_net")
        assert isinstance(published, Roformer)
        self.qkv = _Normed(published.input_norm, _by_kind(published.weight), dtype=dtype)
        self.output = PackedLinear(*_linear(published.output), dtype=dtype)
        self.up = _Normed(published.MLP[0], published.MLP[1], dtype=dtype)
        self.down = PackedLinear(*_linear(published.MLP_output), dtype=dtype)
        self.turns: Tensor  # [cos, sin][even, odd][positions][features / 2]
        turns = torch.stack([published.cos_freq.detach(), published.sin_freq.detach()])
        self.register_buffer("turns", torch.unflatten(turns, -1, (-1, 2)).permute(0, 3, 1, 2).contiguous().float(), persistent=False)

    def forward(self, x: Tensor) -> None:
        """Change x [B, bands, frames, N]."""
        step = max(TILE // x.shape[1], 1) if x.device.type == "cpu" else x.shape[2]
        for part in torch.split(x, step, 2):
            part.copy_(self._forwarded(self._attended(part.contiguous())))

    def _attended(self, x: Tensor) -> Tensor:
        batch, bands, frames, _ = x.shape
        y = self.qkv(x).float().view(batch, bands, frames, 3, HEADS, -1)
        q, k, v = y.permute(3, 0, 2, 4, 1, 5).flatten(1, 2)  # each [B * frames, heads, bands, features]
        found = attend(self._turned(q), self._turned(k), v, self.output.dtype)
        found = found.view(batch, frames, HEADS, bands, -1).permute(0, 3, 1, 2, 4).flatten(3)
        attended: Tensor = self.output(found.to(self.output.dtype), x)
        return attended

    def _turned(self, x: Tensor) -> Tensor:
        """Rotary positions. The even features of the published form are the first half here, the odd ones the second."""
        (cos_even, cos_odd), (sin_even, sin_odd) = self.turns[:, :, : x.shape[-2]]
        even, odd = x.chunk(2, -1)
        out = torch.empty(x.shape, device=x.device)
        first, second = out.chunk(2, -1)
        torch.mul(even, cos_even, out=first).addcmul_(odd, sin_even, value=-1)
        torch.mul(odd, cos_odd, out=second).addcmul_(even, sin_odd)
        return out

    def _forwarded(self, x: Tensor) -> Tensor:
        gate, signal = F.silu(self.up(x), inplace=True).chunk(2, -1)
        forwarded: Tensor = self.down(F.silu(gate).mul_(signal), x)
        return forwarded


class _Frames(nn.Module):
    """The convolution blocks along the frames of each band."""

    def __init__(self, layer: nn.Module, dtype: torch.dtype) -> None:
        super().__init__()
        self.blocks = nn.ModuleList([_Block(block, dtype) for block in layer.get_submodule("seq_net.blocks").children()])

    def forward(self, x: Tensor) -> None:
        """Change x [B, bands, frames, N]."""
        flat = x.flatten(0, 1)
        for part in torch.split(flat, max(TILE // x.shape[2], 1) if x.device.type == "cpu" else len(flat)):
            changed = part
            for block in self.blocks:
                changed = block(changed)
            part.copy_(changed)


class _Block(nn.Module):
    """A convolution by feature, and an MLP: [bands, frames, N] -> the same."""

    def __init__(self, published: nn.Module, dtype: torch.dtype) -> None:
        super().__init__()
        assert isinstance(published, ConvBlock)
        convolution, norm, up, _, down = published.conv
        weight, bias = _linear(convolution)
        self.taps: Tensor
        self.bias: Tensor
        self.register_buffer("taps", weight.t().contiguous(), persistent=False)  # [KERNEL, N]
        self.register_buffer("bias", bias, persistent=False)
        self.up = _Normed(norm, up, dtype=dtype)
        self.down = PackedLinear(*_linear(down), dtype=dtype)

    def forward(self, x: Tensor) -> Tensor:
        frames = x.shape[1]
        bordered = F.pad(x, (0, 0, KERNEL // 2, KERNEL // 2))
        filtered = torch.addcmul(self.bias, bordered[:, :frames], self.taps[0])
        for index in range(1, KERNEL):
            filtered.addcmul_(bordered[:, index : index + frames], self.taps[index])
        found: Tensor = self.down(F.silu(self.up(filtered), inplace=True), x)
        return found


def _linear(convolution: nn.Module) -> tuple[Tensor, Tensor | None]:
    """Weight [D, C * taps] and bias [D]."""
    assert isinstance(convolution, nn.Conv1d)
    bias = convolution.bias
    return convolution.weight.detach().float().flatten(1), None if bias is None else bias.detach().float()


def _by_kind(convolution: nn.Conv1d) -> nn.Conv1d:
    """The product for queries, keys and values with its answers in order: kind, head, feature.

    Queries are scaled for the attention. They and the keys have even features before odd ones, which changes no product of theirs.
    """
    weight = torch.unflatten(convolution.weight.detach(), 0, (HEADS, 3, -1)).transpose(0, 1).contiguous()  # [3, heads, features, N, 1]
    weight[:2] = torch.unflatten(weight[:2], 2, (-1, 2)).transpose(2, 3).flatten(2, 3)
    weight[0] *= weight.shape[2] ** -0.5
    made = nn.Conv1d(convolution.in_channels, convolution.out_channels, 1, bias=False, device="meta")
    made.weight = nn.Parameter(weight.flatten(0, 2), requires_grad=False)
    return made
