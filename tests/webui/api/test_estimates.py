"""Purposes and estimates: what serves a purpose here, how long it takes, and no number where nobody knows one."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient

from inference.presets.reading import parse_preset
from tests.webui.api.conftest import House, refused
from webui.services.estimates import UNKNOWN, Estimator, starts
from webui.services.purposes import preset_for
from webui.services.speeds import KEPT, Speeds, kind_of, predict

BUILT_IN = "spleeter_2stems"
ESTIMATES = "/api/v1/estimates"


def estimate(client: TestClient, **query: Any) -> dict[str, Any]:
    answer = client.get(ESTIMATES, params=query)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def purposes(client: TestClient) -> dict[str, Any]:
    return {each["name"]: each for each in client.get("/api/v1/purposes").json()["purposes"]}


def test_purposes_say_what_is_best_and_what_is_here(client: TestClient) -> None:
    found = purposes(client)
    assert {"vocals", "karaoke", "four_stems", "dereverb"} <= set(found)
    vocals = found["vocals"]
    assert vocals["now"]["name"] == BUILT_IN
    assert not vocals["best"]["installed"]
    assert vocals["best"]["bytes"] > 1e6
    assert vocals["best"]["name"] not in [each["name"] for each in vocals["also"]]
    assert found["karaoke"]["now"] is None


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"purpose": "vocals", "quality": "best"}, 409, "model_not_installed"),
        ({"purpose": "karaoke"}, 409, "model_not_installed"),
        ({"purpose": "money"}, 400, "bad_option"),
        ({"purpose": "vocals", "quality": "perfect"}, 400, "bad_request"),
        ({"purpose": "vocals", "model": BUILT_IN}, 400, "bad_request"),
        ({"quality": "best"}, 400, "bad_request"),
    ],
)
def test_purposes_that_cannot_be_served(client: TestClient, fields: dict[str, str], status: int, code: str) -> None:
    answer = client.post("/api/v1/jobs", data={"sample": "true", **fields})
    refused(answer, status, code)
    if code == "model_not_installed":
        wanted = purposes(client)[fields["purpose"]]["best"]["name"]
        assert answer.json()["params"]["models"] == wanted


def test_the_stem_of_the_purpose_comes_first(house: House) -> None:
    record = house.services.models.get("HTDemucs4")
    preset = preset_for(record, "drums")
    assert (preset.outputs[0].source, preset.outputs[0].main) == ("step1.drums", True)
    assert {each.source for each in preset.outputs} == {f"step1.{stem}" for stem in record.stems}
    assert preset_for(record, "four_stems").outputs[0].source == "step1.*"


def test_what_was_done_here_counts_most(client: TestClient, house: House) -> None:
    speeds = house.services.estimator._speeds
    nothing = estimate(client, model=BUILT_IN)
    assert (nothing["seconds"], nothing["basis"]) == (None, "unknown")
    assert estimate(client, model=BUILT_IN, duration=200)["basis"] == "guess"
    for length in (60.0, 120.0, 240.0, 300.0):
        speeds.note(kind_of([BUILT_IN], "auto", {}), length, 5.0 + 0.1 * length)
    known = estimate(client, model=BUILT_IN, duration=180)
    assert known["basis"] == "history"
    assert known["seconds"] == pytest.approx(23.0, abs=0.1)
    assert known["low"] < known["seconds"] < known["high"]
    two = estimate(client, purpose="vocals", duration=[180, 180])
    assert two["seconds"] == pytest.approx(46.0, abs=0.1)
    slow = estimate(client, model=BUILT_IN, duration=180, tta=True)
    assert (slow["basis"], slow["seconds"]) == ("calibrated", pytest.approx(69.0, abs=0.2))
    best = estimate(client, purpose="vocals", quality="best", duration=180)
    assert best["basis"] == "calibrated"
    assert best["seconds"] > 20 * known["seconds"]
    [model] = best["models"]
    assert (model["installed"], model["bytes"]) == (False, best["missing_bytes"])
    assert best["high"] / best["low"] == pytest.approx(4.0, abs=0.1)


def test_where_nobody_knows_nobody_is_told(client: TestClient, house: House) -> None:
    assert estimate(client, model="one", duration=180)["basis"] == "unknown"  # never measured
    house.services.device = "NVIDIA H100 (cuda:0)"
    assert estimate(client, model=BUILT_IN, duration=180)["basis"] == "unknown"
    refused(client.get(ESTIMATES, params={"model": "nobody", "duration": 3}), 404, "unknown_model")
    refused(client.get(ESTIMATES, params={"preset": "../x", "duration": 3}), 404, "unknown_preset")
    for wrong in ("-1", "inf", "nan", "1e300"):
        refused(client.get(ESTIMATES, params={"model": BUILT_IN, "duration": wrong}), 400, "bad_request")
    refused(client.get(ESTIMATES, params={"model": BUILT_IN, "duration": 1, "overlap": "much"}), 400, "bad_option")
    refused(client.get(ESTIMATES, params={"model": BUILT_IN, "duration": 1, "options": "[]"}), 400, "bad_option")


def test_one_odd_job_moves_nothing() -> None:
    usual = [(length, 4.0 + 0.5 * length) for length in (100.0, 150.0, 200.0, 250.0, 300.0, 350.0)]
    calm = predict(usual, 200.0)
    odd = predict([*usual, (210.0, 4000.0)], 200.0)
    assert calm is not None
    assert odd is not None
    assert odd[0] == pytest.approx(calm[0], rel=0.1)
    assert calm[0] == pytest.approx(104.0)
    assert predict([], 200.0) is None
    assert predict(usual, 0.0) is None
    short = predict([(10.0, 5.0), (200.0, 20.0)], 180.0)
    assert short is not None
    assert short[0] == pytest.approx(18.0)


def test_the_file_is_bounded_and_takes_any_damage(tmp_path: Any) -> None:
    speeds = Speeds(tmp_path / "speeds.json")
    for number in range(KEPT + 5):
        speeds.note("a|cpu|", 10.0 + number, 1.0)
    assert len(speeds.samples("a|cpu|")) == KEPT
    assert speeds.samples("a|cpu|")[-1] == (10.0 + KEPT + 4, 1.0)
    for text in ("", "[]", '{"kinds": 3}', '{"kinds": {"a|cpu|": [[1], ["x", 2], 7, [1, 2]]}}', "\0" * 40):
        (tmp_path / "speeds.json").write_text(text)
        assert speeds.samples("a|cpu|") in ([], [(1.0, 2.0)])
    speeds.note("a|cpu|", 1.0, 1.0)
    assert speeds.samples("a|cpu|")[-1] == (1.0, 1.0)


def test_a_preset_takes_what_its_models_take(tmp_path: Any, house: House) -> None:
    speeds = Speeds(tmp_path / "speeds.json")
    steps = [
        {"kind": "separate", "name": name, "input": source, "model": BUILT_IN} for name, source in (("a", "mixture"), ("b", "a.vocals"))
    ]
    preset = parse_preset({"version": "2.0.0", "name": "Two", "steps": steps, "outputs": [{"from": "b.vocals"}]})
    estimator = Estimator(speeds, house.services.library.catalogue, lambda: "CPU")
    speeds.note(kind_of([BUILT_IN], "cpu", {}), 100.0, 10.0)
    twice = estimator.of_preset(preset, [100.0], device="cpu", options={})
    assert (twice.seconds, twice.basis) == (pytest.approx(20.0), "history")
    speeds.note(kind_of([BUILT_IN, BUILT_IN], "cpu", {}), 100.0, 17.0)
    assert estimator.of_preset(preset, [100.0], device="cpu", options={}).seconds == pytest.approx(17.0)
    mixing = {"kind": "mix", "name": "m", "sources": [{"from": "mixture"}]}
    plain = parse_preset({"version": "2.0.0", "name": "Mix", "steps": [mixing], "outputs": [{"from": "m"}]})
    assert estimator.of_preset(plain, [100.0], device="cpu", options={}) == UNKNOWN


def test_the_line_on_several_workers() -> None:
    waiting = [("a", 10.0), ("b", 5.0), ("c", None), ("d", 1.0)]
    assert starts([4.0, 20.0], waiting[:2], 2) == ({"a": 4.0, "b": 14.0}, 20.0)
    found, done = starts([4.0], waiting, 2)
    assert found == {"a": 0.0, "b": 4.0, "c": 9.0, "d": None}
    assert done is None
    assert starts([], [], 1) == ({}, 0.0)
    assert starts([None], [("a", 1.0)], 1) == ({"a": None}, None)


def test_kinds_of_work() -> None:
    assert kind_of(["B", "a"], "cpu", {"overlap": "standard", "tta": False, "shifts": 1, "precision": "auto"}) == "a+b|cpu|"
    assert kind_of(["a"], "cpu", {"overlap": "fast", "batch": 3}) == "a|cpu|overlap=fast"
