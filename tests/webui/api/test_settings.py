"""Settings over HTTP: who may change what, and that a change is in force with the next request."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.webui.api.conftest import House, refused
from webui.services.configuration import Configuration
from webui.services.installs import Installs
from webui.settings import Settings


def found(client: TestClient, name: str) -> dict[str, Any]:
    return next(each for each in client.get("/api/v1/settings").json()["settings"] if each["name"] == name)


def test_settings_are_listed_changed_and_taken_back(client: TestClient) -> None:
    assert found(client, "queue_limit")["value"] == 100
    answer = client.patch("/api/v1/settings", json={"queue_limit": 7, "output_format": "flac"})
    assert answer.status_code == 200
    assert {each["name"]: each["value"] for each in answer.json()["settings"]} | {"queue_limit": 7, "output_format": "flac"} == {
        each["name"]: each["value"] for each in client.get("/api/v1/settings").json()["settings"]
    }
    client.patch("/api/v1/settings", json={"queue_limit": None})
    assert found(client, "queue_limit")["value"] == 100


def test_what_cannot_be_is_refused(client: TestClient) -> None:
    answer = client.patch("/api/v1/settings", json={"precision": "exact", "queue_limit": 0})
    refused(answer, 400, "bad_setting")
    assert answer.json()["params"]["name"] == "queue_limit"
    assert found(client, "precision")["value"] == "auto"
    answer = client.patch("/api/v1/settings", json={"hub_endpoint": "hub"})
    refused(answer, 409, "setting_ruled")
    assert answer.json()["params"] == {"name": "hub_endpoint", "env": "--hub-endpoint"}
    assert client.patch("/api/v1/settings", json=["queue_limit"]).status_code == 422
    refused(client.patch("/api/v1/settings", json={"home": "/tmp/elsewhere"}), 400, "bad_setting")


def test_what_opens_the_server_is_for_its_owner(client: TestClient, stranger: TestClient) -> None:
    for values in (
        {"callback_allow": ["10.0.0.0/8"]},
        {"proxy": "none"},
        {"host": "0.0.0.0"},
        {"access": "keys"},
        {"queue_limit": 2, "share": True},
    ):
        refused(stranger.patch("/api/v1/settings", json=values), 403, "not_owner")
    assert found(client, "queue_limit")["value"] == 100
    assert stranger.patch("/api/v1/settings", json={"queue_limit": 2}).status_code == 200
    assert client.patch("/api/v1/settings", json={"proxy": "none"}).status_code == 200


def test_passwords_of_proxies_are_for_the_owner(client: TestClient, stranger: TestClient) -> None:
    client.patch("/api/v1/settings", json={"proxy": "http://me:secret@127.0.0.1:7890"})
    assert found(client, "proxy")["value"] == "http://me:secret@127.0.0.1:7890"
    assert found(stranger, "proxy")["value"] == "http://***@127.0.0.1:7890"
    assert "secret" not in stranger.get("/api/v1/settings").text
    assert "secret" not in client.get("/api/v1/diagnostics").text


def test_a_page_of_another_site_changes_nothing(client: TestClient) -> None:
    refused(client.patch("/api/v1/settings", json={"queue_limit": 2}, headers={"origin": "https://evil.example"}), 403, "cross_origin")
    client.patch("/api/v1/settings", json={"public_url": "https://studio.example"})
    assert client.patch("/api/v1/settings", json={"queue_limit": 2}, headers={"origin": "https://studio.example"}).status_code == 200


@pytest.fixture
def upload() -> dict[str, Any]:
    return {"files": {"file": ("a.wav", b"\0" * 300_000)}}


def test_the_limit_of_an_upload_holds_from_the_next_one_on(house: House, upload: dict[str, Any]) -> None:
    client = house.client()
    house.services.configuration = Configuration(Settings(home=house.services.storage.home))  # nothing rules
    assert client.post("/upload", **upload).json()["code"] != "too_large"
    assert client.patch("/api/v1/settings", json={"max_upload_mb": 0.1}).status_code == 200
    refused(client.post("/upload", **upload), 413, "too_large")


def test_downloads_go_the_new_way(house: House) -> None:
    assert house.client().patch("/api/v1/settings", json={"parallel_downloads": 5, "proxy": "none"}).status_code == 200
    library = house.services.library
    assert (library._downloads.parallel, library._installer.downloads.policy.proxy) == (5, "none")
    assert library.installs._threads._max_workers == 5


def test_an_install_that_waits_is_done_although_the_width_changes(house: House) -> None:
    client = house.client()
    assert client.post("/api/v1/models/one/install").status_code == 202
    client.patch("/api/v1/settings", json={"parallel_downloads": 5})
    assert client.post("/api/v1/models/two/install").status_code == 202
    installs: Installs = house.services.library.installs
    assert [installs.wait(name, 20).state for name in ("one", "two")] == ["installed", "installed"]
