"""What each kind of step does to the sound."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from inference.audio.loudness import LoudnessMeter, TruePeakMeter
from inference.errors import Cancelled
from inference.presets import StemFile
from inference.types import OutputFormat
from tests.conftest import chord
from tests.inference.presets.shop import Shop, graph, read, separate

RATE = 44100


def only(workshop: Shop, song: Path, step: dict[str, Any]) -> StemFile:
    """The result of one step over the mixture."""
    (file,) = workshop.run(graph([{"name": "it", **step}], ["it"]), song)
    return file


def effects(*chain: dict[str, Any]) -> dict[str, Any]:
    return {"kind": "effects", "chain": list(chain)}


def sound(path: Path, samples: np.ndarray, rate: int = RATE) -> Path:
    """A file of float samples [C, n]."""
    soundfile.write(path, samples.T, rate, subtype="FLOAT")
    return path


def lufs(samples: np.ndarray, rate: int = RATE) -> float:
    meter = LoudnessMeter(rate, len(samples))
    meter.push(samples)
    return meter.integrated()


def test_all_stems_together_are_the_mixture(workshop: Shop, second: Path) -> None:
    steps = [separate("s", "split"), {"kind": "mix", "name": "sum", "sources": [{"from": "s.vocals"}, {"from": "s.other"}]}]
    (file,) = workshop.run(graph(steps, ["sum"]), second)
    assert np.abs(read(file) - read(second)).max() < 1e-6


def test_a_negative_weight_takes_away(workshop: Shop, second: Path) -> None:
    mix = {"kind": "mix", "name": "minus", "sources": [{"from": "mixture"}, {"from": "s.vocals", "weight": -1}], "stem": "karaoke"}
    files = workshop.run(graph([separate("s", "split"), mix], ["minus", "s.other"]), second)
    assert [file.stem for file in files] == ["karaoke", "other"]
    assert np.abs(read(files[0]) - read(files[1])).max() < 1e-6


def test_a_mix_of_other_rates_lengths_and_channels(workshop: Shop, second: Path) -> None:
    steps = [
        {"kind": "convert", "name": "mono", "rate": 22050, "channels": 1},
        {"kind": "mix", "name": "sum", "sources": [{"from": "mono", "weight": 0}, {"from": "mixture"}]},
    ]
    (file,) = workshop.run(graph(steps, ["sum"]), second)
    assert (file.sample_rate, file.channels) == (RATE, 2)
    assert np.array_equal(read(file), read(second))


def test_an_ensemble_and_its_residual(workshop: Shop, second: Path) -> None:
    members = [{"model": "split", "stem": "vocals", "weight": 3}, {"model": "split", "stem": "other"}]
    made = workshop.run(graph([{"kind": "ensemble", "name": "e", "members": members}], ["e", "e.residual"]), second)
    assert [file.stem for file in made] == ["ensemble", "residual"]
    assert [name for name, _ in workshop.asked] == ["split"]
    song = read(second)
    assert np.abs(read(made[0]) - (0.75 * 0.25 + 0.25 * 0.75) * song).max() < 1e-6
    assert np.abs(read(made[0]) + read(made[1]) - song).max() < 1e-6


@pytest.mark.parametrize(
    "chain",
    [
        [],
        [{"effect": "gain", "db": 0}],
        [{"effect": "pitch", "semitones": 0}],
        [{"effect": "peak", "hz": 1000, "db": 0}],
        [{"effect": "compressor", "threshold_db": 0}],
    ],
)
def test_effects_that_do_nothing(workshop: Shop, second: Path, chain: list[dict[str, Any]]) -> None:
    assert np.abs(read(only(workshop, second, effects(*chain))) - read(second)).max() < 1e-5


ALL = [
    {"effect": "gain", "db": -6},
    {"effect": "highpass", "hz": 80, "slope": 24},
    {"effect": "lowpass", "hz": 24000},
    {"effect": "low_shelf", "hz": 200, "db": -3},
    {"effect": "peak", "hz": 3000, "db": 3, "q": 1.4},
    {"effect": "high_shelf", "hz": 8000, "db": 2},
    {"effect": "compressor", "threshold_db": -18, "ratio": 3},
    {"effect": "gate", "threshold_db": -70},
    {"effect": "reverb", "room": 0.6, "wet": 0.3},
    {"effect": "limiter", "threshold_db": -1},
]


@pytest.mark.parametrize("channels", [1, 2, 3])
@pytest.mark.parametrize("frames", [1, 2, 3, 65_535, 65_537, 70_000])
def test_effects_keep_the_length(workshop: Shop, tmp_path: Path, channels: int, frames: int) -> None:
    samples = chord(2.0, channels=channels)[:frames].T
    found = read(only(workshop, sound(tmp_path / "song.wav", samples), effects(*ALL)))
    assert found.shape == samples.shape
    assert np.isfinite(found).all()


def test_effects_do_not_know_blocks(workshop: Shop, tmp_path: Path) -> None:
    """What comes in the second block is treated as if there were no first one but for what still rings: a filter without steps."""
    samples = chord(4.0).T
    whole = read(only(workshop, sound(tmp_path / "song.wav", samples), effects({"effect": "highpass", "hz": 200})))
    from pedalboard import HighpassFilter, Pedalboard

    at_once = Pedalboard([HighpassFilter(200), HighpassFilter(200)]).process(np.ascontiguousarray(samples), RATE)
    assert np.abs(whole - at_once).max() < 1e-5


def test_levels_are_what_they_say(workshop: Shop, second: Path) -> None:
    song = read(second)
    quieter = read(only(workshop, second, effects({"effect": "gain", "db": -20})))
    assert np.abs(quieter - 0.1 * song).max() < 1e-6
    dry = read(only(workshop, second, effects({"effect": "reverb", "wet": 0, "dry": 1})))
    assert np.abs(dry - song)[:, RATE // 10 :].max() < 1e-4


@pytest.mark.parametrize("semitones", [-12, 7])
def test_pitch(workshop: Shop, tmp_path: Path, semitones: int) -> None:
    time_axis = np.arange(3 * RATE) / RATE
    tone = (0.3 * np.sin(2 * np.pi * 440 * time_axis)).astype(np.float32)
    tone[: RATE // 2] = tone[-RATE // 2 :] = 0
    found = read(only(workshop, sound(tmp_path / "tone.wav", np.stack([tone, tone])), effects({"effect": "pitch", "semitones": semitones})))
    assert found.shape == (2, len(tone))
    spectrum = np.abs(np.fft.rfft(found[0]))
    assert np.argmax(spectrum) / 3 == pytest.approx(440 * 2 ** (semitones / 12), rel=0.005)
    energy = np.square(found[0])
    middle = float((energy * time_axis).sum() / energy.sum())
    assert middle == pytest.approx(1.5, abs=0.02), "in time"


def test_pitch_joins_segments(monkeypatch: pytest.MonkeyPatch) -> None:
    """A steady tone stays steady over the joins."""
    from inference.presets.steps import pitch

    monkeypatch.setattr(pitch, "SEGMENT", 1.0)
    tone = (0.3 * np.sin(2 * np.pi * 220 * np.arange(4 * RATE) / RATE)).astype(np.float32)[None]
    blocks = [tone[:, at : at + 5000] for at in range(0, tone.shape[1], 5000)]
    found = np.concatenate(list(pitch.stretched(blocks, pitch.Stretch(3), RATE)), axis=1)
    assert found.shape == tone.shape
    level = np.sqrt(np.square(found[0]).reshape(-1, RATE // 50).mean(axis=1))[10:-10]
    assert level.min() > 0.95 * np.median(level)
    assert level.max() < 1.05 * np.median(level)


def test_silence_is_trimmed(workshop: Shop, tmp_path: Path) -> None:
    samples = np.zeros((2, 3 * RATE), np.float32)
    samples[:, RATE : 2 * RATE] = chord(1.0).T
    samples[:, :RATE] = 1e-5
    song = sound(tmp_path / "song.wav", samples)
    trimmed = only(workshop, song, {"kind": "trim_silence", "keep": 0.25, "threshold_db": -60})
    first = int(np.flatnonzero((np.abs(samples) > 1e-3).any(axis=0))[0])
    assert trimmed.frames == pytest.approx(1.5 * RATE, abs=200)
    assert np.array_equal(read(trimmed), samples[:, first - RATE // 4 : first - RATE // 4 + trimmed.frames])
    end_only = only(workshop, song, {"kind": "trim_silence", "start": False, "keep": 0})
    assert end_only.frames == pytest.approx(2 * RATE, abs=200)
    assert np.array_equal(read(end_only), samples[:, : end_only.frames])


def test_what_is_silent_altogether_stays(workshop: Shop, tmp_path: Path) -> None:
    song = sound(tmp_path / "song.wav", np.zeros((1, 1000), np.float32))
    assert only(workshop, song, {"kind": "trim_silence"}).frames == 1000
    assert not read(only(workshop, song, {"kind": "loudness"})).any()


@pytest.mark.parametrize("target", [-30.0, -14.0])
@pytest.mark.parametrize("rate", [16000, 44100, 48000])
def test_loudness_hits_its_target(workshop: Shop, tmp_path: Path, target: float, rate: int) -> None:
    song = sound(tmp_path / "song.wav", chord(3.0, rate).T, rate)
    found = read(only(workshop, song, {"kind": "loudness", "lufs": target}))
    assert lufs(found, rate) == pytest.approx(target, abs=0.1)
    ratio = found[np.abs(read(song)) > 0.01] / read(song)[np.abs(read(song)) > 0.01]
    assert np.ptp(ratio) < 1e-3, "one gain for all"


def test_loudness_leaves_room_for_peaks(workshop: Shop, second: Path) -> None:
    found = read(only(workshop, second, {"kind": "loudness", "lufs": -1, "peak_db": -3}))
    meter = TruePeakMeter(RATE, 2)
    meter.push(found)
    assert 20 * np.log10(meter.finish()) == pytest.approx(-3, abs=0.05)
    assert lufs(found) < -1.5


@pytest.mark.parametrize(("rate", "channels"), [(16000, 1), (48000, None), (None, 1), (None, 6)])
def test_convert(workshop: Shop, second: Path, rate: int | None, channels: int | None) -> None:
    file = only(workshop, second, {"kind": "convert", "rate": rate, "channels": channels})
    frames = soundfile.info(second).frames
    assert (file.sample_rate, file.channels) == (rate or RATE, channels or 2)
    assert file.frames == round(frames * (rate or RATE) / RATE)
    if not rate:
        song = read(second)
        expected = song.mean(axis=0, keepdims=True) if channels == 1 else np.pad(song, ((0, 4), (0, 0)))
        assert np.abs(read(file) - expected).max() < 1e-6


def test_an_output_says_its_format(workshop: Shop, second: Path) -> None:
    outputs = [
        {"from": "s.vocals"},
        {"from": "s.vocals", "name": "{song}-small", "format": "mp3", "subtype": "128k"},
        {"from": "s.vocals", "name": "{song} {step} {model}", "format": "flac", "subtype": "PCM_16"},
    ]
    files = workshop.run(graph([separate("s", "split")], outputs), second, OutputFormat("wav", "PCM_24"))
    assert [file.path.name for file in files] == ["song_vocals.wav", "song-small.mp3", "song_s_split.flac"]
    assert [soundfile.info(file.path).subtype for file in files] == ["PCM_24", "MPEG_LAYER_III", "PCM_16"]
    assert [file.preview is not None for file in files] == [False, True, False]
    assert [file.main for file in files] == [True, False, False]


def test_names_never_collide(workshop: Shop, second: Path) -> None:
    outputs = [{"from": "s.*", "name": "{song}_{stem}"}, {"from": "t.vocals", "name": "{song}_{stem}"}, {"from": "t.other"}]
    files = workshop.run(graph([separate("s", "split"), separate("t", "split", options={"tta": True})], outputs), second)
    names = [file.path.name for file in files]
    assert len(set(names)) == len(names) == 4
    assert sorted(names) == ["song_other.wav", "song_other_2.wav", "song_vocals.wav", "song_vocals_2.wav"]
    assert [file.main for file in files] == [True, False, False, False]


@pytest.mark.parametrize(
    "step", [effects({"effect": "gain", "db": 1}), {"kind": "loudness"}, {"kind": "trim_silence"}, {"kind": "convert"}]
)
def test_every_kind_can_be_cancelled(workshop: Shop, second: Path, step: dict[str, Any]) -> None:
    workshop.stop = lambda progress: progress.stage == "processing"
    with pytest.raises(Cancelled):
        only(workshop, second, step)
    assert not [path for path in workshop.root.rglob("*") if path.is_file()]


def test_progress_counts_the_slow_steps_more(workshop: Shop, second: Path) -> None:
    workshop.speeds = {"split": 3.0, "karaoke": 1.0}
    gain = {"kind": "effects", "name": "fx", "input": "k.lead", "chain": [{"effect": "gain", "db": 1}]}
    workshop.run(graph([separate("s", "split"), separate("k", "karaoke", "s.vocals"), gain], ["fx"]), second)
    fractions = [progress.fraction for progress in workshop.told]
    assert fractions == sorted(fractions)
    assert fractions[-1] == pytest.approx(1)
    ends = [max(progress.fraction for progress in workshop.told if progress.step == step) for step in (1, 2)]
    assert ends == pytest.approx([3 / 4.02, 4 / 4.02], abs=0.01)
    assert {progress.steps for progress in workshop.told} == {3}
