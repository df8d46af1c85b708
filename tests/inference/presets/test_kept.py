"""Finished steps are kept: what is done is not done again, what has changed is, and the folder stays within its limit."""

from __future__ import annotations

import errno
import os
import shutil
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from inference.errors import BadAudio, Cancelled, DiskFull
from inference.presets import StepStore, sinks
from inference.presets.keys import Keys
from inference.presets.reading import parse_preset
from inference.types import OutputFormat
from tests.inference.presets.shop import Shop, graph, read, separate

GB = 1 << 30


def chain(last: dict[str, Any] | None = None) -> dict[str, Any]:
    """Three separations in a row."""
    steps = [separate("a", "split"), separate("b", "karaoke", "a.vocals"), last or separate("c", "dereverb", "b.lead")]
    return graph(steps, ["a.other", "b.backing", "c.dry"])


@pytest.fixture
def keeping(workshop: Shop, tmp_path: Path) -> Shop:
    """A workshop that keeps steps."""
    workshop.store = StepStore(tmp_path / "steps", GB, spare=0)
    return workshop


def entries(shop: Shop) -> list[Path]:
    folder = shop.root.parent / "steps"
    return sorted(path for path in folder.iterdir()) if folder.exists() else []


def asked(shop: Shop) -> list[str]:
    return [name for name, _ in shop.asked]


def test_what_was_done_is_not_done_again(keeping: Shop, second: Path) -> None:
    first = keeping.run(chain(), second)
    assert asked(keeping) == ["split", "karaoke", "dereverb"]
    again = keeping.run(chain(), second, OutputFormat("flac"))
    assert asked(keeping) == []
    assert [file.path.stem for file in again] == [file.path.stem for file in first]
    for one, other in zip(first, again, strict=True):
        assert np.abs(read(one) - read(other)).max() < 1e-6
        assert one.peaks.read_bytes() == other.peaks.read_bytes()
    fractions = [progress.fraction for progress in keeping.told]
    assert fractions == sorted(fractions)
    assert fractions[-1] == pytest.approx(1)


@pytest.mark.parametrize("how", ["cancelled", "crashed"])
def test_a_run_that_ends_in_the_second_step_goes_on_there(keeping: Shop, second: Path, how: str) -> None:
    if how == "cancelled":
        keeping.stop = lambda progress: progress.step == 2 and progress.stage == "separating"
    else:
        whole, keeping.models["karaoke"] = keeping.models["karaoke"], _Broken()
    with pytest.raises(Cancelled if how == "cancelled" else BadAudio):
        keeping.run(chain(), second)
    keeping.stop = lambda _: False
    if how == "crashed":
        keeping.models["karaoke"] = whole
    files = keeping.run(chain(), second)
    assert asked(keeping) == ["karaoke", "dereverb"]
    assert [file.stem for file in files] == ["other", "backing", "dry"]
    song = read(second)
    assert np.abs(read(files[2]) - 0.25 * 0.5 * 0.9 * song).max() < 1e-6


class _Broken:
    stems = ("lead", "backing")

    def stream(self, *_: Any, **__: Any) -> Any:
        raise BadAudio("broken")


def test_only_what_changed_is_done_again(keeping: Shop, second: Path, tmp_path: Path) -> None:
    keeping.run(chain(), second)
    keeping.run(chain(separate("c", "dereverb", "b.lead", options={"tta": True})), second)
    assert asked(keeping) == ["dereverb"]
    keeping.run(chain(separate("c", "dereverb", "mixture")), second)
    assert asked(keeping) == ["karaoke", "dereverb"], "nobody needs b.lead any more: its step is another one"
    other = tmp_path / "other.wav"
    data = bytearray(second.read_bytes())
    data[-8:] = bytes(8)
    other.write_bytes(data)
    keeping.run(chain(), other)
    assert asked(keeping) == ["split", "karaoke", "dereverb"]


