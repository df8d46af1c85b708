"""kill -9 in the second of three steps: after the restart the first is not computed again. And where results lie without `extra_output`."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import soundfile

from inference.presets import parse_preset
from tests.conftest import Server, chord
from webui.compute.pool import Pool
from webui.services.job import Choice, Job, Result, Spec
from webui.services.links import result_names
from webui.services.runner import JobRunner
from webui.services.storage import Storage, link_or_copy

MODEL = "spleeter_2stems"
JOB = "11111111-2222-4333-8444-555555555555"


def chain() -> dict[str, Any]:
    """The built-in model three times; no step is like another."""
    steps = [("step", "mixture"), ("second", "step.vocals"), ("third", "second.accompaniment")]
    outputs = [{"from": "step.accompaniment"}, {"from": "second.vocals"}, {"from": "third.vocals", "name": "{song}_{step}", "main": True}]
    return {
        "version": "2.0.0",
        "name": "Three",
        "steps": [{"kind": "separate", "name": name, "input": source, "model": MODEL} for name, source in steps],
        "outputs": outputs,
    }


@pytest.fixture
def threes(own_server: Server) -> Server:
    """A server that has the preset `threes`, started."""
    folder = own_server.home / "presets"
    folder.mkdir(parents=True)
    (folder / "threes.json").write_text(json.dumps(chain()), encoding="utf-8")
    own_server.start()
    return own_server


@pytest.fixture(scope="module")
def quarter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("quarter") / "quarter.flac"
    soundfile.write(path, chord(15.0), 44100, subtype="PCM_16")
    return path


def submit(server: Server, song: Path) -> str:
    with song.open("rb") as file:
        answer = httpx.post(f"{server.url}/upload", files={"file": (song.name, file)}, data={"preset_name": "threes"}, timeout=60)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["task_id"])


def log(server: Server, job_id: str) -> list[str]:
    return [line["message"] for line in httpx.get(f"{server.url}/api/v1/jobs/{job_id}/log", timeout=20).json()["lines"]]


def until(server: Server, job_id: str, *words: str, seconds: float = 120) -> list[str]:
    """Wait for a line of the job's log that begins with one of `words`."""
    deadline = time.monotonic() + seconds
    while True:
        lines = log(server, job_id)
        if any(line.startswith(words) for line in lines):
            return lines
        assert time.monotonic() < deadline, lines
        time.sleep(0.05)


@pytest.mark.parametrize("victim", ["server", pytest.param("worker", marks=pytest.mark.slow)])
def test_killed_in_the_second_of_three_steps(threes: Server, quarter: Path, victim: str) -> None:
    job_id = submit(threes, quarter)
    until(threes, job_id, "step 2 of 3: separating")
    if victim == "server":
        threes.kill()
        threes.start()
    else:
        for worker in threes.workers():
            worker.kill()
    lines = until(threes, job_id, "completed", "failed")
    assert sum(line.startswith("completed") for line in lines) == 1, lines
    assert sum(line.startswith("step 1 of 3: separating") for line in lines) == 1, lines
    assert any("step 1 (step) was done before" in line for line in lines), lines
    folder = threes.home / "results" / job_id / "extra_output"
    assert sorted(path.name for path in folder.iterdir()) == ["quarter_accompaniment.wav", "quarter_third.wav", "quarter_vocals.wav"]
    assert {soundfile.info(path).frames for path in folder.iterdir()} == {15 * 44100}
    calm = submit(threes, quarter)
    lines = until(threes, calm, "completed", "failed")
    assert not any("separating" in line for line in lines), "the same again takes no computing"
    for path in folder.iterdir():
        same = threes.home / "results" / calm / "extra_output" / path.name
        assert np.array_equal(soundfile.read(path)[0], soundfile.read(same)[0])


@pytest.mark.parametrize("extra_output", [True, False])
def test_where_the_main_result_lies(tmp_path: Path, weights: Path, song: Path, extra_output: bool) -> None:
    storage = Storage(tmp_path / "home")
    storage.prepare()
    for file in weights.iterdir():
        link_or_copy(file, storage.models / file.name)
    storage.inputs(JOB).mkdir()
    link_or_copy(song, storage.inputs(JOB) / "song.wav")
    spec = Spec(
        title="song",
        file="song.wav",
        input="song.wav",
        song="song",
        source="cli",
        choice=Choice(preset="threes"),
        preset=parse_preset(chain()).model_dump(mode="json"),
        container="wav",
        subtype="PCM_16",
        device="cpu",
        created_at=0.0,
        time_limit=600.0,
        duration=None,
        extra_output=extra_output,
    )
    pool = Pool()
    try:
        outcome = JobRunner(storage, pool, steps_limit=lambda: 1 << 30).run(JOB, json.loads(json.dumps(spec.to_json())), lambda _: None)
    finally:
        pool.close()
    assert outcome["error"] is None
    job = Job(JOB, spec, "completed", results=tuple(Result(**result) for result in outcome["results"]))
    kept = f"{JOB}/extra_output"
    names = [f"{kept}/song_accompaniment.wav", f"{kept}/song_vocals.wav", f"{kept if extra_output else JOB}/song_third.wav"]
    assert result_names(job) == names
    for name, result in zip(names, job.results, strict=True):
        assert (storage.home / "results" / name).is_file()
        assert storage.result(JOB, result.file) == storage.home / "results" / name
    assert len(list(storage.steps.iterdir())) == 3
    storage.delete(JOB)
    assert not storage.results(JOB).exists()
