"""The streamed vocal remover against a plain one that has the whole song in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from inference.networks import Setup
from inference.networks.vr_remover import VocalRemover
from inference.options import Options, VrOptions
from inference.overlap_add import overlap_add
from inference.vr.layouts import layout, names
from inference.vr.masks import SINGLE, merge_artifacts, sharpen
from tests.vectors import agreement

OFFSET = 64


class Blur(nn.Module):
    """A stand-in network: its masks depend on what is near in time, and on the place in the window."""

    def __init__(self, *, placed: bool = True) -> None:
        super().__init__()
        self.placed = placed

    def forward(self, magnitudes: Tensor) -> Tensor:
        near = F.avg_pool2d(magnitudes, (1, 33), 1, (0, 16)) * 40
        far = F.avg_pool2d(magnitudes.mean(2, keepdim=True), (1, 101), 1, (0, 50)) * 100
        place = torch.linspace(-0.4, 0.4, magnitudes.shape[-1]) if self.placed else 0
        return torch.sigmoid(near - far + place + 0.3)[..., OFFSET:-OFFSET]


def song_of(seconds: float, rate: int) -> Tensor:
    generator = torch.Generator().manual_seed(7)
    time = torch.arange(int(seconds * rate)) / rate
    tones = sum(torch.sin(6.2831853 * f * time + p) for f, p in ((110, 0.0), (440.3, 1.0), (3000, 2.0), (9000, 0.5)))
    beat = 0.2 + torch.sin(6.2831853 * time * 1.7).clamp_min(0)
    return 0.1 * (beat * tones + torch.randn(2, len(time), generator=generator) * beat.flip(0))


def remover(params: str, options: Options | None = None, *, cascaded: bool = False, placed: bool = True, own: str = "Instrumental") -> VocalRemover:
    made = VocalRemover(Blur(placed=placed), OFFSET, layout(params), (own, "Rest"), Setup(options or Options()), cascaded=cascaded)
    return made.eval()


def streamed(model: VocalRemover, song: Tensor, stems: Sequence[str] | None = None, block: int = 30011) -> Tensor:
    """[S, 2, n], as the separator does it."""
    stems = stems or model.stems
    blocks = list(song.split(block, -1))
    survey = model.survey()
    assert survey is not None
    for one in blocks:
        survey.hear(one[None])
    survey.finish()
    found = overlap_add(blocks, lambda chunks, lengths: model.separate(chunks, stems, lengths), model.plan, stems=len(stems))
    return torch.cat(list(found), -1)


def plain(model: VocalRemover, song: Tensor) -> Tensor:
    """Both stems with everything in memory, step by step as the published program goes."""
    bands, options, hop = model.bands, model._options, model.bands.layout.hop
    count = 1 + song.shape[-1] // hop
    beyond = bands.margin
    waves = bands.waves(F.pad(song[None], (0, 2 * beyond * hop)))
    spectrogram = bands.combined(waves, 0, count + beyond)
    magnitudes = spectrogram.abs().mT
    magnitudes = magnitudes / magnitudes[..., :count].max()
    sets = []
    window, roi = model.grid.window, model.grid.roi
    for shift in model.grid.shifts:
        padded = F.pad(magnitudes, (OFFSET + shift, roi + window))
        starts = range(0, count + beyond + shift, roi)
        windows = [padded[..., start : start + window] for start in starts]
        if model._reverse:
            masks = [model.engine(one.flip(-1)).flip(-1) for one in windows]
        else:
            masks = [model.engine(one) for one in windows]
        sets.append(torch.cat(masks, -1)[..., shift : shift + count + beyond])
    mask = (sum(sets) / len(sets)).mT[0]
    mask = sharpen(mask, options.aggressiveness, split=bands.layout.split, single=model.stems[0] in SINGLE)
    if options.post_process:
        mask = merge_artifacts(mask, options.post_process_threshold)
    high = bands.high_end(waves, 0, count + beyond) if options.high_end else None
    stems = [spectrogram * mask, spectrogram * (1 - mask)]
    found = [bands.song(stem, [True], high_end=high)[..., bands.margin * hop :][..., : song.shape[-1]] for stem in stems]
    return torch.cat(found)


@pytest.mark.parametrize("params", names())
def test_streaming_is_as_the_whole_song_for_every_layout(params: str) -> None:
    model = remover(params, Options(vr=VrOptions(window_size=320)))
    song = song_of(2.3 * model.plan.step / model.sample_rate, model.sample_rate)
    found, wanted = streamed(model, song), plain(model, song)
    assert found.shape == wanted.shape
    print(agreement(found, wanted))
    assert agreement(found, wanted) > 100
