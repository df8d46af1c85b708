"""The commands for models and presets: the same services as everywhere, and exit statuses that say how it went."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from typer.testing import CliRunner, Result

from inference.catalogue import load_catalogue
from inference.errors import BadOption
from inference.networks import build
from inference.presets import ModelMember
from tests.conftest import ROOT
from tests.families import CONFIGS
from tests.inference.presets.shop import graph, separate
from tests.tools.hub.server import Fault, Hub, content, eventually
from tests.webui.shelf import record, write_catalogue
from webui.cli import app
from webui.commands.ensemble import _member

FAMILY = "mel_band_roformer"
Command = Callable[..., Result]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MSST_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("MSST_HUB_MIRRORS", "")
    monkeypatch.setenv("MSST_PROXY", "none")
    return tmp_path / "home"


@pytest.fixture
def command(home: Path) -> Command:
    """command("models", "list", ...) -> what came of it; the exit status must be 0, or `status`."""

    def run(*arguments: str | Path, status: int = 0) -> Result:
        done = CliRunner().invoke(app, list(map(str, arguments)))
        assert done.exit_code == status, (done.output, done.exception)
        return done

    return run


def weights(seed: int = 1) -> bytes:
    torch.manual_seed(seed)
    file = io.BytesIO()
    torch.save({"state_dict": build(FAMILY, CONFIGS[FAMILY]).state_dict()}, file)
    return file.getvalue()


@pytest.fixture
def hub(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A hub with two models that the catalogue of the home folder knows; it can be chosen as an endpoint, and is the setting's."""
    files = {"models/one.ckpt": weights(), "models/two.ckpt": content(200_000, 2)}
    records = [record(name, files[f"models/{name}.ckpt"], family=FAMILY) for name in ("one", "two")]
    write_catalogue(home / "models", *[{**each, "config": CONFIGS[FAMILY]} for each in records])
    with Hub(dict(files)) as running:
        monkeypatch.setenv("MSST_HUB_ENDPOINT", running.url)
        yield running


def test_models_are_found(command: Command) -> None:
    found = json.loads(command("models", "list", "--category", "karaoke", "--sort", "score", "--max-mb", 200, "--json").stdout)
    assert found
    assert {model["category"] for model in found} == {"karaoke"}
    assert max(model["bytes"] for model in found) <= 200e6
    assert len(json.loads(command("models", "list", "--json").stdout)) == len(load_catalogue())
    assert [model["name"] for model in json.loads(command("models", "list", "--installed", "--json").stdout)] == ["spleeter_2stems"]
    assert "5_HP-Karaoke-UVR" in command("models", "list", "--text", "karaoke uvr").stdout
    assert "'best'" in command("models", "list", "--sort", "best", status=2).stderr
    assert "'singing'" in command("models", "list", "--category", "singing", status=2).stderr


def test_a_model_is_shown(command: Command) -> None:
    about = json.loads(command("models", "show", "KIM_melbandroformer.ckpt", "--json").stdout)
    assert (about["name"], about["stems"], about["installed"], about["defaults"]) == ("Kim_MelBandRoformer", ["vocals", "other"], False, {})
    assert "913" in command("models", "show", "Kim_MelBandRoformer").stdout
    missing = command("models", "show", "Kim_MelBandRoforma", status=2)
    assert "Did you mean: Kim_MelBandRoformer" in missing.stderr


def test_what_is_recommended(command: Command) -> None:
    purposes = json.loads(command("models", "recommend", "--json").stdout)
    catalogue = load_catalogue()
    assert {name: entry["best"] for name, entry in purposes.items()} == {name: entry.best for name, entry in catalogue.recommended.items()}
    found = json.loads(command("models", "recommend", "karaoke", "--json").stdout)
    assert [model["name"] for model in found] == list(catalogue.recommended["karaoke"].names)
    assert "karaoke" in command("models", "recommend").stdout
    assert "'breakfast'" in command("models", "recommend", "breakfast", status=2).stderr


def test_the_user_s_own_options(command: Command, home: Path) -> None:
    name = "spleeter_2stems"
    assert json.loads(command("models", "defaults", name).stdout) == {}
    command("models", "defaults", name, "overlap=high", "tta=true", "vr.window_size=320", "batch=2")
    assert load_catalogue(home / "models").defaults(name) == {"overlap": "high", "tta": True, "vr": {"window_size": 320}, "batch": 2}
    changed = {"overlap": 4, "tta": True, "batch": 2}
    assert json.loads(command("models", "defaults", name, "overlap=4", "vr.window_size=").stdout) == changed
    for wrong in ("overlap", "speed=2", "tta=7", "overlap.x=1"):
        command("models", "defaults", name, wrong, status=2)
    assert json.loads(command("models", "show", name, "--json").stdout)["defaults"] == changed
    assert json.loads(command("models", "defaults", name, "--clear").stdout) == {}
    assert json.loads(command("models", "defaults", name, "--clear", "shifts=2").stdout) == {"shifts": 2}


