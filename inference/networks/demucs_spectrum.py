"""The STFT of the Demucs family: its frames start so that frame k is about the samples from k * hop on, and none is left over."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from inference.networks.demucs_options import HybridOptions
from inference.networks.inverse import istft


def to_spectrum(x: Tensor, options: HybridOptions) -> Tensor:
    """[..., T] -> [..., nfft / 2, ceil(T / hop)], complex, scaled by nfft ** -0.5, without the highest bin."""
    hop = options.nfft // 4
    if not options.hybrid:
        return _stft(x, options.nfft)
    count = math.ceil(x.shape[-1] / hop)
    before, after = _border(x.shape[-1], count, hop)
    # torch.stft adds another half frame on both sides: two frames too many, each.
    padded = F.pad(x, (before, after)) if options.hybrid_old else _mirrored(x, before, after)
    return _stft(padded, options.nfft)[..., 2 : 2 + count]


def from_spectrum(z: Tensor, length: int, options: HybridOptions) -> Tensor:
    """Spectra as of `to_spectrum` -> [..., length]."""
    hop = options.nfft // 4
    z = F.pad(z, (0, 0, 0, 1))
    if not options.hybrid:
        return _istft(z, length)
    samples = hop * math.ceil(length / hop)
    if options.hybrid_old:
        return _istft(F.pad(z, (2, 2)), samples)[..., :length]
    before = hop // 2 * 3
    return _istft(F.pad(z, (2, 2)), samples + 2 * before)[..., before : before + length]


def _border(length: int, count: int, hop: int) -> tuple[int, int]:
    before = hop // 2 * 3
    return before, before + count * hop - length


def _mirrored(x: Tensor, before: int, after: int) -> Tensor:
    """Mirrored at both ends; a signal too short for that gets silence first."""
    length = x.shape[-1]
    missing = max(max(before, after) + 1 - length, 0)
    if not missing:
        return _reflected(x, before, after)
    silent_after = min(after, missing)
    silent_before = missing - silent_after
    return _reflected(F.pad(x, (silent_before, silent_after)), before - silent_before, after - silent_after)


def _reflected(x: Tensor, before: int, after: int) -> Tensor:
    rows = x.reshape(1, -1, x.shape[-1])
    return F.pad(rows, (before, after), mode="reflect").view(*x.shape[:-1], -1)


def _stft(x: Tensor, nfft: int) -> Tensor:
    window = torch.hann_window(nfft, device=x.device, dtype=x.dtype)
    rows = x.reshape(-1, x.shape[-1])
    z = torch.stft(rows, nfft, nfft // 4, window=window, normalized=True, center=True, pad_mode="reflect", return_complex=True)
    return z[:, :-1].view(*x.shape[:-1], nfft // 2, -1)


def _istft(z: Tensor, length: int) -> Tensor:
    nfft = 2 * (z.shape[-2] - 1)
    window = torch.hann_window(nfft, device=z.device)
    rows = z.reshape(-1, *z.shape[-2:])
    x = istft(rows, nfft, nfft // 4, window, normalized=True, length=length)
    return x.view(*z.shape[:-2], length)
