"""Bring your own model over HTTP: by upload from anywhere, by path from the server's machine only; what does not fit is said."""

from __future__ import annotations

import io
import json
import os
import pickle
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from fastapi.testclient import TestClient

from inference.networks import build
from inference.vr import layouts
from tests.families import CONFIGS
from tests.webui.api.conftest import DATA, House, refused
from tests.webui.shelf import library
from webui.compute.inspection import inspect_weights

MODELS = "/api/v1/models"
YAML = yaml.safe_dump(CONFIGS["mdx23c"]).encode()


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("weights") / "drums.ckpt"
    torch.manual_seed(1)
    torch.save({"state_dict": build("mdx23c", CONFIGS["mdx23c"]).state_dict()}, path)
    return path


@pytest.fixture
def house(house: House) -> House:
    """With a library that really looks at weights, in this process."""
    house.services.library = library(house.models, house.hub, inspect=lambda order, _: inspect_weights(**order))
    return house


@pytest.fixture(autouse=True)
def _nothing_is_left_of_uploads(house: House) -> Any:
    yield
    assert list(house.services.storage.tmp.iterdir()) == []


def add(client: TestClient, checkpoint: bytes | None, config: bytes | None = None, file: str = "drums.ckpt", **fields: Any) -> Any:
    files = {"checkpoint": (file, checkpoint), "config": ("model.yaml", config)}
    return client.post(MODELS, files={key: value for key, value in files.items() if value[1] is not None} or None, data=fields)


def test_a_checkpoint_with_its_yaml(stranger: TestClient, weights: Path) -> None:
    answer = add(stranger, weights.read_bytes(), YAML, "鼓 v1.5.ckpt", title="Drums", purpose="Takes drums apart.")
    assert answer.status_code == 201, answer.text
    added = answer.json()
    assert (added["known"], added["assumed"]) == (False, [])
    assert added["parameters"] == sum(value.numel() for value in build("mdx23c", CONFIGS["mdx23c"]).state_dict().values())
    model = added["model"]
    assert (model["name"], model["title"], model["purpose"]) == ("鼓 v1.5", "Drums", "Takes drums apart.")
    assert (model["family"], model["stems"], model["installed"]) == ("mdx23c", ["kick", "snare", "toms"], True)
    about = stranger.get(f"{MODELS}/鼓 v1.5").json()
    assert about["own"]
    assert stranger.post(f"{MODELS}/鼓 v1.5/verify").json()["whole"]
    assert stranger.delete(f"{MODELS}/鼓 v1.5").json()["freed"] > len(weights.read_bytes())
    refused(stranger.get(f"{MODELS}/鼓 v1.5"), 404, "unknown_model")


@pytest.fixture(scope="module")
def remover() -> bytes:
    """Weights of a vocal remover."""
    torch.manual_seed(1)
    file = io.BytesIO()
    torch.save(build("vr", CONFIGS["vr"]).state_dict(), file)
    return file.getvalue()


def test_a_vocal_remover_with_its_layout(client: TestClient, remover: bytes) -> None:
    file, layout = "remover.pth", CONFIGS["vr"]["params"]
    assert "band layout" in refused(add(client, remover, file=file), 400, "bad_config")
    refused(add(client, remover, file=file, layout="17band"), 404, "unknown_model")
    refused(add(client, remover, file=file, layout="{1"), 400, "bad_request")
    for wrong in ("{}", '{"band": []}', '{"band": {"1": 3}}', '{"band": {}, "bins": 1e999}'):
        refused(add(client, remover, file=file, layout=wrong), 404, "unknown_model")
    refused(add(client, remover, file=file, layout=layout, stems="a,b,c"), 400, "bad_request")
    assert "assumed" in add(client, remover, file=file, layout=layout).json()["assumed"][0]
    whole = json.loads(Path(layouts.__file__).with_name("layouts.json").read_text(encoding="utf-8"))[layout]
    again = add(client, remover, file=file, layout=json.dumps(whole), stems="Dry, Reverb", replace=True).json()
    assert (again["model"]["stems"], again["assumed"]) == (["Dry", "Reverb"], [])


def test_a_known_file_is_recognised(client: TestClient) -> None:
    added = add(client, DATA, file="whatever.pth", name="mine").json()
    assert (added["known"], added["model"]["name"], added["model"]["installed"]) == (True, "one", True)


class Evil:
    def __reduce__(self) -> Any:
        return os.system, ("touch evil-was-here",)