def test_install_verify_repair_uninstall(command: Command, hub: Hub, home: Path) -> None:
    hub.faults.append(Fault("drop", 1000))
    done = command("models", "install", "ONE", "--endpoint", hub.url)
    assert done.stdout == "one: installed\n"
    path = load_catalogue(home / "models").get("one").weights.paths()[0]
    assert path.read_bytes() == hub.files["models/one.ckpt"]
    assert command("models", "verify", "one").stdout == "one: whole\n"
    (use,) = json.loads(command("models", "disk", "--json").stdout)["models"]
    assert (use["name"], use["bytes"], use["linked"]) == ("one", path.stat().st_size, False)
    assert use["converted"] > 0
    assert "one" in command("models", "disk").stdout
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    assert "other bytes" in command("models", "verify", "one", status=1).stdout
    command("models", "repair", "one", "spleeter_2stems", "--url", "https://example.org/x", status=2)
    assert "file:" in command("models", "repair", "one", "--url", "file:///one.ckpt", status=2).stderr
    assert command("models", "repair", "one", "spleeter_2stems").stdout == "spleeter_2stems: whole\none: installed\n"
    assert path.read_bytes() == hub.files["models/one.ckpt"]
    assert "became free" in command("models", "uninstall", "one").stdout
    assert not path.exists()
    assert not load_catalogue(home / "models").installed("one")
    command("models", "uninstall", "spleeter_2stems", status=2)


def test_what_does_not_fit_is_not_installed(command: Command, hub: Hub, home: Path) -> None:
    """Bytes as promised that are no checkpoint: the other model is installed all the same."""
    done = command("models", "install", "two", "one", status=1)
    assert done.stdout == "one: installed\n"
    assert done.stderr.startswith("two: ")
    catalogue = load_catalogue(home / "models")
    assert (catalogue.installed("one"), catalogue.installed("two")) == (True, False)


def test_installing_is_refused_at_once(command: Command, hub: Hub) -> None:
    assert "'nobody'" in command("models", "install", "one", "nobody", status=2).stderr
    assert "--url" in command("models", "install", "one", "two", "--url", "https://example.org/x", status=2).stderr
    assert "not in the settings" in command("models", "install", "one", "--endpoint", "http://10.0.0.1", status=2).stderr
    assert hub.asked == []


