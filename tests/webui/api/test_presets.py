"""Presets over HTTP: listed, shown, checked, stored, imported, exported, copied, renamed, deleted, restored."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote, unquote

import pytest
from fastapi.testclient import TestClient

from inference.presets.steps import STEPS
from tests.inference.presets.shop import graph, separate
from tests.webui.api.conftest import House, refused
from webui import i18n

PRESETS = "/api/v1/presets"
BUILT_IN = "spleeter_2stems"

FLOW = {
    "version": "1.0.0",
    "name": "Chain",
    "flow": [{"model_type": "vocal_models", "model_name": "two.ckpt", "input_to_next": "vocals", "output_to_storage": []}],
}


def preset(name: str, model: str = BUILT_IN, stem: str = "vocals", **more: Any) -> dict[str, Any]:
    return graph([separate("s", model)], [f"s.{stem}"], name=name, **more)


def names(client: TestClient, **query: Any) -> list[str]:
    return [each["name"] for each in client.get(PRESETS, params=query).json()["presets"]]


def test_the_list_has_what_can_run_and_on_request_the_rest(client: TestClient) -> None:
    (mine,) = client.get(PRESETS).json()["presets"]
    stems = ["vocals", "accompaniment"]
    assert mine | {"title": "", "description": ""} == {
        "name": "my_preset",
        "title": "",
        "description": "",
        "stems": stems,
        "own": False,
        "missing": [],
        "problem": "",
    }
    everything = client.get(PRESETS, params={"runnable": False}).json()["presets"]
    assert len(everything) >= 12
    assert all(each["missing"] and not each["problem"] for each in everything if each["name"] != "my_preset")


def test_the_life_of_a_preset(client: TestClient) -> None:
    saved = client.put(f"{PRESETS}/My set", json=preset("One", description="d"))
    assert saved.json() == {
        "name": "My_set",
        "title": "One",
        "description": "d",
        "stems": ["vocals"],
        "own": True,
        "missing": [],
        "problem": "",
    }
    client.put(f"{PRESETS}/My_set", json=preset("Two", stem="accompaniment")).raise_for_status()
    shown = client.get(f"{PRESETS}/My_set.json").json()
    assert shown["card"]["stems"] == ["accompaniment"]
    assert shown["preset"] == preset("Two", stem="accompaniment")
    assert shown["missing"] == {"unknown": [], "not_installed": []}
    (version,) = client.get(f"{PRESETS}/My_set/history").json()["versions"]
    assert (version["title"], version["steps"]) == ("One", 1)
    assert client.post(f"{PRESETS}/My_set/restore", json={"at": version["at"]}).json()["title"] == "One"
    renamed = client.post(f"{PRESETS}/My_set/rename", json={"name": "人声 best"}).json()
    assert (renamed["name"], renamed["title"]) == ("人声_best", "人声 best")
    assert len(client.get(f"{PRESETS}/人声_best/history").json()["versions"]) >= 2
    refused(client.get(f"{PRESETS}/My_set"), 404, "unknown_preset")
    assert client.delete(f"{PRESETS}/人声_best").status_code == 200
    assert names(client) == ["my_preset"]
    newest = client.get(f"{PRESETS}/人声_best/history").json()["versions"][0]["at"]
    client.post(f"{PRESETS}/人声_best/restore", json={"at": newest}).raise_for_status()
    assert names(client) == ["my_preset", "人声_best"]
    refused(client.post(f"{PRESETS}/人声_best/restore", json={"at": 1}), 404, "unknown_preset")
    refused(client.post(f"{PRESETS}/人声_best/restore", json={"at": "now"}), 422, "bad_request")


def test_shipped_ones_are_copied_and_never_changed(client: TestClient) -> None:
    for answer in (client.delete(f"{PRESETS}/karaoke"), client.post(f"{PRESETS}/karaoke/rename", json={"name": "x"})):
        assert "comes with the program" in refused(answer, 400, "bad_request")
    copy = client.post(f"{PRESETS}/karaoke/duplicate")
    assert (copy.status_code, copy.json()["name"], copy.json()["own"]) == (201, "karaoke_2", True)
    assert client.post(f"{PRESETS}/karaoke/duplicate", json={"name": "Mine"}).json()["title"] == "Mine"
    assert "already" in refused(client.post(f"{PRESETS}/karaoke/duplicate", json={"name": "mine"}), 400, "bad_request")
    client.put(f"{PRESETS}/my_preset", json=preset("Instead")).raise_for_status()
    assert client.get(f"{PRESETS}/my_preset").json()["card"]["title"] == "Instead"
    client.delete(f"{PRESETS}/my_preset").raise_for_status()
    assert client.get(f"{PRESETS}/my_preset").json()["card"]["title"] != "Instead"


def test_import_and_export(client: TestClient) -> None:
    first = client.post(f"{PRESETS}/import", json=FLOW)
    assert (first.status_code, first.json()["name"], first.json()["missing"]) == (201, "Chain", ["two"])
    file = ("chain.json", json.dumps(FLOW).encode("utf-8-sig"), "application/json")
    assert client.post(f"{PRESETS}/import", files={"file": file}).json()["name"] == "Chain_2"
    assert client.post(f"{PRESETS}/import", files={"file": file}, data={"name": "Another"}).json()["name"] == "Another"
    assert client.post(f"{PRESETS}/import", params={"name": "链"}, json=FLOW).json()["name"] == "链"
    answer = client.get(f"{PRESETS}/链/export")
    assert unquote(answer.headers["content-disposition"]) == "attachment; filename*=UTF-8''链.json"
    exported = answer.json()
    assert (exported["version"], exported["steps"][0]["model"]) == ("2.0.0", "two.ckpt")
    assert client.post(f"{PRESETS}/import", json=exported).json()["stems"] == first.json()["stems"]
    assert client.get(f"{PRESETS}/Chain").json()["preset"] == FLOW
    assert client.get(f"{PRESETS}/Chain").json()["missing"] == {"unknown": [], "not_installed": ["two"]}


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"\xff\xfe", b"[" * 100_000, b" " * ((1 << 20) + 1), b'{"version": "9"}'])
def test_what_is_no_preset_is_not_stored(client: TestClient, content: bytes) -> None:
    refused(client.put(f"{PRESETS}/x", content=content), 400, "bad_preset")
    refused(client.post(f"{PRESETS}/import", content=content), 400, "bad_preset")
    refused(client.post(f"{PRESETS}/import", files={"file": ("a.json", content)}), 400, "bad_preset")
    assert names(client) == ["my_preset"]


def test_forms_that_are_none(client: TestClient) -> None:
    refused(client.post(f"{PRESETS}/import", data={"name": "x"}, files={"other": b"{}"}), 400, "bad_request")
    refused(client.post(f"{PRESETS}/import", content=b"--x", headers={"Content-Type": "multipart/form-data"}), 400, "bad_request")
    refused(client.post(f"{PRESETS}/my_preset/rename"), 422, "bad_request")
    refused(client.post(f"{PRESETS}/my_preset/duplicate", json={"name": "a" * 300}), 422, "bad_request")


WRONG: list[tuple[Any, str, str, str]] = [
    (preset("x", "nobody"), "unknown_model", "/steps/0", "nobody"),
    (preset("x", stem="drums"), "bad_preset", "/outputs/0", "drums"),
    (graph([separate("s", BUILT_IN), separate("s", BUILT_IN)], ["s.vocals"]), "bad_preset", "/steps/1/name", "two steps"),
    (graph([separate("a", BUILT_IN, "b.vocals"), separate("b", BUILT_IN, "a.vocals")], ["a.vocals"]), "bad_preset", "/steps/0", "ring"),
    (graph([separate("a", BUILT_IN, "nothing.vocals")], ["a.vocals"]), "bad_preset", "/steps/0", "nothing"),
    (graph([separate("a", BUILT_IN)], []), "bad_preset", "/outputs", ""),
    (graph([{"kind": "magic", "name": "a"}], ["a.vocals"]), "bad_preset", "/steps/0/kind", "magic"),
    ({"version": "9"}, "bad_preset", "/version", "9"),
    ([1], "bad_preset", "", "object"),
]


@pytest.mark.parametrize(("data", "code", "place", "word"), WRONG)
def test_what_is_wrong_is_said_with_its_place(client: TestClient, data: Any, code: str, place: str, word: str) -> None:
    answer = client.post(f"{PRESETS}/validate", json=data)
    assert answer.status_code == 200
    said = answer.json()
    assert (said["valid"], said["error"]["code"], said["place"]) == (False, code, place), said
    assert word in said["error"]["detail"]
    if code == "unknown_model":
        assert said["missing"] == {"unknown": ["nobody"], "not_installed": []}
    refused(client.put(f"{PRESETS}/x", json=data), 404 if code == "unknown_model" else 400, code)


def test_a_good_preset_is_valid_and_its_missing_models_are_named(client: TestClient) -> None:
    assert client.post(f"{PRESETS}/validate", json=preset("x")).json() == {
        "valid": True,
        "error": None,
        "place": "",
        "missing": {"unknown": [], "not_installed": []},
    }
    assert client.post(f"{PRESETS}/validate", json=FLOW).json()["missing"]["not_installed"] == ["two"]
    assert client.post(f"{PRESETS}/validate", content=b"{").json()["error"]["code"] == "bad_preset"
    assert names(client) == ["my_preset"]


def test_a_broken_file_is_shown_with_its_problem(house: House, client: TestClient) -> None:
    (house.services.storage.presets / "broken.json").write_text('{"version": "2.0.0", "name": "Broken"}', encoding="utf-8")
    shown = client.get(f"{PRESETS}/broken").json()
    assert (shown["card"]["title"], shown["preset"]["name"]) == ("Broken", "Broken")
    assert "/steps" in shown["card"]["problem"]
    (house.services.storage.presets / "broken.json").write_text("{", encoding="utf-8")
    refused(client.get(f"{PRESETS}/broken"), 400, "bad_preset")
    refused(client.get(f"{PRESETS}/broken/export"), 400, "bad_preset")
    assert "broken" in names(client, runnable=False)


@pytest.mark.parametrize("name", ["nothing", "../x", "../../jobs.db", "%00", "a/b", "人声", "a" * 3000, "history"])
def test_names_that_nobody_has(client: TestClient, name: str) -> None:
    address = f"{PRESETS}/{quote(name, safe='%')}"
    for method, tail in (("GET", ""), ("GET", "/export"), ("DELETE", ""), ("POST", "/duplicate"), ("POST", "/rename")):
        body = {"name": "x"} if method == "POST" else None
        refused(client.request(method, f"{address}{tail}", json=body), 404, "unknown_preset")
    refused(client.post(f"{address}/restore", json={"at": 5}), 404, "unknown_preset")


@pytest.mark.parametrize(("name", "stored"), [("../../up", "_.._up"), ("a/b", "a_b"), ("con", "_con"), ("%00", "_"), ("人 声", "人_声")])
def test_names_that_people_type_become_safe(house: House, client: TestClient, name: str, stored: str) -> None:
    home = house.services.storage.home
    before = {path for path in home.parent.rglob("*") if path.is_file()}
    assert client.put(f"{PRESETS}/{quote(name, safe='%')}", json=preset("Mine")).json()["name"] == stored
    new = {path for path in home.parent.rglob("*") if path.is_file()} - before
    assert new == {house.services.storage.presets / f"{stored}.json"}
    assert client.get(f"{PRESETS}/{stored}").json()["card"]["title"] == "Mine"


def test_the_kinds_of_steps_say_what_they_are_made_of(client: TestClient) -> None:
    answer = client.get("/api/v1/steps").json()
    kinds = {each["kind"]: each["schema"] for each in answer["kinds"]}
    assert set(kinds) == set(STEPS)
    assert answer["version"] == "2.0.0"
    assert "PCM_24" in answer["formats"]["flac"]
    loudness = kinds["loudness"]["properties"]["lufs"]
    assert (loudness["type"], loudness["default"], loudness["minimum"], loudness["maximum"]) == ("number", -14, -70, 0)


def sounds(schema: dict[str, Any]) -> set[str]:
    """Fields of a schema that name sounds, also of what its lists hold."""
    found = set()
    for part in (schema, *schema.get("$defs", {}).values()):
        for name, value in part.get("properties", {}).items():
            if any(each.get("reference") for each in (value, value.get("items", {}), *value.get("anyOf", []))):
                found.add(name)
    return found


def test_the_kinds_of_steps_mark_what_names_a_sound(client: TestClient) -> None:
    found = {each["kind"]: sounds(each["schema"]) for each in client.get("/api/v1/steps").json()["kinds"]}
    several = {"ensemble": {"input", "from"}, "mix": {"from"}, "join": {"sources"}, "splice": {"input", "patch"}}
    assert found == {kind: several.get(kind, {"input"}) for kind in STEPS}


def test_what_somebody_else_saved_is_not_overwritten_unasked(client: TestClient) -> None:
    client.put(f"{PRESETS}/mine", json=preset("One")).raise_for_status()
    revision = client.get(f"{PRESETS}/mine").json()["revision"]
    client.put(f"{PRESETS}/mine", params={"revision": revision}, json=preset("Two")).raise_for_status()
    refused(client.put(f"{PRESETS}/mine", params={"revision": revision}, json=preset("Three")), 409, "preset_changed")
    assert client.get(f"{PRESETS}/mine").json()["card"]["title"] == "Two"
    client.put(f"{PRESETS}/mine", json=preset("Three")).raise_for_status()
    assert client.get(f"{PRESETS}/mine").json()["revision"] != revision


def outputs(*each: dict[str, Any]) -> dict[str, Any]:
    return graph([separate("s", BUILT_IN)], list(each))


REASONS: list[tuple[Any, str, dict[str, str]]] = [
    (preset("x", stem="drums"), "no_stem", {"step": "s", "stem": "drums", "reference": "s.drums"}),
    (graph([separate("s", "")], ["s.vocals"]), "missing", {"field": "model"}),
    (graph([separate("s", BUILT_IN, "gone.vocals")], ["s.vocals"]), "unknown_step", {"reference": "gone.vocals"}),
    (graph([separate("s", BUILT_IN), {"kind": "convert", "name": "c", "input": "s"}], ["c"]), "several_stems", {"step": "s"}),
    (graph([separate("s", BUILT_IN), separate("S", BUILT_IN)], ["s.vocals"]), "step_name_twice", {}),
    (graph([separate("a.b", BUILT_IN)], ["a.vocals"]), "step_name", {}),
    (graph([separate("a", BUILT_IN, "b.vocals"), separate("b", BUILT_IN, "a.vocals")], ["a.vocals"]), "ring", {"ring": "a → b → a"}),
    (graph([separate("s", BUILT_IN)], []), "few", {"limit": "1"}),
    (graph([{"kind": "magic", "name": "a"}], ["a.vocals"]), "unknown_kind", {"value": "magic"}),
    (graph([{"kind": "effects", "name": "a", "chain": [{"effect": "magic"}]}], ["a"]), "unknown_effect", {"value": "magic"}),
    (graph([{"kind": "effects", "name": "a", "chain": [{"effect": "gain", "db": 90}]}], ["a"]), "most", {"limit": "60", "field": "db"}),
    (graph([{"kind": "cut", "name": "a", "start": 2, "end": 1}], ["a"]), "backwards", {}),
    (graph([{"kind": "ensemble", "name": "a", "members": [{}]}], ["a"]), "member", {}),
    (outputs({"from": "mixture"}), "no_source", {"reference": "mixture"}),
    (outputs({"from": "s.vocals", "name": "x"}), "name_constant", {"field": "{song}"}),
    (outputs({"from": "s.vocals", "name": "{tune}"}), "name_field", {"field": "{tune}"}),
    (outputs({"from": "s.vocals", "name": "a/{song}"}), "name_folder", {}),
    (outputs({"from": "s.vocals", "name": "{song"}), "name_braces", {}),
    (outputs({"from": "s.*", "name": "{song}"}), "names_alike", {}),
    (outputs({"from": "s.vocals", "format": "aiff"}), "format", {}),
    ({"version": "9"}, "version", {"version": "9"}),
    ({"name": "x"}, "no_preset", {}),
]


@pytest.mark.parametrize(("data", "reason", "params"), REASONS)
def test_what_is_wrong_can_be_said_in_every_language(client: TestClient, data: Any, reason: str, params: dict[str, str]) -> None:
    error = client.post(f"{PRESETS}/validate", json=data).json()["error"]
    assert error["params"] | {"reason": reason, **params} == error["params"]
    for language in i18n.languages():
        assert i18n.placeholders(i18n.own_texts(language)[f"error.bad_preset.{reason}"]) <= error["params"].keys()
