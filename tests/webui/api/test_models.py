"""The list of models over HTTP: found, filtered, in order, by page; and the user's own options for each."""

from __future__ import annotations

import json
from typing import Any

import pytest
from fastapi.testclient import TestClient

from inference.catalogue import CATEGORIES, load_catalogue
from tests.webui.api.conftest import DATA, SUM, House, refused

MODELS = "/api/v1/models"


def listed(client: TestClient, **query: Any) -> list[dict[str, Any]]:
    answer = client.get(MODELS, params=query)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["models"])


def test_the_list_has_every_model_with_what_people_choose_by(client: TestClient) -> None:
    models = {model["name"]: model for model in listed(client, limit=1000)}
    assert set(models) == {record.name for record in load_catalogue()} | {"one", "two"}
    one = models["one"]
    assert one == {
        "name": "one",
        "title": "One",
        "purpose": "A test.",
        "family": "bs_roformer",
        "category": "other",
        "stems": ["vocals", "other"],
        "usual_stems": ["vocals", "instrumental"],
        "target": "vocals",
        "rest": "other",
        "sample_rate": 44100,
        "bytes": len(DATA),
        "sha256": SUM,
        "scores": {},
        "speed": None,
        "memory": None,
        "licence": None,
        "installed": False,
        "supported": True,
        "reason": "",
        "reason_code": "",
        "packages": [],
        "own": True,
        "sources": ["https://huggingface.co/owner/repo/resolve/main/models/one.ckpt"],
    }
    built_in = models["spleeter_2stems"]
    assert (built_in["installed"], built_in["bytes"], built_in["sources"]) == (True, None, [])
    assert any(model["scores"] and set(next(iter(model["scores"].values()))) == {"sdr", "sir", "sar", "isr"} for model in models.values())
    assert all(bool(model["reason"]) != model["supported"] for model in models.values())


def test_filters_and_order(client: TestClient) -> None:
    assert [model["name"] for model in listed(client, text="karaoke", category="karaoke", installed=True)] == []
    drums = listed(client, category="drums", supported=True, sort="size")
    assert drums
    assert {model["category"] for model in drums} == {"drums"}
    sizes = [model["bytes"] or 0 for model in drums]
    assert sizes == sorted(sizes)
    small = listed(client, stem="Vocals", max_bytes=60_000_000, sort="score", family="mel_band_roformer")
    assert all(model["bytes"] <= 60_000_000 and model["family"] == "mel_band_roformer" for model in small)
    best = [model["scores"] for model in listed(client, category="vocals", sort="score")]
    assert best[0]
    speeds = [model["speed"] for model in listed(client, sort="speed") if model["speed"]]
    assert speeds == sorted(speeds)
    assert [model["name"] for model in listed(client, installed=True)] == ["spleeter_2stems"]


def test_what_the_page_asks_for(client: TestClient) -> None:
    ordered = listed(client, sort="recommended")
    recommended = client.get(f"{MODELS}/recommended").json()["recommended"].values()
    bests, all_of_them = {each["best"] for each in recommended}, {name for each in recommended for name in each["also"]}
    assert {model["name"] for model in ordered[: len(bests)]} == bests
    places = [place for place, model in enumerate(ordered) if model["name"] in all_of_them]
    assert places[-1] < len(bests) + 2 * len(recommended) + len(all_of_them)
    supported = [model["supported"] for model in ordered]
    assert supported == sorted(supported, reverse=True)
    assert {model["reason_code"] for model in ordered if not model["supported"]} >= {"family"}
    assert [model["name"] for model in listed(client, name=["TWO", "one", "nobody"])] == ["one", "two"]
    assert listed(client, name="") == []
    drums, bass, either = (listed(client, **query) for query in ({"text": "kick"}, {"text": "cello"}, {"text": "kick", "also": ["cello"]}))
    assert {model["name"] for model in either} == {model["name"] for model in [*drums, *bass]}
    assert len(either) > len(drums) > 0
    assert {"1band_sr44100_hl512"} <= set(client.get(f"{MODELS}/categories").json()["layouts"])


def test_pages_add_up_to_the_list(client: TestClient) -> None:
    whole = [model["name"] for model in listed(client, limit=1000)]
    pages, total = [], len(whole)
    for offset in range(0, total + 100, 100):
        answer = client.get(MODELS, params={"limit": 100, "offset": offset}).json()
        assert (answer["total"], answer["limit"], answer["offset"]) == (total, 100, offset)
        pages += [model["name"] for model in answer["models"]]
    assert pages == whole