def test_names_of_steps_and_of_files_make_no_difference(keeping: Shop, second: Path, tmp_path: Path) -> None:
    keeping.run(chain(), second)
    copy = tmp_path / "copy of it.wav"
    shutil.copyfile(second, copy)
    steps = [separate("x", "split"), separate("y", "karaoke", "x.vocals"), separate("z", "dereverb", "y.lead")]
    keeping.run(graph(steps, [{"from": "x.other", "name": "{song} without"}, "y.backing", "z.dry"]), copy)
    assert asked(keeping) == []


def test_a_preset_of_one_step_keeps_nothing(keeping: Shop, second: Path) -> None:
    keeping.run(graph([separate("a", "split")], ["a.*"]), second)
    assert entries(keeping) == []


def test_every_kind_is_kept(keeping: Shop, second: Path) -> None:
    steps = [
        {"kind": "ensemble", "name": "e", "members": [{"model": "split", "stem": "vocals"}, {"model": "karaoke", "stem": "lead"}]},
        {"kind": "effects", "name": "fx", "input": "e", "chain": [{"effect": "gain", "db": -3}]},
        {"kind": "loudness", "name": "l", "input": "fx"},
        {"kind": "mix", "name": "m", "sources": [{"from": "l"}, {"from": "e.residual"}]},
    ]
    first = keeping.run(graph(steps, ["m"]), second)
    assert len(entries(keeping)) == 6
    again = keeping.run(graph(steps, ["m"]), second)
    assert asked(keeping) == []
    assert np.array_equal(read(first[0]), read(again[0]))


def test_what_is_damaged_is_made_again(keeping: Shop, second: Path) -> None:
    keeping.run(chain(), second)
    for entry in entries(keeping):
        (entry / "0.wav").write_bytes(b"cut off")
    files = keeping.run(chain(), second)
    assert asked(keeping) == ["split", "karaoke", "dereverb"]
    assert len(files) == 3
    keeping.run(chain(), second)
    assert asked(keeping) == []


def fill(store: StepStore, tmp_path: Path, key: str, size: int = 1000) -> None:
    file = tmp_path / "source.wav"
    file.write_bytes(os.urandom(size))
    assert store.keep(key, {"vocals": file})
    file.unlink()


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if not path.name.startswith(".")}


def test_the_least_recently_used_go_first(tmp_path: Path) -> None:
    folder = tmp_path / "steps"
    store = StepStore(folder, 3500, spare=0)
    for number in range(4):
        fill(store, tmp_path, f"k{number}")
        os.utime(folder / f"k{number}" / "step.json", (1000 + number, 1000 + number))
    assert store.take("k0", tmp_path / "out") is not None
    store.trim()
    assert names(folder) == {"k0", "k2", "k3"}
    assert not [path for path in folder.iterdir() if path.name.startswith(".")]


def test_the_disk_keeps_room(tmp_path: Path) -> None:
    folder = tmp_path / "steps"
    free = iter([500, 1500, 2500])
    store = StepStore(folder, GB, spare=2000, free=lambda _: next(free))
    for number in range(4):
        fill(store, tmp_path, f"k{number}")
        os.utime(folder / f"k{number}" / "step.json", (1000 + number, 1000 + number))
    assert store.trim() > 2000
    assert names(folder) == {"k2", "k3"}


def test_what_was_taken_survives_its_entry(tmp_path: Path) -> None:
    store = StepStore(tmp_path / "steps", GB, spare=0)
    fill(store, tmp_path, "k")
    taken = store.take("k", tmp_path / "out")
    assert taken is not None
    store.clear()
    assert taken["vocals"].stat().st_size == 1000
    assert store.take("k", tmp_path / "again") is None


