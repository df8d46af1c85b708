"""Models on their way here and away again, over HTTP, from a hub on loopback."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient

from tests.tools.hub.server import Fault, eventually
from tests.webui.api.conftest import DATA, SUM, House, in_loop, refused

MODELS = "/api/v1/models"


def followed(client: TestClient, name: str) -> list[dict[str, Any]]:
    """What the list of installations says about a model until that has ended."""
    seen: list[dict[str, Any]] = []
    revision = 0
    while not seen or seen[-1]["ended_at"] is None:
        answer = client.get(f"{MODELS}/installs", params={"since": revision, "wait": 20}).json()
        assert answer["revision"] >= revision
        revision = answer["revision"]
        seen += [install for install in answer["installs"] if install["name"] == name]
    return seen


def test_a_model_comes_goes_and_comes_back(house: House, client: TestClient) -> None:
    answer = client.post(f"{MODELS}/ONE.ckpt/install")
    assert answer.status_code == 202
    assert answer.json()["name"] == "one"
    seen = followed(client, "one")
    last = seen[-1]
    assert (last["state"], last["done"], last["total"], last["error"]) == ("installed", len(DATA), len(DATA), None)
    assert [each["revision"] for each in seen] == sorted(each["revision"] for each in seen)
    about = client.get(f"{MODELS}/one").json()
    assert about["installed"]
    assert about["install"] == last
    assert client.post(f"{MODELS}/one/verify").json() == {
        "name": "one",
        "whole": True,
        "problems": [],
        "codes": [],
        "checksum": SUM,
        "known": True,
    }
    disk = client.get(f"{MODELS}/disk").json()
    assert disk["models"] == [{"name": "one", "title": "One", "bytes": len(DATA), "converted": 0, "linked": False, "partial": False}]
    assert disk["bytes"] == len(DATA)
    assert disk["free"] > 0
    gone = client.delete(f"{MODELS}/one")
    assert (gone.status_code, gone.json()["freed"]) == (200, len(DATA))
    assert not client.get(f"{MODELS}/one").json()["installed"]
    assert client.post(f"{MODELS}/one/retry").status_code == 202
    assert followed(client, "one")[-1]["state"] == "installed"


def test_a_damaged_model_is_found_and_repaired(house: House, client: TestClient) -> None:
    assert client.post(f"{MODELS}/one/verify").json()["problems"] == ["It is not installed."]
    client.post(f"{MODELS}/one/install", json={})
    followed(client, "one")
    assert client.post(f"{MODELS}/one/repair").json() == {"install": None}
    path = house.models / "files" / "one.ckpt"
    path.write_bytes(b"x" + DATA[1:])
    found = client.post(f"{MODELS}/one/verify").json()
    assert not found["whole"]
    assert "other bytes" in found["problems"][0]
    assert client.post(f"{MODELS}/one/repair", json={"endpoints": [house.hub.url]}).json()["install"]["name"] == "one"
    assert followed(client, "one")[-1]["state"] == "installed"
    assert path.read_bytes() == DATA


def test_a_cancel_keeps_what_has_arrived(house: House, client: TestClient) -> None:
    house.hub.faults.append(Fault("stall", 70_000))
    client.post(f"{MODELS}/two/install")
    part = house.models / "files" / "two.ckpt.part"
    eventually(lambda: part.is_file() and part.stat().st_size == 70_000)
    running = client.get(f"{MODELS}/installs").json()["installs"][0]
    assert (running["state"], running["ended_at"]) == ("downloading", None)
    assert client.post(f"{MODELS}/Two/cancel").status_code == 200
    assert followed(client, "two")[-1]["state"] == "cancelled"
    client.post(f"{MODELS}/two/retry")
    assert followed(client, "two")[-1]["state"] == "installed"
    assert [asked.start for asked in house.hub.asked if asked.path == "models/two.ckpt"] == [0, 70_000]


def test_wrong_bytes_fail_with_the_reason(house: House, client: TestClient) -> None:
    house.hub.faults.extend([Fault("wrong", 3)] * 3)
    client.post(f"{MODELS}/one/install")
    last = followed(client, "one")[-1]
    assert (last["state"], last["error"]["code"]) == ("failed", "wrong_bytes")
    assert last["error"]["hint"]
    assert not client.get(f"{MODELS}/one").json()["installed"]


def test_a_model_that_was_published_anew_is_trusted_on_request(house: House, client: TestClient) -> None:
    client.post(f"{MODELS}/two/install")
    followed(client, "two")
    client.delete(f"{MODELS}/two")
    house.hub.files["models/two.ckpt"] = bytes(len(DATA))
    client.post(f"{MODELS}/two/install")
    last = followed(client, "two")[-1]
    assert last["state"] == "failed"
    assert "it has another file" in last["error"]["message"]
    client.post(f"{MODELS}/two/install", json={"trust_anew": True})
    assert followed(client, "two")[-1]["state"] == "installed"


def test_what_cannot_be_asked_for(client: TestClient) -> None:
    unsupported = client.get(MODELS, params={"supported": False}).json()["models"][0]
    assert unsupported["reason"] in client.post(f"{MODELS}/{unsupported['name']}/install").json()["hint"]
    for body in ({"url": "file:///etc/passwd"}, {"endpoints": ["http://10.0.0.1"]}, {"endpoints": ["nowhere"]}):
        refused(client.post(f"{MODELS}/one/install", json=body), 400, "forbidden_address")
    refused(client.post(f"{MODELS}/one/install", json={"endpoints": "hub"}), 422, "bad_request")
    for action in ("cancel", "retry"):
        refused(client.post(f"{MODELS}/one/{action}"), 404, "unknown_install")
        refused(client.post(f"{MODELS}/nobody/{action}"), 404, "unknown_install")
    refused(client.delete(f"{MODELS}/spleeter_2stems"), 400, "bad_request")
    assert client.post(f"{MODELS}/spleeter_2stems/verify").json()["whole"]


def test_whoever_waits_hears_of_a_change_and_keeps_nobody_waiting(house: House) -> None:
    async def all_at_once() -> list[httpx.Response]:
        transport = httpx.ASGITransport(house.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            waiting = [asyncio.create_task(client.get(f"{MODELS}/installs", params={"wait": 30})) for _ in range(60)]
            await asyncio.sleep(0.5)
            assert not any(task.done() for task in waiting)
            assert (await client.get(f"{MODELS}/recommended")).status_code == 200  # there are fewer threads than callers who wait
            await client.post(f"{MODELS}/one/install")
            return await asyncio.gather(*waiting)

    answers = in_loop(all_at_once())
    assert {answer.json()["installs"][0]["name"] for answer in answers} == {"one"}


def test_a_client_of_an_earlier_server_is_told_everything(client: TestClient) -> None:
    client.post(f"{MODELS}/one/install")
    followed(client, "one")
    answer = client.get(f"{MODELS}/installs", params={"since": 1_000_000, "wait": 20}).json()
    assert [install["name"] for install in answer["installs"]] == ["one"]
    assert answer["revision"] < 1_000_000


@pytest.mark.parametrize("query", ["since=-1", "wait=31", "wait=-1", "wait=x", "since=x", "wait=nan", "wait=inf"])
def test_waiting_has_bounds(client: TestClient, query: str) -> None:
    refused(client.get(f"{MODELS}/installs?{query}"), 422, "bad_request")
