"""Search, filters, order: properties over the shipped catalogue and over small ones."""

from __future__ import annotations

import random
from typing import Any

import pytest

from inference.catalogue import CATEGORIES, Catalogue, ModelRecord, load_catalogue
from inference.catalogue.find import Query, find, has_stem, recommended, score_of
from inference.catalogue.stems import canonical, same_stem
from inference.errors import BadOption

CATALOGUE = load_catalogue()


def record(name: str, **changes: Any) -> ModelRecord:
    weights = {"kind": "hub", "name": f"{name}.ckpt", "bytes": 10, "repos": [{"host": "url", "repo": "", "path": "https://example.org/x"}]}
    plain = {"name": name, "title": name, "purpose": "-", "family": "mdx23c", "stems": ["vocals", "other"], "sample_rate": 44100}
    return ModelRecord.model_validate({**plain, "weights": weights, **changes})


def catalogue(*records: ModelRecord) -> Catalogue:
    return Catalogue({each.name: each for each in records})


def names(query: Query, models: Catalogue = CATALOGUE) -> list[str]:
    return [each.name for each in find(models, query)]


def test_everything_is_found_by_default() -> None:
    assert sorted(names(Query())) == sorted(each.name for each in CATALOGUE)
    assert find(CATALOGUE) == find(CATALOGUE, Query(text="  "))


@pytest.mark.parametrize("name", [each.name for each in CATALOGUE])
def test_a_model_is_found_by_its_name_and_its_title(name: str) -> None:
    model = CATALOGUE.get(name)
    for text in (name, name.upper(), name.replace("_", " "), model.title, model.title.swapcase(), model.purpose):
        assert model.name in names(Query(text=text))


def test_words_come_in_any_order_and_each_counts() -> None:
    words = "karaoke aufr33 mel-band roformer".split()
    wanted = names(Query(text=" ".join(words)))
    assert wanted
    for seed in range(5):
        random.Random(seed).shuffle(words)
        assert names(Query(text=" ".join(words))) == wanted
    for number in range(len(words)):
        assert set(wanted) <= set(names(Query(text=" ".join(words[:number]))))
    assert names(Query(text="karaoke zzz")) == []


def test_accents_do_not_matter() -> None:
    models = catalogue(record("one", title="Für Élise"), record("two", title="人声分离"))
    assert names(Query(text="fur elise"), models) == names(Query(text="FÜR ÉLISE"), models) == ["one"]
    assert names(Query(text="人声"), models) == ["two"]


@pytest.mark.parametrize("category", CATEGORIES)
def test_a_category(category: str) -> None:
    found = find(CATALOGUE, Query(category=category))
    assert found
    assert {each.category for each in found} == {category}


def test_filters_are_all_held() -> None:
    limit = 200_000_000
    found = find(
        CATALOGUE, Query(text="vocal", stem="vocals", family="mel_band_roformer", max_bytes=limit, installed=False, supported=True)
    )
    assert found
    for each in found:
        assert each.family == "mel_band_roformer"
        assert each.bytes is not None
        assert each.bytes <= limit
        assert has_stem(each, "vocals")
        assert not each.installed
        assert each.supported


def test_installed_and_not_make_up_all() -> None:
    both = names(Query(installed=True)) + names(Query(installed=False))
    assert sorted(both) == sorted(names(Query()))
    assert names(Query(installed=True)) == ["spleeter_2stems"]
    assert sorted(names(Query(supported=True)) + names(Query(supported=False))) == sorted(names(Query()))


@pytest.mark.parametrize(
    ("stem", "name"),
    [
        ("vocals", "BS_Roformer_FNF_V1"),
        ("Vocals", "big_beta5e"),
        ("instrumental", "spleeter_2stems"),
        ("instrumental", "Kim_MelBandRoformer"),
        ("instrumental", "BS-Roformer-Resurrection-Inst"),
        ("accompaniment", "1_HP-UVR"),
        ("other", "HTDemucs4"),
        ("hi-hat", "aufr33-jarredou_DrumSep_model_mdx23c_ep_141_sdr_10.8059"),
        ("dry", "UVR-DeEcho-DeReverb"),
        ("lead vocals", "model_mel_band_roformer_karaoke_aufr33_viperx_sdr_10.1956"),
    ],
)
def test_stems_by_usual_names(stem: str, name: str) -> None:
    assert name in names(Query(stem=stem))


def test_a_stem_that_a_model_does_not_have() -> None:
    assert "HTDemucs4" not in names(Query(stem="instrumental"))
    assert "HTDemucs4" not in names(Query(stem="piano"))
    assert names(Query(stem="hurdy-gurdy")) == []


def test_other_means_what_the_model_leaves() -> None:
    assert canonical("other", ("vocals", "other")) == "instrumental"
    assert canonical("other", ("Instrumental", "other")) == "vocals"
    assert canonical("other", ("drums", "bass", "other", "vocals")) == "other"
    assert canonical("Other", ("crowd", "Other")) == "other"
    assert same_stem("instrumental", ("vocals", "other")) == "other"
    assert same_stem("OTHER", ("vocals", "other")) == "other"
    assert same_stem("drums", ("vocals", "other")) is None


def test_names_sort_as_people_count() -> None:
    models = catalogue(*(record(name) for name in ("10_SP", "2_HP", "b", "A", "1_HP")))
    assert names(Query(), models) == ["1_HP", "2_HP", "10_SP", "A", "b"]


@pytest.mark.parametrize("stem", [None, "vocals", "instrumental", "drums"])
def test_the_best_score_comes_first_and_the_unmeasured_last(stem: str | None) -> None:
    found = [score_of(each, stem) for each in find(CATALOGUE, Query(stem=stem, sort="score"))]
    measured = [score.sdr for score in found if score is not None]
    assert measured
    assert measured == sorted(measured, reverse=True)
    assert all(score is None for score in found[len(measured) :])


def test_scores_are_of_the_stem_that_is_asked() -> None:
    model = CATALOGUE.get("HTDemucs4")
    assert score_of(model, "bass") == model.scores["bass"]
    assert score_of(model, "piano") is None
    both = record("both", scores={"vocals": {"sdr": 9}, "other": {"sdr": 15}}, target="vocals")
    assert [score.sdr for stem in (None, "Vocal", "instrumental") if (score := score_of(both, stem))] == [9, 9, 15]


def test_speed_and_size() -> None:
    models = catalogue(record("slow", speed=50), record("unknown"), record("quick", speed=1.5))
    assert names(Query(sort="speed"), models) == ["quick", "slow", "unknown"]
    sizes = [each.bytes or 0 for each in find(CATALOGUE, Query(sort="size"))]
    assert sizes == sorted(sizes)
    assert max(each.bytes or 0 for each in find(CATALOGUE, Query(max_bytes=10**8))) <= 10**8


@pytest.mark.parametrize("changes", [{"category": "vocal"}, {"sort": "colour"}, {"sort": ""}])
def test_what_does_not_exist_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(BadOption) as caught:
        Query(**changes)
    assert caught.value.hint


def test_an_unknown_purpose_is_answered_with_those_there_are() -> None:
    with pytest.raises(BadOption, match="'flute'") as caught:
        recommended(CATALOGUE, "flute")
    assert "dereverb" in caught.value.hint
