"""Verifying, repairing, uninstalling and linking models: what becomes of their files."""

from __future__ import annotations

from pathlib import Path

import pytest

from inference.errors import MsstError
from tests.tools.hub.server import Fault, Hub, content, eventually
from tests.webui.conftest import DATA, installed
from tests.webui.shelf import YAML, Looked, library, record, write_catalogue
from webui.services.errors import BadRequest


def test_damage_is_found_and_repaired(models: Path, hub: Hub) -> None:
    service = library(models, hub)
    for name in ("one", "two"):
        service.install(name)
        service.installs.wait(name, 60)
        assert service.repair(name) is None
        path = service.catalogue.get(name).weights.paths()[0]
        right = path.read_bytes()
        for wrong in (right[:-1], right[:-1] + b"x", None):
            path.unlink()
            if wrong is not None:
                path.write_bytes(wrong)
            report = service.verify(name)
            assert report.problems
            assert str(path) in report.problems[0]
            assert service.repair(name) is not None
            assert service.installs.wait(name, 60).state == "installed"
            assert path.read_bytes() == right
            assert service.verify(name).whole
    service.stop()


def test_what_the_hub_said_first_counts_ever_after(models: Path, hub: Hub) -> None:
    """Also after the model was uninstalled; unless somebody decides to trust the hub anew."""
    service = library(models, hub)
    service.install("two")
    service.installs.wait("two", 60)
    service.uninstall("two")
    hub.files["models/two.ckpt"] = content(len(DATA), 77)
    service.install("two")
    done = service.installs.wait("two", 60)
    assert done.state == "failed"
    assert "another file" in (done.error or {})["message"]
    service.install("two", trust_anew=True)
    assert service.installs.wait("two", 60).state == "installed"
    assert installed(service, "two") == content(len(DATA), 77)
    service.stop()


def test_what_arrived_of_a_stopped_download_counts_and_can_be_freed(models: Path, hub: Hub) -> None:
    service = library(models, hub)
    (models / "files").mkdir()
    (models / "files" / "one.ckpt.part").write_bytes(DATA[:5000])
    (models / "files" / "nobody.ckpt.part").write_bytes(b"?")
    (use,) = service.disk_use()
    assert (use.name, use.title, use.bytes, use.partial) == ("one", "One", 5000, True)
    assert service.uninstall("one") == 5000
    assert service.disk_use() == []
    service.stop()


def test_what_arrived_whole_but_cannot_be_used_counts_and_can_be_freed(models: Path, hub: Hub) -> None:
    error = MsstError("they do not fit")
    error.code = "bad_weights"
    service = library(models, hub, inspect=Looked(error))
    service.install("one")
    assert service.installs.wait("one", 60).state == "failed"
    (use,) = service.disk_use()
    assert (use.name, use.bytes, use.partial) == ("one", len(DATA), True)
    assert service.uninstall("one") == len(DATA)
    assert service.disk_use() == []
    service.stop()


def test_uninstalling_takes_all_that_is_ours(models: Path, hub: Hub) -> None:
    service = library(models, hub)
    before = {path.name for path in models.rglob("*")}
    for name in ("one", "two"):
        service.install(name)
        service.installs.wait(name, 60)
    (models / f"one-{'a' * 16}.safetensors").write_bytes(b"fast")
    (models / f"one-{'b' * 16}.precision.json").write_bytes(b"{}")
    (models / f"one-more-{'a' * 16}.safetensors").write_bytes(b"of another model")
    use = {each.name: each for each in service.disk_use()}
    assert (use["one"].bytes, use["one"].converted, use["one"].linked) == (len(DATA), 6, False)
    assert service.uninstall("one") == len(DATA) + 6
    assert service.uninstall("two") == len(DATA) + len(YAML)
    assert not service.catalogue.get("one").installed
    left = {path.name for path in models.rglob("*")} - before
    assert left == {"files", "installed.json", f"one-more-{'a' * 16}.safetensors"}
    assert service.uninstall("one") == 0
    with pytest.raises(BadRequest, match="comes with the program"):
        service.uninstall("spleeter_2stems")
    assert service.verify("spleeter_2stems").whole
    service.stop()


def test_uninstalling_stops_an_installation(models: Path, hub: Hub) -> None:
    hub.faults.append(Fault("stall", 1000))
    service = library(models, hub)
    service.install("one")
    eventually(lambda: hub.sent() == 1000)
    service.uninstall("one")
    assert service.installs.get("one").state == "cancelled"
    assert not [path for path in (models / "files").iterdir() if path.is_file()]
    service.stop()


def test_a_folder_of_models_is_linked_and_left_alone(models: Path, hub: Hub, tmp_path: Path) -> None:
    folder = tmp_path / "UVR" / "models"
    folder.mkdir(parents=True)
    write_catalogue(
        models,
        record("one", DATA),
        record("two", DATA, sha256=False, config=False),
        record("three", DATA, sha256=False),
        record("four", content(50, 4)),
    )
    (folder / "renamed by me.pth").write_bytes(DATA)
    (folder / "two.ckpt").write_bytes(DATA[::-1])
    (folder / "three.ckpt").write_bytes(DATA[::-1])
    (folder / "four.ckpt").write_bytes(content(50, 5))
    (folder / "mine.ckpt").write_bytes(b"mine")
    (folder / "readme.txt").write_bytes(DATA)
    seen = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.iterdir()}
    service = library(models, hub)
    report = service.link(folder.parent)
    assert sorted(report.linked) == ["one", "three"]
    assert report.no_config == ["two"]
    assert len(report.wrong) == 1
    assert str(folder / "four.ckpt") in report.wrong[0]
    assert [Path(text).name for text in report.unknown] == ["mine.ckpt"]
    assert service.catalogue.get("one").weights.paths() == [folder / "renamed by me.pth"]
    assert not service.catalogue.get("two").installed
    service.install("two")
    assert service.installs.wait("two", 60).state == "installed"
    assert hub.sent() == len(YAML)
    assert service.catalogue.get("two").weights.paths() == [folder / "two.ckpt"]
    assert service.verify("one").whole
    assert sorted(service.link(folder).already) == ["one", "three", "two"]
    for name in ("one", "two", "three"):
        assert service.disk_use()
        service.uninstall(name)
        assert not service.catalogue.get(name).installed
    assert {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.iterdir()} == seen
    with pytest.raises(BadRequest):
        service.link(tmp_path / "nowhere")
    service.stop()


def test_a_yaml_in_the_folder_is_used(models: Path, hub: Hub, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    (folder / "configs").mkdir(parents=True)
    (folder / "two.ckpt").write_bytes(DATA[::-1])
    (folder / "configs" / "two.yaml").write_text(YAML, encoding="utf-8")
    service = library(models, hub)
    assert service.link(folder).linked == ["two"]
    assert service.catalogue.get("two").installed
    assert not hub.headers
    service.stop()


def test_a_damaged_linked_file_gets_a_copy_of_our_own(models: Path, hub: Hub, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "one.ckpt").write_bytes(DATA)
    service = library(models, hub)
    service.link(folder)
    (folder / "one.ckpt").write_bytes(DATA[:-1] + b"x")
    assert not service.verify("one").whole
    service.repair("one")
    assert service.installs.wait("one", 60).state == "installed"
    assert installed(service, "one") == DATA
    assert (folder / "one.ckpt").read_bytes() == DATA[:-1] + b"x"
    service.stop()
