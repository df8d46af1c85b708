"""Jobs of several files: how steps name them, what is said where they are missing, and what is kept of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from inference.errors import BadOption, BadPreset, Cancelled
from inference.presets import StepStore, check_files, check_preset, parse_preset
from inference.presets.ensembles import ensemble_of_files
from inference.presets.references import MAX_FILES, file_number, file_reference, owner_of, resolve, stem_of
from tests.conftest import chord
from tests.inference.presets.shop import CATALOGUE, Shop, graph, read, separate


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """Three files of one rate; the second one is longer, the third one is mono."""
    sounds = [chord(0.5), -0.5 * chord(0.8), chord(0.3, channels=1)]
    paths = [tmp_path / f"{number}.wav" for number in range(1, 4)]
    for path, sound in zip(paths, sounds, strict=True):
        soundfile.write(path, sound, 44100, subtype="FLOAT")
    return paths


def difference(source: str = "file2") -> dict[str, Any]:
    sources = [{"from": "mixture"}, {"from": source, "weight": -1}]
    return graph([{"kind": "mix", "name": "m", "sources": sources}], ["m"])


def test_names_of_files() -> None:
    assert [file_number(name) for name in ("mixture", "MIXTURE", "file1", "File2", f"file{MAX_FILES}")] == [1, 1, 1, 2, MAX_FILES]
    for name in ("file", "file0", "file02", f"file{MAX_FILES + 1}", "file2.vocals", "my file2", "split", ""):
        assert file_number(name) is None, name
    assert [file_number(file_reference(number)) for number in range(1, MAX_FILES + 1)] == list(range(1, MAX_FILES + 1))
    assert (owner_of("file3"), stem_of("file3"), owner_of("file3x.a")) == ("", "file3", "file3x")
    assert [resolve(name, []) for name in ("FILE1", "File7")] == ["mixture", "file7"]
    with pytest.raises(ValueError, match="file99"):
        resolve("file99", ["split"])


def test_a_step_reads_each_file_by_its_name(workshop: Shop, files: list[Path]) -> None:
    preset = parse_preset(difference("FILE2"))
    check_preset(preset, CATALOGUE)
    assert preset.files == 2
    (made,) = workshop.run(preset, files[0], more=files[1:2])
    one, two = read(files[0]), read(files[1])
    wanted = -two
    wanted[:, : one.shape[1]] += one
    assert np.abs(read(made) - wanted).max() < 1e-6
    steps = [separate("s", "split", "file2"), {"kind": "effects", "name": "e", "input": "File1", "chain": [{"effect": "gain", "db": 0}]}]
    found = workshop.run(graph(steps, ["s.vocals", "e"]), files[0], more=files[1:2])
    assert [file.frames for file in found] == [two.shape[1], one.shape[1]]
    assert [file.path.name for file in found] == ["song_vocals.wav", "song_mixture.wav"]


def test_a_job_has_as_many_files_as_its_preset_reads(workshop: Shop, files: list[Path]) -> None:
    preset = parse_preset(difference("file3"))
    with pytest.raises(BadPreset, match=r"/steps/0: m reads file3, and the job has 2 files") as raised:
        check_files(preset, 2)
    assert raised.value.hint == "This preset is for 3 files."
    assert raised.value.params["place"] == "/steps/0"
    with pytest.raises(BadPreset, match="no step reads the last"):
        check_files(preset, 4)
    check_files(preset, 3)
    for job in (files[:1], files[:2]):
        with pytest.raises(BadPreset, match="file3"):
            workshop.run(preset, job[0], more=job[1:])
    with pytest.raises(BadPreset, match="no step reads the last"):
        workshop.run(graph([separate("s", "split")], ["s.vocals"]), files[0], more=files[1:])
    unneeded = graph([separate("s", "split"), separate("t", "split", "file2")], ["s.vocals"])
    assert parse_preset(unneeded).files == 1
    assert len(workshop.run(unneeded, files[0])) == 1


@pytest.mark.parametrize("name", ["file1", "File2", "MIXTURE"])
def test_no_step_is_called_like_a_file(name: str) -> None:
    with pytest.raises(BadPreset, match="cannot be called"):
        parse_preset(graph([separate(name, "split")], [f"{name}.vocals"]))


@pytest.mark.parametrize("source", ["file2", "file1", "mixture"])
def test_a_file_itself_is_no_output(source: str) -> None:
    with pytest.raises(BadPreset, match="is no output"):
        parse_preset(graph([separate("s", "split")], [source]))


def test_kept_steps_know_the_bytes_of_each_file(workshop: Shop, files: list[Path], tmp_path: Path) -> None:
    workshop.store = StepStore(tmp_path / "steps", 1 << 30, spare=0)
    steps = [separate("a", "split"), separate("b", "karaoke", "file2")]
    data = graph(steps, ["a.vocals", "b.lead"])

    def computed(*job: Path) -> list[str]:
        workshop.run(data, job[0], more=job[1:])
        return [name for name, _ in workshop.asked]

    assert computed(files[0], files[1]) == ["split", "karaoke"]
    assert computed(files[0], files[1]) == []
    assert computed(files[0], files[2]) == ["karaoke"], "only what reads the other file is made again"
    assert computed(files[1], files[2]) == ["split"]
    copy = tmp_path / "a copy.wav"
    copy.write_bytes(files[1].read_bytes())
    assert computed(files[0], copy) == [], "bytes count, names do not"
    soundfile.write(copy, 0.9 * chord(0.8), 44100, subtype="FLOAT")
    assert computed(files[0], copy) == ["karaoke"]


def test_an_ensemble_of_files(workshop: Shop, files: list[Path]) -> None:
    data = ensemble_of_files(3)
    preset = parse_preset(data)
    check_preset(preset, CATALOGUE)
    check_files(preset, 3)
    (made,) = workshop.run(data, files[0], more=files[1:])
    assert (made.path.name, made.stem, made.main) == ("song_ensemble.wav", "ensemble", True)
    assert (made.channels, made.frames) == (2, soundfile.info(files[1]).frames)
    sounds = [np.broadcast_to(read(path), (2, read(path).shape[1])) for path in files]
    mean = sum(np.pad(sound, ((0, 0), (0, made.frames - sound.shape[1]))) for sound in sounds) / 3
    assert np.abs(read(made) - mean).max() < 1e-6


def test_two_files_at_least() -> None:
    for count in (0, 1, MAX_FILES + 1):
        with pytest.raises(BadOption, match=f"an ensemble of {count}"):
            ensemble_of_files(count)
    assert parse_preset(ensemble_of_files(MAX_FILES)).files == MAX_FILES


def test_an_ensemble_of_files_stops_when_it_is_told_to(workshop: Shop, files: list[Path], tmp_path: Path) -> None:
    workshop.stop = lambda progress: progress.stage == "processing"
    with pytest.raises(Cancelled):
        workshop.run(ensemble_of_files(2), files[0], more=files[1:2])
    assert [path for path in workshop.root.rglob("*") if path.is_file()] == []