def test_half_written_entries_do_not_count_and_go(tmp_path: Path) -> None:
    folder = tmp_path / "steps"
    store = StepStore(folder, GB, spare=0)
    fill(store, tmp_path, "k")
    old, young = folder / ".new-old", folder / ".new-young"
    for each in (old, young):
        each.mkdir()
    ago = time.time() - 100_000
    os.utime(old, (ago, ago))
    store.trim()
    assert {path.name for path in folder.iterdir()} == {"k", ".new-young"}


def test_nothing_is_kept_without_room_for_it(tmp_path: Path) -> None:
    store = StepStore(tmp_path / "steps", 0)
    file = tmp_path / "a.wav"
    file.write_bytes(b"x")
    assert not store.keep("k", {"a": file})
    assert store.trim() == 0
    blocked = tmp_path / "file"
    blocked.write_bytes(b"x")
    assert not StepStore(blocked / "steps", GB).keep("k", {"a": file}), "a folder that cannot be made"


class _FullDisk(sinks.AudioWriter):
    """A disk that has room for results and none for what passes between steps."""

    full = True

    def write(self, block: np.ndarray) -> None:
        if self.full and "work" in self._path.parts:
            raise DiskFull("no space left") from OSError(errno.ENOSPC, "")
        super().write(block)


def test_a_full_disk_costs_the_keeping_and_not_the_job(keeping: Shop, second: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sinks, "AudioWriter", _FullDisk)
    files = keeping.run(graph([separate("a", "split"), separate("b", "karaoke")], ["a.vocals", "b.lead"]), second)
    assert [file.stem for file in files] == ["vocals", "lead"]
    assert np.abs(read(files[0]) - 0.25 * read(second)).max() < 1e-6
    assert entries(keeping) == []


class _FullOnce(sinks.AudioWriter):
    """A disk that is full until something is deleted."""

    def write(self, block: np.ndarray) -> None:
        steps = self._path.parents[3] / "steps"
        if "folder" in self._path.parts and "b" in self._path.stem.split("_") and any(steps.iterdir()):
            raise DiskFull("no space left")
        super().write(block)


def test_kept_steps_give_way_to_a_result(keeping: Shop, second: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sinks, "AudioWriter", _FullOnce)
    outputs = [{"from": "a.vocals", "name": "{song}_a"}, {"from": "b.lead", "name": "{song}_b"}]
    files = keeping.run(graph([separate("a", "split"), separate("b", "karaoke", "a.vocals")], outputs), second)
    assert [file.path.name for file in files] == ["song_a.wav", "song_b.wav"]
    assert asked(keeping) == ["split", "karaoke", "karaoke"]
    assert np.abs(read(files[1]) - 0.125 * read(second)).max() < 1e-6


def test_a_disk_that_is_full_for_the_next_step_ends_the_job(keeping: Shop, second: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sinks, "AudioWriter", _FullDisk)
    with pytest.raises(DiskFull):
        keeping.run(chain(), second)
    assert not [path for path in keeping.root.rglob("*") if path.is_file()]


def test_keys_depend_on_all_that_counts(second: Path) -> None:
    def keys(data: dict[str, Any], identity: Any = lambda name, options: [name, dict(options)]) -> list[str]:
        preset = parse_preset(data)
        made = Keys([second], identity, lambda: None)
        return [made.of(step, preset.wanted(step.name)) for step in preset.needed()]

    base = keys(chain())
    assert len(set(base)) == 3
    assert keys(chain()) == base
    assert keys(chain(), lambda name, options: [name, "other weights"])[0] != base[0]
    upstream = graph([separate("a", "split", options={"batch": 2}), *chain()["steps"][1:]], ["a.other", "b.backing", "c.dry"])
    assert not set(keys(upstream)) & set(base), "what follows a changed step has changed"

    def gain(db: float) -> dict[str, Any]:
        return chain({"kind": "effects", "name": "c", "input": "b.lead", "chain": [{"effect": "gain", "db": db}], "stem": "dry"})

    assert keys(gain(1))[:2] == base[:2]
    assert keys(gain(1))[2] != keys(gain(2))[2]
