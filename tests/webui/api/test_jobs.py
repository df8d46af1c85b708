"""Jobs with a preset that is sent along instead of stored, and where their results lie; a model of one's own from upload to stems."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import soundfile
import torch
import yaml

from inference.networks import build
from tests.conftest import Server
from tests.families import CONFIGS
from tests.inference.presets.shop import graph, separate
from tests.webui.api.conftest import refused

BUILT_IN = "spleeter_2stems"
MIX = {"kind": "mix", "name": "both", "sources": [{"from": "split.vocals"}, {"from": "split.accompaniment"}]}


def submit(server: Server, song: Path | None, **fields: Any) -> httpx.Response:
    files = {"file": ("song.wav", song.read_bytes())} if song else None
    return httpx.post(f"{server.url}/api/v1/jobs", files=files, data=fields, timeout=60)


def ended(server: Server, answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code == 202, answer.text
    job = answer.json()
    deadline = time.monotonic() + 120
    while not job["finished_at"]:
        assert time.monotonic() < deadline, job
        time.sleep(0.1)
        job = httpx.get(f"{server.url}/api/v1/jobs/{job['id']}").json()
    assert job["state"] == "completed", job
    return dict(job)


def test_a_preset_that_is_sent_along(server: Server, song: Path) -> None:
    data = graph([separate("split", BUILT_IN), MIX], [{"from": "both", "name": "{song}_again"}, "split.vocals"], name="Sent along")
    job = ended(server, submit(server, song, preset_json=json.dumps(data), extra_output="false", format="wav", subtype="FLOAT"))
    assert (job["preset"], job["model"]) == ("Sent along", None)
    assert [result["file"] for result in job["results"]] == ["song_again.wav", "song_vocals.wav"]
    folder = server.home / "results" / job["id"]
    assert (folder / "song_again.wav").is_file()
    assert [path.name for path in (folder / "extra_output").iterdir()] == ["song_vocals.wav"]
    mixture, _ = soundfile.read(song, dtype="float32")
    again, _ = soundfile.read(folder / "song_again.wav", dtype="float32")
    assert np.abs(again - mixture).max() < 1e-4
    for result in job["results"]:
        assert len(httpx.get(f"{server.url}{result['url']}").content) == result["bytes"]
    repeated = ended(server, httpx.post(f"{server.url}/api/v1/jobs/{job['id']}/rerun", timeout=60))
    assert (repeated["preset"], repeated["results"][0]["file"]) == ("Sent along", "song_again.wav")
    assert (server.home / "results" / repeated["id"] / "song_again.wav").is_file()


def test_one_of_the_community_with_the_sample_song(server: Server) -> None:
    step = {"model_type": "vocal_models", "model_name": f"{BUILT_IN}.ckpt", "input_to_next": "vocals", "output_to_storage": []}
    job = ended(server, submit(server, None, preset_json=json.dumps({"version": "1.0.0", "flow": [step]}), sample="true"))
    assert job["preset"] == "preset"
    assert [result["stem"] for result in job["results"]] == ["vocals"]
    assert (server.home / "results" / job["id"] / "extra_output" / job["results"][0]["file"]).is_file()


@pytest.mark.parametrize(
    ("text", "status", "code", "said"),
    [
        ("nonsense", 400, "bad_preset", "JSON"),
        ("[1]", 400, "bad_preset", "object"),
        (json.dumps(graph([separate("s", BUILT_IN)], ["s.drums"])), 400, "bad_preset", "drums"),
        (json.dumps(graph([separate("s", "nobody")], ["s.vocals"])), 404, "unknown_model", "nobody"),
        (json.dumps(graph([separate("s", BUILT_IN)], ["s.vocals"])) + " " * (1 << 20), 400, "bad_request", ""),
    ],
    ids=["no JSON", "no object", "no such stem", "no such model", "too large"],
)
def test_a_preset_that_cannot_run_is_refused_at_once(server: Server, song: Path, text: str, status: int, code: str, said: str) -> None:
    before = len(httpx.get(f"{server.url}/api/v1/jobs").json()["jobs"])
    assert said in refused(submit(server, song, preset_json=text), status, code)
    assert len(httpx.get(f"{server.url}/api/v1/jobs").json()["jobs"]) == before


def test_models_that_are_missing_are_named(server: Server, song: Path) -> None:
    recommended = httpx.get(f"{server.url}/api/v1/models/recommended").json()["recommended"]["four_stems"]["best"]
    stem = httpx.get(f"{server.url}/api/v1/models/{recommended}").json()["stems"][0]
    answer = submit(server, song, preset_json=json.dumps(graph([separate("s", recommended)], [f"s.{stem}"])))
    refused(answer, 409, "model_not_installed")
    assert answer.json()["params"]["models"] == recommended


def test_stems_to_keep_of_a_model(server: Server, song: Path) -> None:
    job = ended(server, submit(server, song, model=BUILT_IN, stems=["Accompaniment", "instrumental"]))  # by its name, and by the usual one
    assert [result["stem"] for result in job["results"]] == ["accompaniment"]
    assert job["stems"] == ["Accompaniment", "instrumental"]
    path = f"{server.url}/api/v1/jobs/{job['id']}/rerun"
    repeated = ended(server, httpx.post(path, timeout=60))
    assert [result["file"] for result in repeated["results"]] == ["song_accompaniment.wav"]
    other = ended(server, httpx.post(path, json={"model": BUILT_IN, "stems": ["vocals"]}, timeout=60))
    assert [result["stem"] for result in other["results"]] == ["vocals"]
    whole = ended(server, httpx.post(path, json={"model": BUILT_IN}, timeout=60))
    assert [result["stem"] for result in whole["results"]] == ["vocals", "accompaniment"]
    refused(submit(server, song, model=BUILT_IN, stems=["vocals", "drums"]), 400, "bad_option")
    refused(submit(server, song, purpose="vocals", stems=["vocals"]), 400, "bad_request")
    refused(submit(server, song, stems=["vocals"]), 400, "bad_request")


@pytest.mark.parametrize("also", [{"preset": "my_preset"}, {"model": BUILT_IN}])
def test_one_choice_is_enough(server: Server, song: Path, also: dict[str, str]) -> None:
    refused(submit(server, song, preset_json="{}", **also), 400, "bad_request")
    refused(submit(server, song, preset="my_preset", model=BUILT_IN), 400, "bad_request")


def test_a_model_of_ones_own_from_upload_to_stems(server: Server, song: Path, tmp_path: Path) -> None:
    """With everything real: a compute process looks at the weights, another one takes a song apart with them."""
    torch.manual_seed(1)
    torch.save({"state_dict": build("mdx23c", CONFIGS["mdx23c"]).state_dict()}, tmp_path / "m.ckpt")
    models = f"{server.url}/api/v1/models"
    files = {"checkpoint": ("mine.ckpt", (tmp_path / "m.ckpt").read_bytes()), "config": ("mine.yaml", yaml.safe_dump(CONFIGS["mdx23c"]))}
    try:
        assert httpx.post(models, files=files, timeout=120).status_code == 201
        wrong = {**files, "config": ("mine.yaml", yaml.safe_dump(CONFIGS["mdx23c"]).replace("num_channels: 8", "num_channels: 16"))}
        refused(httpx.post(models, files=wrong, data={"name": "wrong"}, timeout=120), 400, "bad_weights")
        job = ended(server, submit(server, song, preset_json=json.dumps(graph([separate("s", "mine")], ["s.*"]))))
        assert [result["stem"] for result in job["results"]] == CONFIGS["mdx23c"]["training"]["instruments"]
    finally:
        httpx.delete(f"{models}/mine", timeout=60)
    assert httpx.get(f"{models}/mine").status_code == 404
