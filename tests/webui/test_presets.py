"""The presets of a user: stored whole, with a history, never over a shipped one."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from inference.catalogue import Catalogue
from inference.errors import BadPreset, ModelNotInstalled, UnknownModel, UnknownPreset
from tests.inference.presets.shop import CATALOGUE, graph, record, separate
from webui.services.errors import BadRequest
from webui.services.preset_files import OwnPresets
from webui.services.presets import PresetService

HUB = {"kind": "hub", "name": "x.ckpt", "bytes": 1, "repos": [{"host": "huggingface", "repo": "a/b", "path": "x.ckpt"}]}
FAR = record("far", "vocals", weights=HUB)
ALL = Catalogue({each.name: each for each in [*CATALOGUE, FAR]})

FLOW = {
    "version": "1.0.0",
    "name": "Chain",
    "flow": [{"model_type": "vocal_models", "model_name": "split.ckpt", "input_to_next": "vocals", "output_to_storage": []}],
}


def preset(name: str, model: str = "split", stem: str = "vocals") -> dict[str, Any]:
    return graph([separate("s", model)], [f"s.{stem}"], name=name, description="d")


@pytest.fixture
def presets(tmp_path: Path) -> PresetService:
    shipped = tmp_path / "shipped"
    shipped.mkdir()
    for name, data in {"flow": FLOW, "other": preset("Other", stem="other"), "away": preset("Away", "far")}.items():
        (shipped / f"{name}.json").write_text(json.dumps(data), encoding="utf-8")
    return PresetService(tmp_path / "own", shipped, lambda: ALL)


def own_files(tmp_path: Path) -> list[str]:
    return sorted(path.name for path in (tmp_path / "own").glob("*") if path.is_file())


def test_what_can_run_and_what_cannot(presets: PresetService, tmp_path: Path) -> None:
    presets.save("mine", preset("Mine"))
    (tmp_path / "own" / "broken.json").write_text('{"version": "2.0.0", "name": "Broken"}', encoding="utf-8")
    assert [card.name for card in presets.all()] == ["flow", "mine", "other"]
    cards = {card.name: card for card in presets.all(runnable=False)}
    assert list(cards) == ["away", "broken", "flow", "mine", "other"]
    assert cards["away"].missing == ("far",)
    assert cards["broken"].title == "Broken"
    assert "/steps" in cards["broken"].problem
    assert (cards["mine"].own, cards["other"].own) == (True, False)
    assert (cards["other"].title, cards["other"].description, cards["other"].stems) == ("Other", "d", ("other",))
    assert presets.get("flow.json").name == "Chain"


def test_models_to_be_installed_are_named(presets: PresetService) -> None:
    with pytest.raises(ModelNotInstalled, match="far"):
        presets.get("away")
    assert presets.load("away").name == "Away"
    assert presets.missing("away").not_installed == ("far",)
    with pytest.raises(UnknownPreset, match="nothing"):
        presets.get("nothing")


def test_what_is_wrong_is_not_stored(presets: PresetService, tmp_path: Path) -> None:
    with pytest.raises(BadPreset, match="'drums'"):
        presets.save("bad", preset("Bad", stem="drums"))
    with pytest.raises(UnknownModel, match="nobody"):
        presets.save("bad", preset("Bad", "nobody"))
    with pytest.raises(BadPreset):
        presets.save("bad", {"version": "3"})
    assert own_files(tmp_path) == []


@pytest.mark.parametrize(
    ("typed", "name"),
    [("My set", "My_set"), ("../../up", "_.._up"), ("人声", "人声"), ("a/b\\c", "a_b_c"), ("con", "_con"), ("", "song"), ("x.json", "x")],
)
def test_names_become_safe_files(presets: PresetService, tmp_path: Path, typed: str, name: str) -> None:
    assert presets.save(typed, preset("Mine")).name == name
    assert own_files(tmp_path) == [f"{name}.json"]
    assert presets.get(name).name == "Mine"


def test_the_user_s_hide_the_shipped_ones(presets: PresetService) -> None:
    presets.save("other", preset("Mine instead"))
    assert presets.get("other").name == "Mine instead"
    presets.delete("other")
    assert presets.get("other").name == "Other"
    with pytest.raises(BadRequest, match="comes with the program"):
        presets.delete("other")
    with pytest.raises(BadRequest):
        presets.rename("other", "another")


def test_a_history_of_edits(presets: PresetService) -> None:
    for number in range(4):
        presets.save("mine", preset(f"Version {number}"))
    presets.save("mine", preset("Version 3"))
    history = presets.history("mine")
    assert [version.title for version in history] == ["Version 2", "Version 1", "Version 0"]
    assert [version.steps for version in history] == [1, 1, 1]
    assert [version.at for version in history] == sorted((version.at for version in history), reverse=True)
    presets.restore("mine", history[-1].at)
    assert presets.get("mine").name == "Version 0"
    assert presets.history("mine")[0].title == "Version 3"
    with pytest.raises(UnknownPreset):
        presets.restore("mine", 1)


def test_what_was_deleted_can_be_restored(presets: PresetService) -> None:
    presets.save("mine", preset("Mine"))
    presets.delete("mine")
    with pytest.raises(UnknownPreset):
        presets.get("mine")
    (version,) = presets.history("mine")
    assert presets.restore("mine", version.at).title == "Mine"
    assert presets.get("mine").name == "Mine"


def test_rename_takes_the_history_along(presets: PresetService, tmp_path: Path) -> None:
    presets.save("mine", preset("One"))
    presets.save("mine", preset("Two"))
    card = presets.rename("mine", "My best")
    assert (card.name, card.title) == ("My_best", "My best")
    assert own_files(tmp_path) == ["My_best.json"]
    assert [version.title for version in presets.history("My_best")] == ["Two", "One"]
    assert presets.history("mine") == []
    with pytest.raises(BadRequest, match="already"):
        presets.rename("My_best", "flow")


def test_duplicates_get_names_of_their_own(presets: PresetService) -> None:
    assert presets.duplicate("flow").name == "flow_2"
    assert presets.duplicate("flow").name == "flow_3"
    copy = presets.duplicate("flow", "Copy of it")
    assert (copy.name, copy.title, copy.own) == ("Copy_of_it", "Copy of it", True)
    with pytest.raises(BadRequest, match="already"):
        presets.duplicate("flow", "OTHER")


def test_import_and_export(presets: PresetService) -> None:
    exported = presets.export("flow")
    assert exported["version"] == "2.0.0"
    assert exported["name"] == "Chain"
    assert presets.stored("flow") == FLOW
    card = presets.take_in(json.dumps(exported).encode("utf-8-sig"))
    assert (card.name, card.title) == ("Chain", "Chain")
    assert presets.take_in(json.dumps(FLOW).encode()).name == "Chain_2"
    assert presets.take_in(json.dumps(FLOW).encode(), "flow").name == "flow_2"
    assert presets.export("Chain") == exported
    assert presets.get("Chain").outputs[0].source == presets.get("flow").outputs[0].source


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"\xff\xfe", b"[" * 100_000, b" " * (1 << 21)])
def test_files_that_are_no_presets(presets: PresetService, tmp_path: Path, content: bytes) -> None:
    with pytest.raises(BadPreset):
        presets.take_in(content)
    assert own_files(tmp_path) == []


def test_files_that_somebody_put_there(presets: PresetService, tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "by hand.json").write_text(json.dumps(preset("By hand")), encoding="utf-8")
    assert presets.get("by hand").name == "By hand"
    presets.save("by hand", preset("Changed"))
    assert presets.rename("by hand", "typed").name == "typed"
    assert own_files(tmp_path) == ["typed.json"]


@pytest.mark.parametrize(
    "add",
    [
        lambda presets: presets.take_in(json.dumps(preset("Mine")).encode()),
        lambda presets: presets.duplicate("flow"),
    ],
)
def test_several_of_one_name_at_a_time_are_all_kept(
    presets: PresetService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, add: Callable[[PresetService], Any]
) -> None:
    files = OwnPresets.files

    def slowly(own: OwnPresets) -> dict[str, Path]:
        found = files(own)
        [1 for _ in range(20_000)]  # time enough for the others to look as well
        return found

    monkeypatch.setattr(OwnPresets, "files", slowly)
    with ThreadPoolExecutor(8) as threads:
        names = list(threads.map(lambda _: add(presets).name, range(16)))
    assert len(set(names)) == 16
    assert own_files(tmp_path) == sorted(f"{name}.json" for name in names)
    assert not (tmp_path / "own" / "history").exists()


@pytest.mark.parametrize("name", ["a" * 80, "人" * 60, "人" * 80, "x.y" * 26])
def test_a_long_name_that_is_taken_gets_a_number_too(presets: PresetService, tmp_path: Path, name: str) -> None:
    data = json.dumps(preset("Mine")).encode()
    names = [presets.take_in(data, name).name for _ in range(11)]
    assert len(set(names)) == 11
    assert [each.rpartition("_")[2] for each in names[1:]] == [str(number) for number in range(2, 12)]
    assert own_files(tmp_path) == sorted(f"{each}.json" for each in names)