def test_what_does_not_fit_is_said(client: TestClient, weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    good = weights.read_bytes()
    said = add(client, good, YAML.replace(b"num_channels: 8", b"num_channels: 16"))
    refused(said, 400, "bad_weights")
    problems = said.json()["params"]["problems"].splitlines()
    assert len(problems) > 3
    assert all("instead of" in line or "missing" in line or "not known" in line for line in problems)
    assert "not safe to load" in refused(add(client, pickle.dumps(Evil()), YAML), 400, "bad_weights")
    assert not (tmp_path / "evil-was-here").exists()
    refused(add(client, b"", YAML), 400, "bad_weights")
    refused(add(client, b"<!DOCTYPE html>", YAML), 400, "bad_weights")
    assert "model.yaml" in refused(add(client, good, b"a: ["), 400, "bad_config")
    refused(add(client, good, b"\xff\xfe"), 400, "bad_config")
    refused(add(client, good, b"a: b\n" * 300_000), 400, "bad_config")
    refused(add(client, good), 400, "bad_config")
    refused(add(client, good, YAML, family="legacy_demucs"), 404, "unknown_model")
    for file in ("drums.exe", "drums", "..", "a/b.ckpt.txt"):
        assert "no file of weights" in refused(add(client, good, YAML, file), 400, "bad_request")
    refused(client.post(MODELS, data={"name": "x"}), 400, "bad_request")
    refused(client.post(MODELS, data={"checkpoint": "text"}), 422, "bad_request")
    refused(client.post(MODELS, content=b"nonsense", headers={"Content-Type": "multipart/form-data"}), 400, "bad_request")
    assert [model["name"] for model in client.get(MODELS, params={"installed": True}).json()["models"]] == ["spleeter_2stems"]


@pytest.mark.parametrize("file", ["../../up.ckpt", "..\\..\\up.ckpt", "/etc/up.ckpt", "con.ckpt", "a" * 240 + ".ckpt"])
def test_no_name_of_a_file_leads_outside(client: TestClient, house: House, weights: Path, file: str) -> None:
    before = {path for path in house.services.storage.home.parent.rglob("*") if house.models not in path.parents}
    answer = add(client, weights.read_bytes(), YAML, file)
    refused(answer, 400, "bad_request") if len(file) > 200 else answer.raise_for_status()
    assert {path for path in house.services.storage.home.parent.rglob("*") if house.models not in path.parents} == before


def test_names_that_are_taken(client: TestClient, weights: Path) -> None:
    good = weights.read_bytes()
    assert add(client, good, YAML, name="mine").status_code == 201
    assert "already" in refused(add(client, good, YAML, name="MINE"), 400, "bad_request")
    assert "catalogue" in refused(add(client, good, YAML, name="spleeter_2stems", replace=True), 400, "bad_request")
    assert add(client, good, YAML, name="mine", replace=True).status_code == 201


def test_checkpoints_may_be_larger_than_songs(client: TestClient) -> None:
    song, model = bytes((1 << 20) + 200_000), bytes((2 << 20) + 200_000)
    assert "1 MB" in refused(client.post("/api/v1/jobs", files={"file": ("a.wav", song)}), 413, "too_large")
    refused(add(client, song, YAML), 400, "bad_weights")
    answer = add(client, model, YAML)
    assert "2 MB" in refused(answer, 413, "too_large")
    assert "MSST_MAX_MODEL_MB" in answer.json()["hint"]
    chunks = (bytes(100_000) for _ in range(25))
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    refused(client.post(MODELS, content=chunks, headers=headers), 413, "too_large")
    refused(client.put(f"{MODELS}/one/defaults", content=song, headers={"Content-Type": "application/json"}), 413, "too_large")


def test_a_file_of_the_servers_machine(client: TestClient, house: House, weights: Path) -> None:
    added = add(client, None, YAML, path=str(weights), copy=False, name="there")
    assert added.status_code == 201, added.text
    assert client.get(f"{MODELS}/disk").json()["models"][0]["linked"]
    client.delete(f"{MODELS}/there")
    assert weights.is_file()
    refused(add(client, weights.read_bytes(), YAML, path=str(weights)), 400, "bad_request")
    for path in ("/none.ckpt", "nul\0.ckpt", str(weights.parent)):
        refused(add(client, None, YAML, path=path), 400, "bad_request")


def test_a_folder_of_the_servers_machine(client: TestClient, tmp_path: Path) -> None:
    folder = tmp_path / "UVR"
    folder.mkdir()
    (folder / "renamed.ckpt").write_bytes(DATA)
    (folder / "other.ckpt").write_bytes(b"other")
    answer = client.post(f"{MODELS}/link", json={"folder": str(folder)})
    assert answer.json() == {"linked": ["one"], "already": [], "no_config": [], "wrong": [], "unknown": [str(folder / "other.ckpt")]}
    assert client.get(f"{MODELS}/one").json()["installed"]
    assert client.post(f"{MODELS}/link", json={"folder": str(folder)}).json()["already"] == ["one"]
    refused(client.post(f"{MODELS}/link", json={"folder": str(tmp_path / "none")}), 400, "bad_request")
    refused(client.post(f"{MODELS}/link", json={"folder": ""}), 422, "bad_request")


def test_paths_are_for_the_servers_machine_only(house: House, client: TestClient, stranger: TestClient, weights: Path) -> None:
    forged = {"X-Forwarded-For": "127.0.0.1"}
    rebound = house.client(base="http://evil.example:7860")  # a name that somebody made to mean this machine
    for answer in (
        stranger.post(f"{MODELS}/link", json={"folder": str(weights.parent)}),
        rebound.post(f"{MODELS}/link", json={"folder": str(weights.parent)}),
        client.post(f"{MODELS}/link", json={"folder": str(weights.parent)}, headers=forged),
        client.post(f"{MODELS}/link", json={"folder": str(weights.parent)}, headers={"X-Real-IP": "127.0.0.1"}),
        client.post(f"{MODELS}/link", json={"folder": str(weights.parent)}, headers={"Via": "1.1 relay"}),
        add(stranger, None, YAML, path=str(weights)),
        add(rebound, None, YAML, path="/none"),
    ):
        refused(answer, 403, "not_local")
