"""A server that ends in the middle of a job and comes back: for who looks, the job paused. What one took is remembered."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import httpx
import soundfile

from tests.conftest import Server, chord
from tests.jobs.test_resume import chain

BUILT_IN = "spleeter_2stems"


def submit(server: Server, song: Path, **fields: str) -> str:
    answer = httpx.post(
        f"{server.url}/api/v1/jobs", files={"file": (song.name, song.read_bytes())}, data=fields or {"model": BUILT_IN}, timeout=60
    )
    assert answer.status_code == 202, answer.text
    return str(answer.json()["id"])


def look(server: Server, job_id: str) -> dict[str, Any]:
    [job] = [each for each in httpx.get(f"{server.url}/api/v1/jobs", timeout=20).json()["jobs"] if each["id"] == job_id]
    return dict(job)


def test_a_restart_looks_like_a_pause(own_server: Server, tmp_path: Path) -> None:
    song = tmp_path / "song.flac"
    soundfile.write(song, chord(90.0), 44100, subtype="PCM_16")
    own_server.start()
    job_id = submit(own_server, song)
    deadline = time.monotonic() + 90
    while not 0.05 < look(own_server, job_id)["progress"] < 0.9:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    own_server.kill()
    own_server.start()
    seen: list[tuple[str, str]] = []
    while not seen or seen[-1][0] not in ("completed", "failed", "cancelled"):
        assert time.monotonic() < deadline + 60, seen
        job = look(own_server, job_id)
        if (job["state"], job["stage"]) not in seen[-1:]:
            seen.append((job["state"], job["stage"]))
        time.sleep(0.02)
    assert seen[-1] == ("completed", "done"), seen
    assert {state for state, _ in seen[:-1]} <= {"queued", "running"}, seen
    assert "resuming" in {stage for _, stage in seen}, seen
    assert not {stage for state, stage in seen if state == "queued"} - {"resuming"}, seen
    assert not (own_server.home / "speeds.json").exists()


def test_what_a_job_took_is_remembered_once(own_server: Server, song: Path) -> None:
    own_server.start()
    for number in (1, 2):  # the second one finds its steps done
        job_id = submit(own_server, song, preset_json=json.dumps(chain()))
        deadline = time.monotonic() + 60
        while look(own_server, job_id)["state"] != "completed":
            assert time.monotonic() < deadline
            time.sleep(0.05)
        kinds = json.loads((own_server.home / "speeds.json").read_text(encoding="utf-8"))["kinds"]
        [(kind, samples)] = kinds.items()
        assert kind.split("|")[:2] == ["+".join([BUILT_IN] * 3), "auto"]
        assert [length for length, _ in samples] == [3.0], number
        assert 0 < samples[0][1] < 60
    (own_server.home / "presets" / "threes.json").write_text(json.dumps(chain()), encoding="utf-8")
    told = httpx.get(f"{own_server.url}/api/v1/estimates", params={"preset": "threes", "duration": 3}).json()
    assert told["basis"] == "history"
    assert told["queue_seconds"] == 0.0
