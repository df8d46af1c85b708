"""What the home folder says: installed models and the user's own options. Whatever is broken in it, the catalogue loads."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import pytest
import yaml

from inference.catalogue import Catalogue, FileWeights, HubWeights, load_catalogue
from inference.errors import UnknownModel

NAME = "Kim_MelBandRoformer"  # its configuration is shipped
BARE = "kimmel_unwa_ft2"  # comes with a YAML
YAML = {"audio": {"sample_rate": 48000}, "training": {"instruments": ["Vocals", "Rest of it"], "target_instrument": "Vocals"}}


def install(folder: Path, name: str = NAME, *, size: int = 5, **changes: Any) -> Catalogue:
    """A file of weights in HOME/models, and its entry in installed.json."""
    (folder / "hub").mkdir(exist_ok=True)
    (folder / "hub" / "model.ckpt").write_bytes(b"x" * 5)
    entry = {"files": ["hub/model.ckpt"], "config": None, "bytes": size, "sha256": "a" * 64, "source": "test", "linked": False}
    write(folder, "installed.json", {name: {**entry, "installed_at": 1.5, **changes}})
    return load_catalogue(folder)


def write(folder: Path, file: str, models: Any) -> None:
    (folder / file).write_text(json.dumps({"version": 1, "models": models}), encoding="utf-8")


def test_an_installed_model_has_files(tmp_path: Path) -> None:
    shipped = load_catalogue().get(NAME)
    catalogue = install(tmp_path, NAME.upper())
    record = catalogue.get(NAME)
    assert catalogue.installed(NAME)
    assert record.weights.paths() == [tmp_path / "hub" / "model.ckpt"]
    assert record.hub == shipped.weights
    assert record.sha256 == shipped.sha256  # what the catalogue says, not what a file says
    assert record.load_config() == shipped.load_config()
    assert [each.name for each in catalogue if each.installed] == ["spleeter_2stems", NAME]


def test_a_linked_model_lies_where_it_is(tmp_path: Path) -> None:
    elsewhere = tmp_path / "uvr"
    elsewhere.mkdir()
    (elsewhere / "Kim.ckpt").write_bytes(b"12345")
    models = tmp_path / "models"
    models.mkdir()
    catalogue = install(models, files=[str(elsewhere / "Kim.ckpt")], linked=True)
    assert catalogue.get(NAME).weights.paths() == [elsewhere / "Kim.ckpt"]


def test_what_the_yaml_says_completes_the_record(tmp_path: Path) -> None:
    (tmp_path / "kim.yaml").write_text(yaml.safe_dump(YAML), encoding="utf-8")
    record = install(tmp_path, BARE, config="kim.yaml").get(BARE)
    assert (record.stems, record.target, record.rest) == (("Vocals", "Rest of it"), "Vocals", "Rest of it")
    assert record.sample_rate == 48000
    assert record.load_config() == YAML
    assert record.sha256 == "a" * 64  # nobody had published one: the first installation is what counts
    assert load_catalogue(tmp_path).by_sha256("a" * 64) == record


def test_a_changed_yaml_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "kim.yaml"
    path.write_text(yaml.safe_dump(YAML), encoding="utf-8")
    install(tmp_path, BARE, config="kim.yaml")
    changed = {**YAML, "training": {"instruments": ["a", "b"]}}
    path.write_text(yaml.safe_dump(changed), encoding="utf-8")
    assert load_catalogue(tmp_path).get(BARE).stems == ("a", "b")


@pytest.mark.parametrize("text", [None, "", "[", "- 1", "audio: {}", "training: {instruments: []}", "a: !!python/name:os.system"])
def test_a_model_without_a_usable_yaml_is_not_installed(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / "kim.yaml").write_text(text, encoding="utf-8")
    catalogue = install(tmp_path, BARE, config="kim.yaml")
    assert not catalogue.installed(BARE)
    assert isinstance(catalogue.get(BARE).weights, HubWeights)
    assert not install(tmp_path, BARE).installed(BARE)


@pytest.mark.parametrize(
    "changes",
    [
        {"size": 6},
        {"size": 4},
        {"files": []},
        {"files": ["hub/gone.ckpt"]},
        {"files": ["hub/model.ckpt", "hub/gone.ckpt"]},
        {"files": ["hub"]},
        {"files": "hub/model.ckpt"},
        {"files": None},
        {"bytes": "many"},
    ],
)
def test_what_is_not_whole_is_not_installed(tmp_path: Path, changes: dict[str, Any]) -> None:
    catalogue = install(tmp_path, **changes)
    assert not catalogue.installed(NAME)
    assert len(catalogue) == len(load_catalogue())


@pytest.mark.parametrize("file", ["installed.json", "defaults.json"])
@pytest.mark.parametrize(
    "text",
    ["", "{", "null", "[]", "3", '{"version": 2, "models": {}}', '{"version": 1, "models": []}', '{"version": 1, "models": {"a": 3}}'],
)
def test_a_broken_file_breaks_nothing(tmp_path: Path, file: str, text: str, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / file).write_text(text, encoding="utf-8")
    with caplog.at_level(logging.WARNING):
        catalogue = load_catalogue(tmp_path)
    assert len(catalogue) == len(load_catalogue())
    assert file in caplog.text


def test_bytes_that_are_no_text_break_nothing(tmp_path: Path) -> None:
    for file in ("installed.json", "defaults.json", "catalogue.json"):
        (tmp_path / file).write_bytes(b"\xff\xfe\x00{")
    assert len(load_catalogue(tmp_path)) == len(load_catalogue())


def test_good_entries_stay_beside_broken_ones(tmp_path: Path) -> None:
    install(tmp_path)
    whole = json.loads((tmp_path / "installed.json").read_text(encoding="utf-8"))["models"]
    write(tmp_path, "installed.json", {"nobody": whole[NAME], "HTDemucs4": 3, **whole})
    assert load_catalogue(tmp_path).installed(NAME)


def test_a_users_own_record_of_a_hub_model_can_be_installed(tmp_path: Path) -> None:
    weights = {
        "kind": "hub",
        "name": "own.ckpt",
        "bytes": 5,
        "repos": [{"host": "url", "repo": "", "path": "https://example.org/own.ckpt"}],
    }
    own = {
        "name": "own",
        "title": "Own",
        "purpose": "Mine.",
        "family": "mdx23c",
        "stems": ["a"],
        "sample_rate": 44100,
        "config": {"audio": {}},
    }
    (tmp_path / "catalogue.json").write_text(json.dumps({"version": 1, "models": [{**own, "weights": weights}]}), encoding="utf-8")
    catalogue = install(tmp_path, "own")
    record = catalogue.get("own")
    assert isinstance(record.weights, FileWeights)
    assert record.hub is not None
    assert record.hub.repos[0].url("https://mirror.example") == "https://example.org/own.ckpt"


def test_the_users_options(tmp_path: Path) -> None:
    write(tmp_path, "defaults.json", {NAME.lower(): {"overlap": 8, "vr": {"window_size": 320}}, "nobody": {"tta": True}})
    catalogue = load_catalogue(tmp_path)
    assert catalogue.defaults(f"{NAME}.ckpt") == {"overlap": 8, "vr": {"window_size": 320}}
    assert catalogue.defaults("spleeter_2stems") == {}
    assert not catalogue.problems
    with pytest.raises(UnknownModel):
        catalogue.defaults("nobody at all")


def test_wrong_options_are_named_and_left_out(tmp_path: Path) -> None:
    write(tmp_path, "defaults.json", {NAME: {"overlap": 99, "tta": True, "colour": "red"}, "HTDemucs4": 3})
    catalogue = load_catalogue(tmp_path)
    assert catalogue.defaults(NAME) == {"tta": True}
    assert {(problem.record, problem.field) for problem in catalogue.problems} == {(NAME, "overlap"), (NAME, "colour"), ("HTDemucs4", "")}
    assert "99" in str(catalogue.problems[0])


def test_defaults_are_a_copy(tmp_path: Path) -> None:
    write(tmp_path, "defaults.json", {NAME: {"tta": True}})
    catalogue = load_catalogue(tmp_path)
    catalogue.defaults(NAME)["tta"] = False
    assert catalogue.defaults(NAME) == {"tta": True}


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    catalogue = load_catalogue(tmp_path / "none")
    assert len(catalogue) == len(load_catalogue())
    assert catalogue.problems == ()
