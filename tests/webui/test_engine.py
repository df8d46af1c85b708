"""Who runs the jobs of a home folder: a takeover that fails leaves the folder to the next try."""

from __future__ import annotations

import threading
from pathlib import Path
from unittest.mock import Mock

import pytest

from tools.locks import FileLock
from webui.services.engine import Standby


def test_a_start_that_fails_lets_go_of_the_lock(tmp_path: Path) -> None:
    failed = Standby(FileLock(tmp_path / "jobs.lock"), Mock(side_effect=RuntimeError("no room")))
    with pytest.raises(RuntimeError):
        failed.try_now()
    assert Standby(FileLock(tmp_path / "jobs.lock"), Mock()).try_now()


def test_a_takeover_is_tried_until_it_works(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder, begun = tmp_path / "home", threading.Event()
    tries: list[str] = []

    class Lock(FileLock):
        def acquire(self) -> bool:
            if not folder.exists():
                folder.mkdir()
                raise OSError("no such folder")
            return super().acquire()

    def start() -> None:
        tries.append("")
        if len(tries) < 4:
            raise RuntimeError("no room")
        begun.set()

    lock = Lock(folder / "jobs.lock")
    standby = Standby(lock, start, every=0.001)
    standby.wait_in_background()
    assert begun.wait(30)
    assert not FileLock(folder / "jobs.lock").acquire()
    assert len([each for each in caplog.records if each.exc_info]) == 2  # each reason once
    standby.release()
