"""The shipped records: all that the lists have, whole and without contradictions."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import Counter
from urllib.parse import urlsplit

import pytest

from inference.catalogue import CATEGORIES, CONFIGS, SHIPPED, WEIGHTS_SUFFIXES, Catalogue, HubWeights, ModelRecord, describe, load_catalogue
from inference.catalogue.find import recommended
from inference.errors import ModelNotInstalled
from inference.families import FAMILIES, is_known
from tests.vectors import published_models

CATALOGUE = load_catalogue()
RECORDS = list(CATALOGUE)
PUBLISHED = {model["name"]: model for model in published_models()}


def on_the_hub() -> list[tuple[ModelRecord, HubWeights]]:
    return [(record, record.weights) for record in RECORDS if isinstance(record.weights, HubWeights)]


def test_all_models_are_there() -> None:
    repos = Counter(repo.repo for _, weights in on_the_hub() for repo in weights.repos if repo.host == "huggingface")
    assert repos == {"Sucial/MSST-WebUI": 78, "baicai1145/pymss": 326}
    merged = sum({repo.repo for repo in weights.repos} == set(repos) for _, weights in on_the_hub())
    assert merged == 73
    assert len(RECORDS) == 78 + 326 - merged + 1 == len(json.loads(SHIPPED.read_text(encoding="utf-8"))["models"])


def test_names_and_titles_are_unique() -> None:
    names = [name.casefold() for record in RECORDS for name in (record.name, *record.aliases)]
    assert len(names) == len(set(names))
    titles = [record.title.casefold() for record in RECORDS]
    assert len(titles) == len(set(titles))
    assert not any(name.endswith(WEIGHTS_SUFFIXES) for name in names)


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_models_have_what_they_were_published_with(name: str) -> None:
    fact = PUBLISHED[name]
    for typed in (name, name.rpartition(".")[0], name.upper()):
        record = CATALOGUE.get(typed)
        assert isinstance(record.weights, HubWeights)
        assert record.weights.name == name
    assert record.family == fact["model_type"]
    assert (record.bytes, record.sha256) == (fact["bytes"], fact["sha256"])
    assert record.weights.repos[0].url() == fact["url"]
    assert record.load_config() == ({"vr": fact["vr"]} if "vr" in fact else fact["config"])
    assert CATALOGUE.by_sha256(fact["sha256"].upper()) is record
    assert CATALOGUE.by_file(f"some/folder\\{name}", fact["bytes"]) is record
    assert CATALOGUE.by_file(name, fact["bytes"] + 1) is None


def test_checksums_tell_models_apart() -> None:
    digests = [record.sha256 for record in RECORDS if record.sha256]
    assert len(digests) == len(set(digests)) == 78
    assert CATALOGUE.by_sha256("0" * 64) is None


def test_configurations_and_records_say_the_same() -> None:
    for record in RECORDS:
        if record.config_file:
            about = describe(record.family, record.load_config())
            assert (record.stems, record.target, record.rest) == (about.stems, about.target, about.rest), record.name
            assert record.sample_rate == about.sample_rate, record.name


def test_every_configuration_has_its_record() -> None:
    files = {path.relative_to(CONFIGS).as_posix() for path in CONFIGS.glob("*/*")}
    assert files == {record.config_file for record in RECORDS if record.config_file}
    assert all(name.startswith(f"{CATALOGUE.get(name.partition('/')[2].removesuffix('.yaml')).family}/") for name in files)


def test_addresses_can_be_asked() -> None:
    for record, weights in on_the_hub():
        for repo in weights.repos:
            for path in (None, weights.config_path):
                address = urlsplit(repo.url(path=path))
                assert address.scheme == "https", record.name
                assert re.fullmatch(r"[A-Za-z0-9/_.%-]+", address.path), record.name
                assert "//" not in address.path
            mirror = repo.url("https://mirror.example:8443/hub/")
            assert mirror == "https://mirror.example:8443/hub" + urlsplit(repo.url()).path


def test_a_model_has_a_configuration_or_fetches_it() -> None:
    without = {record.name for record, weights in on_the_hub() if not record.has_config and not weights.config_path}
    assert {CATALOGUE.get(name).category for name in without} == {"legacy"}


def test_purposes_are_sentences() -> None:
    loud = re.compile(r"(?i)\b(best|amazing|state.of.the.art|sota|incredible|perfect|ultimate|powerful|world)\b|!")
    for record in RECORDS:
        assert re.fullmatch(r"[A-Z][^.]*(?:\.\d[^.]*)*\.", record.purpose), record.purpose
        assert 20 < len(record.purpose) < 160, record.purpose
        assert not loud.search(record.purpose.replace("measured best", "")), record.purpose
        assert record.title == record.title.strip()
        assert record.title
        assert record.name not in record.purpose


def test_shelves() -> None:
    assert {record.category for record in RECORDS} == set(CATEGORIES)
    for record in RECORDS:
        assert is_known(record.family), record.name
        assert record.supported == (not record.unsupported)
        if record.family not in FAMILIES:
            assert record.family in record.unsupported
            assert not record.supported


def test_scores_are_plausible_and_of_stems() -> None:
    scored = [record for record in RECORDS if record.scores]
    assert len(scored) >= 40
    for record in scored:
        for stem, score in record.scores.items():
            assert -5 < score.sdr < 30, record.name
            assert stem in record.stems or stem.casefold() in ("vocals", "instrumental"), (record.name, stem)
    assert CATALOGUE.get("HTDemucs4_FT_drums").scores.keys() == {"drums"}
    assert CATALOGUE.get("Kim_MelBandRoformer").scores["vocals"].sdr == pytest.approx(12.597)


@pytest.mark.parametrize("purpose", CATALOGUE.recommended)
def test_recommended_models_exist_and_run(purpose: str) -> None:
    models = recommended(CATALOGUE, purpose)
    entry = CATALOGUE.recommended[purpose]
    assert models[0] is CATALOGUE.get(entry.best)
    assert CATALOGUE.get(entry.fast) in models[:2]
    assert len(set(entry.names)) == len(models)
    assert all(record.supported for record in models)


def test_what_people_ask_for_most_is_recommended_and_checked() -> None:
    for purpose in (
        "vocals",
        "instrumental",
        "karaoke",
        "four_stems",
        "six_stems",
        "drum_kit",
        "dereverb",
        "denoise",
        "restoration",
        "speech",
    ):
        assert purpose in CATALOGUE.recommended
    for purpose in ("vocals", "instrumental", "karaoke", "four_stems", "drum_kit", "dereverb", "denoise", "restoration"):
        entry = CATALOGUE.recommended[purpose]
        for name in (entry.best, entry.fast):
            assert CATALOGUE.get(name).sha256 or CATALOGUE.get(name).installed, name


def test_a_model_on_the_hub_says_how_to_get_it() -> None:
    record = load_catalogue().get("Kim_MelBandRoformer")
    assert not record.installed
    assert not CATALOGUE.installed("kim_melbandroformer.ckpt")
    with pytest.raises(ModelNotInstalled, match="Kim_MelBandRoformer") as caught:
        record.weights.paths()
    assert "913 MB" in caught.value.hint


def test_records_survive_being_written() -> None:
    for record in RECORDS:
        assert ModelRecord.model_validate_json(record.model_dump_json()) == record


def test_the_catalogue_needs_no_torch() -> None:
    code = (
        "import sys; from inference.catalogue import load_catalogue; from inference.catalogue.find import find;"
        "find(load_catalogue()); assert not {'torch', 'yaml', 'librosa', 'soundfile'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_configurations_are_read_on_demand(monkeypatch: pytest.MonkeyPatch) -> None:
    """What keeps the start of the server short, without looking at a clock."""

    def refuse(*_: object) -> None:
        raise AssertionError("a configuration was read")

    monkeypatch.setattr("inference.catalogue.record.read_config", refuse)
    monkeypatch.setattr("inference.catalogue.local.read_config", refuse)
    assert len(load_catalogue()) == len(RECORDS)
    assert isinstance(CATALOGUE, Catalogue)
    with pytest.raises(AssertionError, match="was read"):
        load_catalogue().get("HTDemucs4").load_config()
