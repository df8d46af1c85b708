"""Band layouts, published and of users' own models."""

from __future__ import annotations

import pytest

from inference.errors import UnknownModel
from inference.vr.bands import Bands
from inference.vr.layouts import layout, names


def test_all_published_layouts_are_there_and_usable() -> None:
    assert len(names()) == 25
    for name in names():
        found = layout(name)
        assert sum(band.bins for band in found.bands) <= found.bins
        assert Bands(found, cascaded=False).margin < 64  # less than what windows overlap by


def test_flags_that_the_published_program_ignores_mean_plain_stereo() -> None:
    assert layout("3band_44100_mid").channels == "mid_side"
    assert layout("3band_44100_msb2").channels == "mid_side_b2"
    assert {layout(name).channels for name in ("4band_44100", "4band_44100_msb", "4band_44100_msb2", "4band_44100_sw")} == {None}
    assert layout("4band_44100_reverse").reverse


def test_a_layout_of_ones_own_is_taken() -> None:
    band = {"sr": 22050, "hl": 256, "n_fft": 1024, "crop_start": 0, "crop_stop": 512, "hpf_start": -1, "res_type": "polyphase"}
    about = {"n_bins": 512, "pre_filter_start": 500, "pre_filter_stop": 512, "band": {"1": band}, "aggr_correction": {"left": 0.1}}
    found = layout(about)
    assert (found.sample_rate, found.bins, found.correction) == (22050, 512, (0.1, 0.0))


@pytest.mark.parametrize("params", ["5band", {}, {"bins": 3, "pre_filter_start": 0, "pre_filter_stop": 0, "band": {}}])
def test_what_is_no_layout_is_refused(params: object) -> None:
    with pytest.raises(UnknownModel):
        layout(params)  # type: ignore[arg-type]


def test_bands_that_do_not_fit_are_refused() -> None:
    band = {"sr": 22050, "hl": 256, "n_fft": 1024, "crop_start": 0, "crop_stop": 512, "hpf_start": -1, "lpf_start": 1, "lpf_stop": 2}
    for other in ({"hl": 500}, {"crop_stop": 600}, {"crop_start": 0}):
        about = {"bins": 600, "pre_filter_start": 0, "pre_filter_stop": 0, "band": {"1": band, "2": {**band, **other}}}
        with pytest.raises(UnknownModel):
            layout(about)
