from __future__ import annotations

import pytest
import torch

from inference.networks.roformer_bands import BS_WIDTHS, mel_bands, mel_bank, neighbours


@pytest.mark.slow  # importing librosa takes its time
@pytest.mark.parametrize(("count", "rate", "n_fft"), [(60, 44100, 2048), (64, 48000, 4096), (30, 16000, 1024)])
def test_the_mel_bank_is_librosas(count, rate, n_fft):
    filters = pytest.importorskip("librosa.filters")
    wanted = torch.from_numpy(filters.mel(sr=rate, n_fft=n_fft, n_mels=count))
    found = mel_bank(count, rate, n_fft)
    torch.testing.assert_close(found, wanted)
    assert torch.equal(found > 0, wanted > 0)


def test_every_frequency_is_in_a_band():
    assert {frequency for band in mel_bands(60, 44100, 2048) for frequency in band} == set(range(1025))


def test_too_many_bands_are_refused():
    with pytest.raises(ValueError, match="have no frequency"):
        mel_bands(200, 44100, 512)


def test_bands_side_by_side():
    assert neighbours([1, 3, 2]) == (range(1), range(1, 4), range(4, 6))
    assert sum(BS_WIDTHS) == 1025
    assert len(BS_WIDTHS) == 62


def test_bands_are_known_where_no_tensor_has_values():
    with torch.device("meta"):
        assert mel_bands(12, 44100, 512) == mel_bands(12, 44100, 512)
        assert len(mel_bands(12, 44100, 512)) == 12