@pytest.mark.parametrize(
    "query",
    ["category=nothing", "sort=price", "limit=0", "limit=x", "offset=-1", "max_bytes=-1", "installed=perhaps", "limit=" + "9" * 5000],
)
def test_queries_that_cannot_be(client: TestClient, query: str) -> None:
    refused(client.get(f"{MODELS}?{query}"), 422, "bad_request")


def test_what_is_recommended_is_there(client: TestClient) -> None:
    recommended = client.get(f"{MODELS}/recommended").json()["recommended"]
    assert len(recommended) > 10
    for choice in recommended.values():
        assert set(choice) == {"best", "fast", "also"}
        for name in (choice["best"], choice["fast"], *choice["also"]):
            assert client.get(f"{MODELS}/{name}").json()["supported"]


def test_what_there_is_to_filter_by(client: TestClient) -> None:
    filters = client.get(f"{MODELS}/categories").json()
    assert {each["name"] for each in filters["categories"]} <= set(CATEGORIES)
    for kind, name in (("categories", "category"), ("families", "family"), ("stems", "stem")):
        counts = [each["count"] for each in filters[kind]]
        assert counts == sorted(counts, reverse=True)
        first = filters[kind][0]
        assert client.get(MODELS, params={name: first["name"]}).json()["total"] >= first["count"]


def test_one_model(client: TestClient) -> None:
    answer = client.get(f"{MODELS}/ONE.ckpt").json()
    assert answer["name"] == "one"
    assert (answer["own"], answer["defaults"], answer["install"], answer["aliases"]) == (True, {}, None, [])
    assert not client.get(f"{MODELS}/spleeter_2stems").json()["own"]


@pytest.mark.parametrize("name", ["nobody", "..%2Fx", "%2e%2e/%2e%2e/etc/passwd", "人声", "%00", "%ff%fe", "a" * 3000, "one%2Finstall"])
@pytest.mark.parametrize(
    ("method", "tail"), [("GET", ""), ("DELETE", ""), ("GET", "/defaults"), ("PUT", "/defaults"), ("POST", "/install"), ("POST", "/verify")]
)
def test_names_that_nobody_has(client: TestClient, method: str, tail: str, name: str) -> None:
    refused(client.request(method, f"{MODELS}/{name}{tail}", json={} if method in ("PUT", "POST") else None), 404, "unknown_model")


def test_names_with_slashes_and_letters_of_any_language(house: House, client: TestClient) -> None:
    records = json.loads((house.models / "catalogue.json").read_text(encoding="utf-8"))["models"]
    records.append({**records[0], "name": "模型/één v1.5"})
    (house.models / "catalogue.json").write_text(json.dumps({"version": 1, "models": records}), encoding="utf-8")
    for address in ("模型/één v1.5", "%E6%A8%A1%E5%9E%8B%2F%C3%A9%C3%A9n%20v1.5"):
        assert client.get(f"{MODELS}/{address}").json()["title"] == "One"
        assert client.put(f"{MODELS}/{address}/defaults", json={"tta": True}).status_code == 200
        assert client.get(f"{MODELS}/{address}/defaults").json() == {"options": {"tta": True}}
        assert client.delete(f"{MODELS}/{address}/defaults").status_code == 200


def test_own_options_of_a_model(house: House, client: TestClient) -> None:
    address = f"{MODELS}/one/defaults"
    options = {"overlap": "high", "chunk": 441_000, "vr": {"window_size": 320}}
    assert client.put(address, json=options).json() == {"options": options}
    assert client.get(f"{MODELS}/one").json()["defaults"] == options
    for wrong in ({"overlap": 0}, {"speed": 9}, {"vr": {"window_size": 99}}, {"chunk": "a"}):
        refused(client.put(address, json=wrong), 400, "bad_option")
    refused(client.put(address, json=[1]), 422, "bad_request")
    refused(client.put(address, content=b"{", headers={"Content-Type": "application/json"}), 422, "bad_request")
    refused(client.put(address, content=b'{"a":' * 100_000, headers={"Content-Type": "application/json"}), 400, "bad_request")
    assert client.get(address).json() == {"options": options}
    assert client.put(address, json={"tta": True}).json() == {"options": {"tta": True}}
    client.delete(address)
    assert client.get(address).json() == {"options": {}}


def test_what_is_wrong_in_the_users_files_is_listed(house: House, client: TestClient) -> None:
    assert client.get(f"{MODELS}/problems").json() == {"problems": []}
    (house.models / "catalogue.json").write_text('{"version": 1, "models": [{"name": "mine"}]}', encoding="utf-8")
    problems = client.get(f"{MODELS}/problems").json()["problems"]
    assert {(each["file"], each["record"]) for each in problems} == {("catalogue.json", "mine")}
    assert {"title", "family", "weights"} <= {each["field"] for each in problems}
