"""The inverse transform that waits for nothing, against torch's own."""

from __future__ import annotations

import pytest
import torch

from inference.networks.inverse import overlap_added, real_ends_
from tests.vectors import agreement


@pytest.mark.parametrize(
    ("n_fft", "hop", "size", "normalized", "length"),
    [
        (2048, 441, 2048, False, None),
        (2048, 512, 2048, False, 20_001),
        (4096, 1024, 4096, True, 20_480),
        (1024, 256, 800, True, None),
        (882, 441, 882, False, 19_000),
    ],
)
def test_it_is_what_torch_computes(n_fft: int, hop: int, size: int, normalized: bool, length: int | None) -> None:
    wave = torch.randn(3, 20_480, generator=torch.Generator().manual_seed(1))
    window = torch.hann_window(size)
    spectrum = torch.stft(wave, n_fft, hop, size, window, normalized=normalized, return_complex=True)
    spectrum = spectrum * torch.rand(spectrum.shape, generator=torch.Generator().manual_seed(2))
    wanted = torch.istft(spectrum, n_fft, hop, size, window, normalized=normalized, length=length)
    found = overlap_added(spectrum, n_fft, hop, window, normalized=normalized, length=length)
    assert found.shape == wanted.shape
    assert agreement(found, wanted) > 120


def test_what_lies_behind_the_last_frame_is_silent() -> None:
    window = torch.ones(64)
    spectrum = torch.stft(torch.randn(1, 640), 64, 64, 64, window, return_complex=True)
    found = overlap_added(spectrum, 64, 64, window, normalized=False, length=900)
    assert found.shape == (1, 900)
    assert torch.equal(found[:, 704 - 32 :], torch.zeros(1, 900 - 672))


@pytest.mark.parametrize("dim", [0, 1, -1])
def test_the_ends_of_a_spectrum_are_made_real(dim: int) -> None:
    spectrum = torch.randn(5, 6, 7, dtype=torch.complex64, generator=torch.Generator().manual_seed(3))
    found = real_ends_(spectrum.clone(), dim)
    wanted = spectrum.clone().movedim(dim, 0)
    wanted[0].imag.zero_()
    wanted[-1].imag.zero_()
    assert torch.equal(found.movedim(dim, 0), wanted)
    assert torch.allclose(torch.fft.irfft(found, dim=dim), torch.fft.irfft(spectrum, dim=dim), atol=1e-6)


def test_the_spectrum_that_is_given_stays_as_it_is() -> None:
    spectrum = torch.randn(2, 40, 33, dtype=torch.complex64).mT  # its transpose is contiguous
    before = spectrum.clone()
    overlap_added(spectrum, 64, 16, torch.hann_window(64), normalized=False, length=None)
    assert torch.equal(spectrum, before)
