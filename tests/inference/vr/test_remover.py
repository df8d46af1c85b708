"""The streamed vocal remover against a plain one that has the whole song in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from inference.networks import Setup, vr_remover
from inference.networks.vr_remover import VocalRemover
from inference.options import Options, VrOptions
from inference.overlap_add import overlap_add
from inference.vr.layouts import layout, names
from inference.vr.masks import SINGLE, merge_artifacts, sharpen
from tests.vectors import agreement

OFFSET = 16
WINDOW = 96  # frames: less than any published model has, to be quick


class Blur(nn.Module):
    """A stand-in network: its masks depend on what is near in time, and on the place in the window."""

    def __init__(self, *, placed: bool = True) -> None:
        super().__init__()
        self.placed = placed

    def forward(self, magnitudes: Tensor) -> Tensor:
        near = F.avg_pool2d(magnitudes, (1, 5), 1, (0, 2)) * 40
        far = F.avg_pool2d(magnitudes.mean(2, keepdim=True), (1, 41), 1, (0, 20)) * 100
        place = torch.linspace(-0.4, 0.4, magnitudes.shape[-1]) if self.placed else 0
        return torch.sigmoid(near - far + place + 0.3)[..., OFFSET:-OFFSET]


def song_of(seconds: float, rate: int) -> Tensor:
    generator = torch.Generator().manual_seed(7)
    time = torch.arange(int(seconds * rate)) / rate
    tones = sum(torch.sin(6.2831853 * f * time + p) for f, p in ((110, 0.0), (440.3, 1.0), (3000, 2.0), (9000, 0.5)))
    beat = 0.2 + torch.sin(6.2831853 * time * 1.7).clamp_min(0)
    return 0.1 * (beat * tones + torch.randn(2, len(time), generator=generator) * beat.flip(0))


def remover(
    params: str, options: Options | None = None, *, cascaded: bool = False, placed: bool = True, own: str = "Instrumental"
) -> VocalRemover:
    options = options or Options()
    options = replace(options, chunk=options.chunk or WINDOW * layout(params).hop)
    made = VocalRemover(Blur(placed=placed), OFFSET, layout(params), (own, "Rest"), Setup(options), cascaded=cascaded)
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
        masks = [model.engine(one.flip(-1)).flip(-1) if model._reverse else model.engine(one) for one in windows]
        sets.append(torch.cat(masks, -1)[..., shift : shift + count + beyond])
    mask = (sum(sets) / len(sets)).mT[0]
    mask = sharpen(mask, options.aggressiveness, split=bands.layout.split, single=model.stems[0] in SINGLE)
    if options.post_process:
        mask = merge_artifacts(mask * magnitudes[0].amax((0, 1))[:, None].sign(), options.post_process_threshold)
    high = bands.high_end(waves, 0, count + beyond) if options.high_end else None
    stems = [spectrogram * mask, spectrogram * (1 - mask)]
    found = [bands.song(stem, [True], high_end=high)[..., bands.margin * hop :][..., : song.shape[-1]] for stem in stems]
    return torch.cat(found)


def lasting(model: VocalRemover, steps: float) -> Tensor:
    """A song of so many chunks."""
    return song_of(steps * model.plan.step / model.sample_rate, model.sample_rate)


# One of a kind: the others differ from these in numbers only.
KINDS = ("1band_sr16000_hl512", "2band_32000", "3band_44100_mid", "3band_44100_msb2", "4band_44100_reverse", "4band_v2")


@pytest.mark.parametrize("params", [name if name in KINDS else pytest.param(name, marks=pytest.mark.slow) for name in names()])
def test_streaming_is_as_the_whole_song_for_every_layout(params: str) -> None:
    model = remover(params)
    song = lasting(model, 2.3)
    found, wanted = streamed(model, song), plain(model, song)
    assert found.shape == wanted.shape
    assert agreement(found, wanted) > 100


@pytest.mark.parametrize("params", ["4band_v3_sn", "4band_v4_ms_fullband"])
def test_streaming_is_as_the_whole_song_for_the_newer_networks(params: str) -> None:
    model = remover(params, cascaded=True, own="Vocals")
    song = lasting(model, 1.4)
    assert agreement(streamed(model, song), plain(model, song)) > 100


@pytest.mark.parametrize(
    "options",
    [
        Options(tta=True),
        Options(shifts=3),
        Options(overlap=3),
        Options(vr=VrOptions(high_end=True, aggressiveness=-40)),
        Options(vr=VrOptions(post_process=True, post_process_threshold=0.12, aggressiveness=20)),
    ],
    ids=["tta", "shifts", "overlap", "high_end", "post_process"],
)
def test_streaming_is_as_the_whole_song_with_options(options: Options, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vr_remover, "LONG", 120)  # frames, so that the song has several chunks
    monkeypatch.setattr(vr_remover, "LONGER", 120)
    model = remover("4band_v2", options, own="Vocals")
    song = lasting(model, 2.2)
    if options.vr.post_process:
        model.engine = Clear()
    wanted = plain(model, song)
    assert agreement(streamed(model, song), wanted) > 100
    if options.vr.post_process:
        model._options = replace(options.vr, post_process=False)
        assert agreement(plain(model, song), wanted) < 40  # it made a difference


class Clear(nn.Module):
    """A stand-in network with masks that are high or low for some hundred frames, as the song goes."""

    def forward(self, magnitudes: Tensor) -> Tensor:
        level = F.avg_pool2d(magnitudes.mean((1, 2), keepdim=True), (1, 9), 1, (0, 4))[..., OFFSET:-OFFSET]
        return torch.where(level > 0.002, 0.4, 0.05).expand(-1, 2, magnitudes.shape[2], -1)


def test_batches_and_blocks_do_not_matter() -> None:
    song = lasting(remover("4band_v2"), 3.2)
    wanted = streamed(remover("4band_v2"), song)
    for batch, block in ((2, 44100), (4, 777)):
        model = remover("4band_v2", Options(batch=batch))
        assert agreement(streamed(model, song, block=block), wanted) > 120


def test_one_stem_alone_is_as_with_the_other() -> None:
    model = remover("4band_v2")
    song = lasting(model, 1.2)
    both = streamed(model, song)
    for index, stem in enumerate(model.stems):
        assert torch.equal(streamed(model, song, [stem])[0], both[index])
    assert torch.equal(streamed(model, song, model.stems[::-1]), both.flip(0))


@pytest.mark.parametrize("frames", [1, 100, 479, 480, 481, 40000])
def test_short_songs_keep_their_length(frames: int) -> None:
    model = remover("4band_v2")
    song = song_of(1, 44100)[:, :frames]
    found = streamed(model, song)
    assert found.shape == (2, 2, frames)
    assert agreement(found, plain(model, song)) > 100


def test_silence_stays_silence() -> None:
    model = remover("4band_v2")
    quiet = torch.zeros(2, 3 * model.plan.step)
    assert not streamed(model, quiet).any()
    song = lasting(model, 1)
    start = model.plan.step + 12345
    quiet[:, start : start + 20000] = song[:, :20000]
    found = streamed(model, quiet)
    assert found[..., start : start + 20000].any()
    reach = 2 * model.bands.margin * model.bands.layout.hop  # there and back
    assert not found[..., : start - reach].any()
    assert not found[..., start + 20000 + reach :].any()


def test_sound_that_starts_with_a_chunk_is_not_taken_for_the_beginning() -> None:
    model = remover("4band_v2")
    song = lasting(model, 3)
    song[:, 1000 : 2 * model.plan.step] = 0
    assert agreement(streamed(model, song), plain(model, song)) > 100


def test_channels_that_go_in_apart_are_scaled_together() -> None:
    """Each may come alone or with the others: its answer is the same."""
    model = remover("4band_v2")
    one = lasting(model, 0.5)
    two = 0.01 * one.flip(0)
    survey = model.survey()
    assert survey is not None
    survey.hear(torch.stack([one, two]))
    survey.finish()
    chunks = F.pad(torch.stack([one, two]), (model.plan.border, model.plan.chunk - model.plan.border - one.shape[-1]))
    with torch.inference_mode():
        both = model.separate(chunks, model.stems, [model.plan.chunk] * 2)
        alone = model.separate(chunks[1:], model.stems, [model.plan.chunk])
    assert agreement(both[1:], alone) > 100


def test_masks_of_one_give_back_what_the_bands_hold() -> None:
    model = remover("1band_sr44100_hl512", Options(vr=VrOptions(aggressiveness=0)))
    model.engine = Ones()
    song = lasting(model, 1.5)
    found = streamed(model, song)
    assert agreement(found[0], song) > 30  # all but its highest two bins
    assert not found[1].any()


class Ones(nn.Module):
    def forward(self, magnitudes: Tensor) -> Tensor:
        return torch.ones_like(magnitudes[..., OFFSET:-OFFSET])


@pytest.mark.parametrize(
    "options",
    [Options(chunk=1), Options(chunk=10**6), Options(overlap=50, shifts=20, tta=True), Options(overlap="fast"), Options(overlap="high")],
)
def test_no_choice_is_refused(options: Options) -> None:
    model = remover("4band_v2", options)
    grid = model.grid
    assert grid.window % 32 == 0
    assert grid.roi > 0
    for shift in grid.shifts:
        starts = grid.starts(shift)
        assert starts[0] >= 0
        assert starts[-1] + grid.window <= grid.own + 2 * grid.side


def test_no_window_is_computed_behind_the_end() -> None:
    model = remover("4band_v2")
    song = lasting(model, 3)[:, : -8 * model.bands.layout.hop]
    calls: list[int] = []
    model.engine.register_forward_pre_hook(lambda module, inputs: calls.append(len(inputs[0])))
    streamed(model, song)
    assert sum(calls) == 3
