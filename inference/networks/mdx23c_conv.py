"""Norms and 3 x 3 convolutions over pictures [frames, bins, channels], tile by tile.

In float32 the convolutions go Winograd's way along time (Lavin and Gray, "Fast Algorithms for Convolutional Neural
Networks", arXiv:1509.09308), F(4, 3): four rows of the answer come from six products instead of twelve,

    y = A^T [(G g) * (B^T d)]        d: six rows of the input, g: three rows of the kernel, y: four rows of the answer

where the products are convolutions of 1 x 3 along frequency. The sums around them are small matrix products over whole rows. The
work is halved and the rounding error doubled (to 1e-6). Measured with AVX2 and 2 threads, against oneDNN's 3 x 3 convolution: the
products take 1.8 times less with 128 channels and 2.1 times with 384, and the sums give 10 to 15 % of that back.

On an NVIDIA card all six are done at once, as matrix products: the convolution that cuDNN chose for these pictures in float32 without
TF32 took 56 GB and reached a twelfth of an H200's peak.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from inference.networks.packed import can_pack

TILE = 1 << 20  # numbers in a tile, about: 4 MB
WORTH = 2048  # places of a picture: with fewer, reading twice the weights takes longer than is saved

B = ((4, 0, -5, 0, 1, 0), (0, -4, -4, 1, 1, 0), (0, 4, -4, -1, 1, 0), (0, -2, -1, 2, 1, 0), (0, 2, -1, -2, 1, 0), (0, 4, 0, -5, 0, 1))
G = ((6, 0, 0), (-4, -4, -4), (-4, 4, -4), (1, 2, 4), (1, -2, 4), (0, 0, 24))  # times 1 / 24
A = ((1, 1, 1, 1, 1, 0), (0, 1, -1, 2, -2, 0), (0, 1, 1, 4, 4, 0), (0, 1, -1, 8, -8, 1))

Measured = tuple[Tensor, Tensor]
"""Scale and shift [C] of a norm."""


class Norm(nn.Module):
    """A norm and the activation behind it.

    Args:
        norm: the published batch, instance or group norm.
        act: the published activation.
    """

    def __init__(self, norm: nn.Module, act: nn.Module) -> None:
        super().__init__()
        self.norm, self.act = norm, act

    def measure(self, x: Tensor) -> Measured:
        """What normalises the picture [frames, bins, C]."""
        norm = self.norm
        if isinstance(norm, nn.BatchNorm2d):
            assert norm.running_mean is not None
            assert norm.running_var is not None
            mean, variance = norm.running_mean, norm.running_var
        elif isinstance(norm, nn.InstanceNorm2d | nn.GroupNorm):
            mean, variance = moments(x)
            if isinstance(norm, nn.GroupNorm):
                mean, variance = grouped(mean, variance, norm.num_groups)
        else:
            return x.new_ones(x.shape[-1]), x.new_zeros(x.shape[-1])
        scale = norm.weight / (variance + norm.eps).sqrt()
        return scale.float(), (norm.bias - mean * scale).float()

    def forward(self, x: Tensor, measured: Measured, out: Tensor) -> Tensor:
        """Rows [n, bins, C] normalised and activated, written to `out`."""
        scale, shift = measured
        torch.addcmul(shift, x, scale, out=out)
        return activate_(out, self.act)


def activate_(x: Tensor, act: nn.Module) -> Tensor:
    """GELU, ELU or ReLU in place."""
    if isinstance(act, nn.GELU):
        activated: Tensor = torch.ops.aten.gelu_(x)
        return activated
    return F.elu_(x, act.alpha) if isinstance(act, nn.ELU) else x.relu_()


def tiles(x: Tensor) -> Iterator[tuple[int, int]]:
    """Where the tiles of a picture [frames, bins, C] begin and end: as many rows as stay in a CPU's cache, in fours."""
    frames = x.shape[0]
    rows = max(TILE // (4 * x[0].numel()), 1) * 4 if x.device.type == "cpu" else frames
    for start in range(0, frames, rows):
        yield start, min(start + rows, frames)


class Convolution(nn.Module):
    """Norm, activation and a 3 x 3 convolution with zeros around that keep the size.

    Args:
        norm: of the input.
        weight: [D, C, 3, 3]. It is not copied.
        half: type of its products, None for float32.
    """

    def __init__(self, norm: Norm, weight: Tensor, half: torch.dtype | None) -> None:
        super().__init__()
        self.norm = norm
        self.after = weight.shape[0]
        self.product = _Product(weight, half)

    def forward(self, x: Tensor, out: Tensor | None = None) -> Tensor:
        """[frames, bins, C] -> [frames, bins, D]; added to `out` in place, where it is given."""
        measured = self.norm.measure(x)
        found = x.new_empty(*x.shape[:2], self.after) if out is None else out
        fast = self.product.transform(x)
        for start, end in tiles(x):
            rows = self._rows(x, start, end, measured)
            self.product(rows, found[start:end], fast=fast, add=out is not None)
        return found

    def _rows(self, x: Tensor, start: int, end: int, measured: Measured) -> Tensor:
        """The tile with the row before it, the row behind it, and rows that make it a multiple of four; zeros where there are none."""
        height = (end - start + 3) // 4 * 4
        rows = x.new_empty(height + 2, *x.shape[1:])
        before, behind = min(start, 1), min(x.shape[0] - end, 1)
        first, last = 1 - before, 1 + end - start + behind
        rows[:first] = 0
        rows[last:] = 0
        self.norm(x[start - before : end + behind], measured, rows[first:last])
        return rows


class _Product(nn.Module):
    """The convolution alone, over rows [4 k + 2, bins, C] of which the first and the last are not answered."""

    def __init__(self, weight: Tensor, half: torch.dtype | None) -> None:
        super().__init__()
        self.dtype = half
        self.weight: Tensor
        kept = weight.detach() if half is None else weight.detach().to(half).contiguous(memory_format=torch.channels_last)
        self.register_buffer("weight", kept, persistent=False)
        self._kernels: list[Tensor] = []  # for Winograd's way, packed
        self._taps: Tensor | None = None  # the same for a GPU, [3, 6, C, D]
        self._before = self._behind = torch.zeros(())

    def transform(self, x: Tensor) -> bool:
        """Whether a picture [frames, bins, C] goes Winograd's way, the kernels made ready for it."""
        if self.dtype is not None:
            return False
        if x.device.type == "cuda":
            self.prepare_taps(x)
            return True
        if x.device.type != "cpu" or x.shape[0] * x.shape[1] < WORTH or not can_pack(torch.float32):
            return False
        if not self._kernels:
            self._kernels = [_pack(kernel, x.shape[1]) for kernel in self._transformed(x).unsqueeze(3)]
        return True

    def prepare_taps(self, x: Tensor) -> None:
        """Make the kernels ready for `at_once`, where they are not."""
        if self._taps is None:
            self._taps = self._transformed(x).permute(3, 0, 2, 1).contiguous()

    def _transformed(self, x: Tensor) -> Tensor:
        """The six kernels along bins, [6, D, C, 3]; and the matrices around them where `x` is."""
        self._before, self._behind = x.new_tensor(B), x.new_tensor(A)
        g = torch.tensor(G, dtype=torch.float64).div_(24).float().to(x.device)
        return torch.einsum("pk,dckf->pdcf", g, self.weight)

    def forward(self, rows: Tensor, out: Tensor, *, fast: bool, add: bool) -> None:
        """[4 k + 2, bins, C], written or added to `out` [at most 4 k, bins, D]."""
        if self._taps is not None and fast:
            self.at_once(rows, out, add=add)
        elif fast:
            self._winograd(rows, out, add)
        else:
            picture = rows if self.dtype is None else rows.to(self.dtype)
            found = F.conv2d(picture.permute(2, 0, 1)[None], self.weight, padding=(0, 1))[0].permute(1, 2, 0)[: out.shape[0]]
            out.add_(found) if add else out.copy_(found)

    def _winograd(self, rows: Tensor, out: Tensor, add: bool) -> None:
        height, bins, before = rows.shape[0] - 2, *rows.shape[1:]
        row = bins * before
        windows = rows.as_strided((height // 4, 6, row), (4 * row, row, 1))
        parts = torch.matmul(self._before, windows).view(-1, 6, bins, before)
        products = rows.new_empty(height // 4, 6, bins, out.shape[-1])
        for index, kernel in enumerate(self._kernels):
            products[:, index] = _along_bins(parts[:, index], kernel)
        self._back(products.flatten(2), out, add)

    def at_once(self, rows: Tensor, out: Tensor, *, add: bool) -> None:
        """The same in few products: columns of zeros around a picture make one matrix of its rows, read three times, each a place later."""
        assert self._taps is not None
        count, bins, before = (rows.shape[0] - 2) // 4, *rows.shape[1:]
        row = bins * before
        windows = rows.as_strided((count, 6, row), (4 * row, row, 1))
        parts = rows.new_zeros(6, count, bins + 2, before)
        torch.bmm(self._before.expand(count, -1, -1), windows, out=parts[:, :, 1:-1].view(6, count, row).transpose(0, 1))
        flat = parts.view(6, -1, before)
        places = flat.shape[1] - 2  # of the last two nothing is asked
        products = rows.new_empty(6, count, bins + 2, out.shape[-1])
        found = products.view(6, -1, out.shape[-1])[:, :places]
        for tap, kernel in enumerate(self._taps):
            torch.baddbmm(found, flat[:, tap : tap + places], kernel, beta=int(tap > 0), out=found)
        self._back(products[:, :, :bins].view(6, count, -1).transpose(0, 1), out, add)

    def _back(self, products: Tensor, out: Tensor, add: bool) -> None:
        """From [k, 6, bins D] to `out` [at most 4 k, bins, D]."""
        height = 4 * len(products)
        whole = out.shape[0] == height
        found = out if whole else out.new_empty(height, *out.shape[1:])
        answer = found.view(height // 4, 4, -1)
        inverse = self._behind.expand(height // 4, -1, -1)
        torch.baddbmm(answer, inverse, products, beta=int(add and whole), out=answer)
        if not whole:
            found = found[: out.shape[0]]
            out.add_(found) if add else out.copy_(found)

    def _apply(self, fn: Callable[[Tensor], Tensor], *args: Any, **kwargs: Any) -> _Product:
        self._kernels, self._taps = [], None  # they are made again where they are needed
        super()._apply(fn, *args, **kwargs)  # type: ignore[no-untyped-call]
        return self


def _pack(kernel: Tensor, bins: int) -> Tensor:
    """A kernel [D, C, 1, 3] in the order in which oneDNN reads it."""
    kernel = kernel.contiguous(memory_format=torch.channels_last)
    if not _can_pack_convolutions():
        return kernel
    packed: Tensor = torch.ops.mkldnn._reorder_convolution_weight(kernel, [0, 1], [1, 1], [1, 1], 1, [1, kernel.shape[1], 4, bins])
    return packed


def _along_bins(rows: Tensor, kernel: Tensor) -> Tensor:
    """[n, bins, C] -> [n, bins, D]: each row convolved by a packed kernel of 1 x 3."""
    picture = rows.permute(2, 0, 1)[None]
    if kernel.is_mkldnn:
        none: list[Any] = []
        found = torch.ops.mkldnn._convolution_pointwise(picture, kernel, None, [0, 1], [1, 1], [1, 1], 1, "none", none, "")
    else:
        found = F.conv2d(picture, kernel, padding=(0, 1))
    answer: Tensor = found[0].permute(1, 2, 0)
    return answer


@cache
def _can_pack_convolutions() -> bool:
    ops = torch.ops.mkldnn
    return hasattr(ops, "_reorder_convolution_weight") and hasattr(ops, "_convolution_pointwise")


def moments(x: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and variance [C] of a picture [frames, bins, C], as float64.

    Tile by tile in float32, about each tile's own mean, which then are joined: `sum (x - m)^2 = sum_k [s_k + n_k (m_k - m)^2]`.
    """
    means, squares, counts = [], [], []
    for start, end in tiles(x):
        tile = x[start:end].flatten(0, 1)
        mean = tile.sum(0) / len(tile)
        means.append(mean)
        squares.append((tile - mean).square_().sum(0))
        counts.append(len(tile))
    if len(counts) == 1:
        return means[0].double(), squares[0].double() / counts[0]
    weights = torch.tensor(counts, dtype=torch.float64, device=x.device)[:, None] / sum(counts)
    joined = torch.stack(means).double()
    mean = (joined * weights).sum(0)
    variance = torch.stack(squares).double().sum(0) / sum(counts) + ((joined - mean).square() * weights).sum(0)
    return mean, variance


def grouped(mean: Tensor, variance: Tensor, groups: int) -> tuple[Tensor, Tensor]:
    """Moments of groups of channels, from those of the channels; [C] each."""
    means = mean.view(groups, -1)
    mean_all = means.mean(1, keepdim=True)
    variance_all = (variance.view(groups, -1) + (means - mean_all).square()).mean(1, keepdim=True)
    return mean_all.expand_as(means).flatten(), variance_all.expand_as(means).flatten()
