"""The child that looks at sounds: one at a time, stopped when nobody waits, gone when idle, and a nuisance to nobody."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import numpy as np
import psutil
import pytest

from inference.errors import BadAudio, Cancelled
from tests.tools.analysis.synth import noise, save
from webui.compute import analyst as module
from webui.compute.analyst import Analyst


def never() -> bool:
    return False


def child(analyst: Analyst) -> psutil.Process:
    assert analyst._child is not None
    return psutil.Process(analyst._child.pid)


def about(analyst: Analyst, file: Path) -> int:
    with analyst.turn(never) as ask:
        return int(ask("info", {"path": str(file)})["frames"])


@pytest.fixture
def song(tmp_path: Path) -> Path:
    return save(tmp_path / "song.wav", noise(1))


@pytest.fixture
def long(tmp_path: Path) -> Path:
    return save(tmp_path / "long.wav", np.tile(noise(10), 60), subtype="PCM_16")


def test_it_goes_last(song: Path) -> None:
    analyst = Analyst()
    about(analyst, song)
    about(analyst, song)
    assert child(analyst).nice() == min(psutil.Process().nice() + 10, 19)
    analyst.close()


def test_who_does_not_wait_any_more_stops_it(long: Path, song: Path) -> None:
    analyst, gone = Analyst(), threading.Event()
    about(analyst, song)
    threading.Timer(0.3, gone.set).start()
    began = time.monotonic()
    with pytest.raises(Cancelled), analyst.turn(gone.is_set) as ask:
        ask("key_tempo", {"path": str(long)})
    assert time.monotonic() - began < 2
    assert about(analyst, song) == 44100  # the same child goes on
    analyst.close()


def test_who_waits_for_a_turn_can_go(song: Path) -> None:
    analyst = Analyst()
    with analyst.turn(never), pytest.raises(Cancelled), analyst.turn(lambda: True):
        pass
    assert about(analyst, song) == 44100
    analyst.close()


def test_a_child_that_dies_costs_one_answer(long: Path, song: Path) -> None:
    analyst = Analyst()
    about(analyst, song)
    threading.Timer(0.3, child(analyst).kill).start()
    with pytest.raises(BadAudio), analyst.turn(never) as ask:
        ask("key_tempo", {"path": str(long)})
    assert about(analyst, song) == 44100
    analyst.close()


def test_it_ends_when_idle_and_comes_back(song: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "IDLE_SECONDS", 0.4)
    analyst = Analyst()
    about(analyst, song)
    first = child(analyst)
    deadline = time.monotonic() + 5
    while first.is_running() and first.status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert about(analyst, song) == 44100
    assert child(analyst).pid != first.pid
    analyst.close()


def test_closing_stops_what_runs(long: Path) -> None:
    analyst = Analyst()
    threading.Timer(0.8, analyst.close).start()
    with pytest.raises(Cancelled), analyst.turn(never) as ask:
        ask("key_tempo", {"path": str(long)})
    with pytest.raises(Cancelled), analyst.turn(never) as ask:
        ask("info", {"path": str(long)})
