"""What grows old goes, whatever else cannot be done; who looks at folders bears that others delete in them."""

from __future__ import annotations

import os
import shutil
import threading
import uuid
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest

from webui.services.housekeeping import Housekeeper
from webui.services.storage import Storage

OLD = 1_000_000_000.0


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    found = Storage(tmp_path / "home")
    found.prepare()
    return found


def housekeeper(storage: Storage, store: Any = None, uploads: Any = None, *, days: float = 0.0) -> Housekeeper:
    configuration = Mock()
    configuration.now = Mock(retention_days=days, kept_steps_bytes=0)
    if store is None:
        store = Mock()
        store.ids.return_value = set()
        store.owed_callbacks.return_value = []
    return Housekeeper(configuration, storage, store, uploads or Mock())


def aged(path: Path) -> Path:
    path.write_bytes(b"x")
    os.utime(path, (OLD, OLD))
    return path


def refusing(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    """Have files refuse to be deleted, as on Windows while somebody has them open."""
    unlink = Path.unlink

    def refuse(path: Path, *args: Any, **kwargs: Any) -> None:
        if path.name in names:
            raise PermissionError(13, "in use")
        unlink(path, *args, **kwargs)

    monkeypatch.setattr(Path, "unlink", refuse)


def test_what_cannot_be_deleted_keeps_nothing_else(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    files = [aged(storage.tmp / name) for name in ("a", "b", "c")]
    refusing(monkeypatch, "a", "b")
    uploads = Mock()
    housekeeper(storage, uploads=uploads).sweep()
    assert [file.exists() for file in files] == [True, True, False]
    uploads.sweep.assert_called_once()


def test_a_job_whose_log_is_open_goes_all_the_same(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    jobs = [str(uuid.uuid4()) for _ in range(2)]
    for job in jobs:
        storage.inputs(job).mkdir()
        aged(storage.log(job))
    refusing(monkeypatch, f"{jobs[0]}.jsonl")
    store = Mock()
    store.ended_before.return_value = jobs
    store.ids.return_value = set(jobs)
    housekeeper(storage, store, days=1).sweep()
    assert [each.args for each in store.delete.call_args_list] == [(job,) for job in jobs]
    assert not any(storage.inputs(job).exists() for job in jobs)
    assert list(storage.orphans(set(), 1.0)) == [jobs[0]]  # another time


def test_one_part_that_fails_stops_no_other(storage: Storage) -> None:
    orphan, store, uploads = str(uuid.uuid4()), Mock(), Mock()
    aged(storage.log(orphan))
    store.ended_before.side_effect = ValueError("no such day")
    store.ids.return_value = set()
    uploads.sweep.side_effect = OSError("gone")
    housekeeper(storage, store, uploads, days=1).sweep()
    assert not storage.log(orphan).exists()
    uploads.sweep.assert_called_once()


def test_a_sweep_that_fails_is_not_repeated_at_once(storage: Storage) -> None:
    store, looked = Mock(), threading.Semaphore(0)
    store.owed_callbacks.side_effect = lambda _: looked.release() or 1 / 0
    store.ids.side_effect = OSError("gone")
    keeper = housekeeper(storage, store)
    keeper.start()
    for _ in range(4):
        assert looked.acquire(timeout=30)
        keeper.wake()
    keeper.stop()
    assert store.ids.call_count == 1


def test_sizes_of_what_is_deleted_meanwhile(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    job = str(uuid.uuid4())
    for folder in (storage.inputs(job), storage.results(job) / "extra_output", storage.player(job)):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "a").write_bytes(b"x" * 10)
        (folder / "b").write_bytes(b"x" * 10)
    assert storage.size(job) == 60
    assert storage.has_inputs(job)
    stat, gone = Path.stat, []

    def vanish(path: Path, *args: Any, **kwargs: Any) -> Any:
        if path.name == "b" and not gone:
            gone.append(path)
            shutil.rmtree(storage.results(job))
            path.unlink()
        return stat(path, *args, **kwargs)

    monkeypatch.setattr(Path, "stat", vanish)
    assert storage.size(job) == 10
    assert list(storage.orphans(set(), -60.0)) == [job]
    monkeypatch.setattr(Path, "iterdir", Mock(side_effect=FileNotFoundError))
    assert not storage.has_inputs(job)
    assert list(storage.orphans(set(), -60.0)) == []
    storage.clean_tmp(-60.0)
