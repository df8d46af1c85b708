"""The inverse short-time Fourier transform, without waiting for the device.

`torch.istft` looks whether its windows leave a hole, and for that a GPU must finish all that was asked of it before anything
more can be asked; nor can such a call be part of a CUDA graph. Elsewhere than on a CPU the same sum is made here, in an order that
is always the same.

Of the first and the last frequency only the real part means anything. A mask gives them an imaginary one, which FFTs on a CPU pass
over; cuFFT reads it or not, as its plan has it (PyTorch issue 154496): on an H200 a batch of chunks came out 0.09 % of the peak away
from the same chunks one by one.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F


def istft(spectrum: Tensor, n_fft: int, hop: int, window: Tensor, *, normalized: bool = False, length: int | None = None) -> Tensor:
    """Complex [B, n_fft / 2 + 1, frames] -> [B, length], or hop * (frames - 1) samples where length is None.

    Args:
        spectrum: of centred frames.
        n_fft: even.
        hop: samples from frame to frame.
        window: [at most n_fft], in the middle of each frame. Windows must cover every sample.
        normalized: whether the transform was divided by the root of n_fft.
        length: samples; what lies behind the last frame is silent.
    """
    if spectrum.device.type == "cpu":
        return torch.istft(spectrum, n_fft, hop, len(window), window, normalized=normalized, length=length)
    return overlap_added(spectrum, n_fft, hop, window, normalized=normalized, length=length)


def overlap_added(spectrum: Tensor, n_fft: int, hop: int, window: Tensor, *, normalized: bool, length: int | None) -> Tensor:
    """As `istft`, on any device."""
    count = spectrum.shape[-1]
    before = (n_fft - len(window)) // 2
    whole = F.pad(window, (before, n_fft - len(window) - before))
    turned = real_ends_(spectrum.mT.clone(memory_format=torch.contiguous_format), -1)
    frames = torch.fft.irfft(turned, n_fft, norm="ortho" if normalized else "backward")
    start = n_fft // 2
    stop = start + (hop * (count - 1) if length is None else length)
    wave = _joined(frames * whole, hop)[..., start:stop]
    weight = _joined(whole.square().expand(count, n_fft), hop)[start:stop]
    return F.pad(wave / weight, (0, stop - start - wave.shape[-1]))


def real_ends_(spectrum: Tensor, dim: int) -> Tensor:
    """Make the first and last frequency along `dim` real, in place: what an inverse transform of even length takes them for."""
    numbers = torch.view_as_real(spectrum)
    along = dim if dim >= 0 else dim - 1
    for index in (0, -1):
        numbers.select(along, index)[..., 1].zero_()
    return spectrum


def _joined(frames: Tensor, hop: int) -> Tensor:
    """Add frames [..., n, size] up at a distance of `hop`: [..., (n - 1) * hop + size]."""
    count, size = frames.shape[-2:]
    parts = -(-size // hop)
    pieces = F.pad(frames, (0, parts * hop - size)).unflatten(-1, (parts, hop))  # type: ignore[no-untyped-call]
    rows = frames.new_zeros(*frames.shape[:-2], count + parts - 1, hop)
    for part, piece in enumerate(pieces.unbind(-2)):
        rows[..., part : part + count, :] += piece
    joined: Tensor = rows.flatten(-2)[..., : (count - 1) * hop + size]
    return joined
