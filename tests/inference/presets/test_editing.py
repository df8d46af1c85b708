"""The steps that edit: cut, join, splice, speed_key, and the pan of mix. What they leave alone, they leave bit for bit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from inference.errors import BadOption, BadPreset
from inference.presets import parse_preset
from inference.presets.steps import pitch
from inference.presets.steps.fades import faded_in, faded_out, rise
from inference.presets.steps.join import crossfaded
from tests.inference.presets.shop import Shop, graph, read

RATE = 44100


def sound(path: Path, samples: np.ndarray, rate: int = RATE) -> Path:
    soundfile.write(path, samples.T, rate, subtype="FLOAT")
    return path


def noise(seconds: float, rate: int = RATE, channels: int = 2, seed: int = 0) -> np.ndarray:
    return (0.2 * np.random.default_rng(seed).standard_normal((channels, round(seconds * rate)))).astype(np.float32)


@pytest.fixture
def song(tmp_path: Path) -> Path:
    return sound(tmp_path / "song.wav", noise(3.2))


def made(workshop: Shop, step: dict[str, Any], song: Path, *more: Path) -> np.ndarray:
    (file,) = workshop.run(graph([{"name": "it", **step}], ["it"]), song, more=more)
    return read(file)


def cut(name: str, source: str = "mixture", **fields: Any) -> dict[str, Any]:
    return {"kind": "cut", "name": name, "input": source, **fields}


def test_a_whole_cut_is_the_input(workshop: Shop, song: Path) -> None:
    assert np.array_equal(made(workshop, {"kind": "cut"}, song), read(song))
    assert np.array_equal(made(workshop, {"kind": "cut", "start": 0, "end": 1000}, song), read(song))


def test_a_cut_is_exact_to_the_sample(workshop: Shop, song: Path) -> None:
    part = made(workshop, {"kind": "cut", "start": 0.25, "end": 2.00001}, song)
    assert np.array_equal(part, read(song)[:, round(0.25 * RATE) : round(2.00001 * RATE)])


def test_fades_begin_and_end_in_silence_and_change_nothing_between(workshop: Shop, song: Path) -> None:
    part = made(workshop, {"kind": "cut", "start": 0.5, "fade_in": 0.1, "fade_out": 1.8}, song)
    whole = read(song)[:, RATE // 2 :]
    fade_in, fade_out = round(0.1 * RATE), round(1.8 * RATE)
    assert np.allclose(part[:, :fade_in], whole[:, :fade_in] * rise(fade_in), atol=1e-7)
    assert np.array_equal(part[:, fade_in:-fade_out], whole[:, fade_in:-fade_out])
    assert np.allclose(part[:, -fade_out:], whole[:, -fade_out:] * rise(fade_out)[::-1], atol=1e-7)


def test_nothing_left_is_said(workshop: Shop, song: Path) -> None:
    with pytest.raises(BadOption, match=r"3\.200 s long"):
        made(workshop, {"kind": "cut", "start": 3.2}, song)


def test_two_cuts_joined_are_the_original(workshop: Shop, song: Path) -> None:
    steps = [cut("a", end=1.2345), cut("b", start=1.2345), {"kind": "join", "name": "it", "sources": ["a", "b"]}]
    (file,) = workshop.run(graph(steps, ["it"]), song)
    assert np.array_equal(read(file), read(song))


def test_cuts_that_overlap_go_over_into_each_other_unheard(workshop: Shop, song: Path) -> None:
    steps = [
        cut("a", end=2),
        cut("b", start=1.5),
        {"kind": "join", "name": "it", "sources": ["a", "b"], "crossfade": 0.5, "curve": "equal_gain"},
    ]
    (file,) = workshop.run(graph(steps, ["it"]), song)
    assert np.array_equal(read(file), read(song))


def test_a_crossfade_of_strangers_is_as_loud_all_the_way(workshop: Shop, tmp_path: Path) -> None:
    one, two = sound(tmp_path / "1.wav", noise(3, seed=1)), sound(tmp_path / "2.wav", noise(3, seed=2))
    out = made(workshop, {"kind": "join", "sources": ["mixture", "file2"], "crossfade": 1}, one, two)
    assert out.shape[1] == 5 * RATE
    power = np.square(out[:, : 5 * RATE].reshape(2, 50, -1)).mean(axis=(0, 2))
    assert np.abs(10 * np.log10(power / power[0])).max() < 0.3


def test_a_gap_is_silence_of_its_length(workshop: Shop, song: Path) -> None:
    out = made(workshop, {"kind": "join", "sources": ["mixture", "mixture"], "gap": 2.5}, song)
    whole, gap = read(song), round(2.5 * RATE)
    assert np.array_equal(out, np.concatenate([whole, np.zeros((2, gap), np.float32), whole], axis=1))


def test_a_join_of_other_rates_and_channels_has_the_highest_and_the_most(workshop: Shop, tmp_path: Path) -> None:
    one, two = sound(tmp_path / "1.wav", noise(1, 44100, 1), 44100), sound(tmp_path / "2.wav", noise(1, 48000, 2), 48000)
    out = made(workshop, {"kind": "join", "sources": ["mixture", "file2"]}, one, two)
    assert out.shape == (2, 96000)
    assert np.array_equal(out[:, 48000:], read(two))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 50), min_size=1, max_size=5), st.integers(0, 30), st.integers(1, 17))
def test_crossfades_of_any_lengths(lengths: list[int], fade: int, block: int) -> None:
    members = [[np.ones((1, min(block, length - at)), np.float32) for at in range(0, length, block)] for length in lengths]
    out = list(crossfaded(members, fade, "equal_gain"))
    total = np.concatenate([np.zeros((1, 0), np.float32), *out], axis=1)
    so_far = 0
    for length in lengths:
        so_far += length - min(fade, so_far, length)
    assert total.shape[1] == so_far
    assert np.allclose(total, 1)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 60), st.integers(0, 80), st.integers(1, 17))
def test_fades_of_any_lengths(length: int, fade: int, block: int) -> None:
    blocks = [np.ones((1, min(block, length - at)), np.float32) for at in range(0, length, block)]
    for out, expected in (
        (faded_in(blocks, fade), np.concatenate([rise(fade), np.ones(length, np.float32)])[:length]),
        (faded_out(blocks, fade), np.concatenate([np.ones(max(length - fade, 0), np.float32), rise(min(fade, length))[::-1]])),
    ):
        assert np.allclose(np.concatenate([np.zeros((1, 0)), *out], axis=1)[0], expected, atol=1e-6)


def test_a_splice_with_itself_is_itself(workshop: Shop, song: Path) -> None:
    out = made(workshop, {"kind": "splice", "patch": "mixture", "start": 0.7, "end": 2.1, "fade": 0.3}, song)
    assert np.array_equal(out, read(song))


def test_a_splice_changes_the_part_and_nothing_else(workshop: Shop, song: Path, tmp_path: Path) -> None:
    patch = sound(tmp_path / "patch.wav", noise(2, seed=5))
    out = made(workshop, {"kind": "splice", "patch": "file2", "at": 0.5, "start": 1, "end": 2, "fade": 0.1}, song, patch)
    whole, piece = read(song), read(patch)
    start, end, at, fade = RATE, 2 * RATE, RATE // 2, round(0.1 * RATE)
    assert out.shape == whole.shape
    assert np.array_equal(out[:, :start], whole[:, :start])
    assert np.array_equal(out[:, end:], whole[:, end:])
    assert np.array_equal(out[:, start + fade : end - fade], piece[:, start + fade - at : end - fade - at])
    middle = out[:, start : start + fade]
    assert not np.array_equal(middle, whole[:, start : start + fade])
    low, high = (
        np.minimum(whole, np.pad(piece, ((0, 0), (at, whole.shape[1] - at - piece.shape[1])))),
        np.maximum(whole, np.pad(piece, ((0, 0), (at, whole.shape[1] - at - piece.shape[1])))),
    )
    assert (middle >= low[:, start : start + fade] - 1e-6).all()
    assert (middle <= high[:, start : start + fade] + 1e-6).all()


def test_a_part_to_the_edges_needs_no_fade_there(workshop: Shop, song: Path, tmp_path: Path) -> None:
    patch = sound(tmp_path / "patch.wav", noise(3.2, seed=5))
    out = made(workshop, {"kind": "splice", "patch": "file2", "start": 0, "end": 9, "fade": 0.5}, song, patch)
    assert np.array_equal(out, read(patch))


def test_a_patch_that_ends_early_leaves_the_rest(workshop: Shop, song: Path, tmp_path: Path) -> None:
    patch = sound(tmp_path / "patch.wav", noise(1, 48000, 1, seed=5), 48000)
    out = made(workshop, {"kind": "splice", "patch": "file2", "at": 1, "start": 1, "end": 3, "fade": 0}, song, patch)
    assert np.array_equal(out[:, 2 * RATE :], read(song)[:, 2 * RATE :])
    assert not np.array_equal(out[:, RATE : 2 * RATE], read(song)[:, RATE : 2 * RATE])


def test_a_cut_separated_and_spliced_back_is_where_it_was(workshop: Shop, song: Path) -> None:
    steps = [
        cut("region", start=1, end=3),
        {"kind": "separate", "name": "again", "model": "solo", "input": "region"},
        {"kind": "splice", "name": "it", "input": "mixture", "patch": "again.only", "at": 1, "start": 1.5, "end": 2.5},
    ]
    (file,) = workshop.run(graph(steps, ["it"]), song)
    assert np.array_equal(read(file), read(song))


@pytest.mark.parametrize("how", [{}, {"speed": 1, "semitones": 0}, {"formants": True}])
def test_the_same_speed_and_key_is_the_input(workshop: Shop, song: Path, how: dict[str, Any]) -> None:
    assert np.array_equal(made(workshop, {"kind": "speed_key", **how}, song), read(song))


@pytest.mark.parametrize(("speed", "semitones"), [(0.5, 0), (0.8, 0), (1.25, 3), (2.0, 0), (1.0, -5)])
def test_a_sine_keeps_its_pitch_and_length_is_exact(workshop: Shop, tmp_path: Path, speed: float, semitones: float) -> None:
    time = np.arange(round(11.3 * RATE)) / RATE
    tone = sound(tmp_path / "tone.wav", np.stack([0.5 * np.sin(2 * np.pi * 440 * time)] * 2).astype(np.float32))
    out = made(workshop, {"kind": "speed_key", "speed": speed, "semitones": semitones}, tone)
    assert out.shape == (2, round(len(time) / speed))
    middle = out[0, RATE:-RATE] * np.hanning(out.shape[1] - 2 * RATE)
    spectrum = np.abs(np.fft.rfft(middle, 1 << 21))
    found = np.argmax(spectrum) * RATE / (1 << 21)
    assert abs(1200 * np.log2(found / (440 * 2 ** (semitones / 12)))) < 2  # cents
    levels = [np.sqrt(np.mean(np.square(out[0, at : at + 2205]))) for at in range(RATE, out.shape[1] - RATE, 2205)]
    assert np.ptp(20 * np.log10(levels)) < 1.5  # no seam is heard


@pytest.mark.parametrize("speed", [0.5, 0.75, 1.25, 2.0])
def test_beats_stay_where_they_belong(workshop: Shop, tmp_path: Path, speed: float) -> None:
    count, burst = 52, noise(0.01, channels=1)[0] * np.exp(-np.arange(441) / 80)
    beats = np.zeros((2, RATE // 4 + count * RATE // 2), np.float32)
    for number in range(count):
        at = RATE // 4 + number * RATE // 2
        beats[:, at : at + len(burst)] += burst
    out = made(workshop, {"kind": "speed_key", "speed": speed}, sound(tmp_path / "beats.wav", beats))
    energy = np.square(out[0].astype(np.float64))
    late = []
    for number in range(count):
        due = (RATE / 4 + number * RATE / 2) / speed
        window = energy[int(due - 0.1 * RATE / speed) : int(due + 0.15 * RATE / speed)]
        late.append(int(due - 0.1 * RATE / speed) + (np.arange(len(window)) * window).sum() / window.sum() - due)
    assert np.abs(late).max() / RATE < 0.020
    assert abs(np.mean(late[-8:]) - np.mean(late[:8])) / RATE < 0.008  # nothing adds up


def test_stretching_does_not_depend_on_blocks() -> None:
    whole = noise(7)
    parts = [list(pitch.stretched(np.array_split(whole, pieces, axis=1), pitch.Stretch(speed=1.5), RATE)) for pieces in (1, 13)]
    assert np.array_equal(*(np.concatenate(each, axis=1) for each in parts))


@pytest.mark.parametrize("frames", [1, 2, 30, 44101, 5 * RATE, 5 * RATE + 1, 6 * RATE])
def test_any_length_is_stretched_exactly(frames: int) -> None:
    out = np.concatenate(list(pitch.stretched([noise(6)[:, :frames]], pitch.Stretch(speed=0.7), RATE)), axis=1)
    assert out.shape[1] == round(frames / 0.7)


def test_unity_gains_and_no_pan_are_the_sum(workshop: Shop, song: Path, tmp_path: Path) -> None:
    others = [sound(tmp_path / f"{seed}.wav", noise(3, seed=seed)) for seed in (7, 8)]
    sources = [{"from": reference, "pan": 0} for reference in ("mixture", "file2", "file3")]
    out = made(workshop, {"kind": "mix", "sources": sources}, song, *others)
    expected = read(song)
    for other in others:
        expected = expected + np.pad(read(other), ((0, 0), (0, expected.shape[1] - 3 * RATE)))
    assert np.array_equal(out, expected)


@pytest.mark.parametrize(("pan", "left", "right"), [(-1, 1, 0), (-0.25, 1, 0.75), (0.5, 0.5, 1), (1, 0, 1)])
def test_a_pan_is_a_balance(workshop: Shop, song: Path, pan: float, left: float, right: float) -> None:
    out = made(workshop, {"kind": "mix", "sources": [{"from": "mixture", "pan": pan}]}, song)
    assert np.allclose(out, read(song) * np.array([[left], [right]]), atol=1e-7)


def test_a_pan_makes_mono_stereo(workshop: Shop, tmp_path: Path) -> None:
    mono = sound(tmp_path / "mono.wav", noise(1, channels=1))
    out = made(workshop, {"kind": "mix", "sources": [{"from": "mixture", "pan": -1}]}, mono)
    assert np.array_equal(out, np.stack([read(mono)[0], np.zeros(RATE, np.float32)]))


@pytest.mark.parametrize(
    "step",
    [
        {"kind": "cut", "start": 2, "end": 1},
        {"kind": "cut", "start": -1},
        {"kind": "cut", "start": float("nan")},
        {"kind": "cut", "fade_in": 1e9},
        {"kind": "join", "sources": []},
        {"kind": "join", "sources": ["mixture"] * 33},
        {"kind": "join", "sources": ["mixture"], "gap": 1, "crossfade": 1},
        {"kind": "splice", "patch": "mixture", "start": 1, "end": 1},
        {"kind": "splice", "patch": "mixture", "at": 2, "start": 1, "end": 3},
        {"kind": "splice", "patch": "nobody", "start": 1, "end": 2},
        {"kind": "speed_key", "speed": 0},
        {"kind": "speed_key", "speed": 2.1},
        {"kind": "speed_key", "semitones": 13},
        {"kind": "speed_key", "speed": float("inf")},
        {"kind": "mix", "sources": [{"from": "mixture", "pan": 1.5}]},
    ],
)
def test_what_cannot_be_is_refused_when_it_is_read(step: dict[str, Any]) -> None:
    with pytest.raises(BadPreset):
        parse_preset(graph([{"name": "it", **step}], ["it"]))