@pytest.mark.skipif(os.name == "nt", reason="Ctrl-C of another process is another thing there")
def test_ctrl_c_keeps_what_has_arrived(hub: Hub, home: Path) -> None:
    hub.faults.append(Fault("stall", 100_000))
    process = subprocess.Popen(
        [sys.executable, "webui.py", "models", "install", "two"], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    part = home / "models" / "files" / "two.ckpt.part"
    eventually(lambda: part.is_file() and part.stat().st_size == 100_000)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "stopped" in said
    assert "Traceback" not in said
    assert part.stat().st_size == 100_000
    again = subprocess.run([sys.executable, "webui.py", "models", "install", "two"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert again.returncode == 1, "it is no checkpoint"
    assert [asked.start for asked in hub.asked] == [0, 100_000], "it went on where it was"


def test_a_model_of_one_s_own(command: Command, home: Path, tmp_path: Path) -> None:
    checkpoint, yaml = tmp_path / "mine.ckpt", tmp_path / "mine.yaml"
    checkpoint.write_bytes(weights())
    yaml.write_text(json.dumps(CONFIGS[FAMILY]), encoding="utf-8")
    assert f"mine: {FAMILY}" in command("models", "add", checkpoint, "--config", yaml, "--title", "Mine").stdout
    model = load_catalogue(home / "models").get("mine")
    assert (model.title, model.installed) == ("Mine", True)
    assert "already" in command("models", "add", checkpoint, "--config", yaml, "--name", "Kim_MelBandRoformer", status=2).stderr
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(json.dumps({**CONFIGS[FAMILY], "model": {**CONFIGS[FAMILY]["model"], "dim": 32}}), encoding="utf-8")
    refused = command("models", "add", checkpoint, "--config", wrong, "--name", "other", status=1)
    assert len(refused.stderr.splitlines()) > 1, "each weight that does not fit is named"
    command("models", "add", tmp_path / "nothing.ckpt", status=2)


def test_a_folder_of_another_program(command: Command, hub: Hub, home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "UVR"
    folder.mkdir()
    (folder / "renamed.ckpt").write_bytes(hub.files["models/one.ckpt"])
    (folder / "stranger.pth").write_bytes(b"?")
    report = json.loads(command("models", "link", folder, "--json").stdout)
    assert report["linked"] == ["one"]
    assert len(report["unknown"]) == 1
    assert load_catalogue(home / "models").installed("one")
    said = command("models", "link", folder).stdout
    assert "1 installed before:" in said
    assert "stranger.pth" in said
    assert "linked" in command("models", "disk").stdout
    command("models", "uninstall", "one")
    assert (folder / "renamed.ckpt").is_file()
    command("models", "link", tmp_path / "nowhere", status=2)


def preset(title: str, stem: str = "vocals") -> dict[str, Any]:
    return graph([separate("s", "spleeter_2stems")], [f"s.{stem}"], name=title)


@pytest.fixture
def preset_file(tmp_path: Path) -> Path:
    path = tmp_path / "some.json"
    path.write_text(json.dumps(preset("First")), encoding="utf-8")
    return path


def test_presets_are_listed_and_shown(command: Command) -> None:
    ready = [card["name"] for card in json.loads(command("presets", "list", "--json").stdout)]
    everything = {card["name"]: card for card in json.loads(command("presets", "list", "--all", "--json").stdout)}
    assert ready == ["my_preset"]
    assert everything["karaoke"]["missing"]
    assert "karaoke" not in command("presets", "list").stdout
    assert "karaoke" in command("presets", "list", "-a").stdout
    shown = command("presets", "show", "karaoke")
    assert json.loads(shown.stdout)["version"] == "2.0.0"
    assert everything["karaoke"]["missing"][0] in shown.stderr
    assert "'nothing'" in command("presets", "show", "nothing", status=2).stderr


def test_preset_files_are_checked(command: Command, preset_file: Path, tmp_path: Path) -> None:
    bad, far = tmp_path / "bad.json", tmp_path / "far.json"
    bad.write_text(json.dumps(preset("Bad", "drums")), encoding="utf-8")
    far.write_text(json.dumps(graph([separate("s", "Kim_MelBandRoformer")], ["s.vocals"])), encoding="utf-8")
    assert command("presets", "validate", preset_file).stdout == f"{preset_file}: good\n"
    assert "to be installed first: Kim_MelBandRoformer" in command("presets", "validate", far).stdout
    done = command("presets", "validate", bad, preset_file, status=1)
    assert "/outputs/0" in done.stderr
    assert "good" in done.stdout
    command("presets", "validate", tmp_path / "nowhere.json", status=2)
    command("presets", "import", bad, status=2)


def test_a_preset_s_life(command: Command, preset_file: Path, home: Path, tmp_path: Path) -> None:
    assert command("presets", "import", preset_file, "--name", "mine").stdout == "mine: ready\n"
    assert command("presets", "import", preset_file).stdout == "First: ready\n"
    assert command("presets", "duplicate", "mine").stdout == "mine_2\n"
    assert command("presets", "rename", "mine_2", "Another one").stdout == "Another_one\n"
    assert command("presets", "duplicate", "my_preset", "copy").stdout == "copy\n"
    command("presets", "rename", "my_preset", "x", status=2)
    command("presets", "delete", "my_preset", status=2)
    command("presets", "delete", "mine")
    assert sorted(path.stem for path in (home / "presets").glob("*.json")) == ["Another_one", "First", "copy"]
    (version,) = json.loads(command("presets", "history", "mine", "--json").stdout)
    assert str(version["at"]) in command("presets", "history", "mine").stdout
    assert command("presets", "restore", "mine").stdout == "mine: ready\n"
    command("presets", "restore", "mine", 1, status=2)
    command("presets", "restore", "First", status=2)
    command("presets", "export", "mine", "-o", tmp_path / "out.json")
    assert json.loads((tmp_path / "out.json").read_text(encoding="utf-8")) == preset("First")
    assert json.loads(command("presets", "export", "mine").stdout) == preset("First")


def test_a_preset_that_was_edited_is_stored_under_its_name(command: Command, preset_file: Path, tmp_path: Path) -> None:
    command("presets", "import", preset_file, "--name", "mine")
    edited = tmp_path / "edited.json"
    edited.write_text(json.dumps(preset("Other", "accompaniment")), encoding="utf-8")
    assert command("presets", "save", "mine", edited).stdout == "mine: ready\n"
    assert json.loads(command("presets", "show", "mine").stdout) == preset("Other", "accompaniment")
    assert [version["title"] for version in json.loads(command("presets", "history", "mine", "--json").stdout)] == ["First"]
    edited.write_text(json.dumps(preset("Bad", "drums")), encoding="utf-8")
    command("presets", "save", "mine", edited, status=2)
    assert json.loads(command("presets", "show", "mine").stdout) == preset("Other", "accompaniment")


def test_a_member_of_an_ensemble_in_words_and_as_json() -> None:
    assert _member("a:vocals:2") == ModelMember("a", "vocals", 2.0)
    assert _member('{"model": "a", "stem": "b:c", "options": {"overlap": 4}}') == ModelMember("a", "b:c", 1.0, {"overlap": 4})
    for wrong in ("a:b:c", "a:b:1:d", ":b", "{", '{"stem": "vocals"}'):
        with pytest.raises(BadOption):
            _member(wrong)


def test_settings_that_make_no_sense(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MSST_PORT", "many")
    assert "MSST_PORT='many'" in command("models", "list", status=2).stderr
