"""The generator over small lists that the tests make. It needs no facts but those it is given."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from inference.catalogue import describe, read_config
from inference.catalogue.record import ModelRecord
from tools.catalogue.__main__ import main
from tools.catalogue.costs import Cost, Costs, fingerprint
from tools.catalogue.facts import Facts, Published, read_facts
from tools.catalogue.records import Tables, make_records
from tools.catalogue.shelves import shelf
from tools.catalogue.words import purpose_of, title_of
from tools.catalogue.write import write_configs

CONFIG = {
    "audio": {"chunk_size": 1000, "sample_rate": 44100},
    "model": {"num_channels": 8, "freqs": [1, 2, 3]},
    "inference": {"num_overlap": 4},
    "training": {"instruments": ["vocals", "other"], "target_instrument": "vocals", "lr": 5e-05},
}
VR = {
    "primary_stem": "Vocals",
    "secondary_stem": "Instrumental",
    "params": "2band_32000",
    "network": "CascadedASPPNet",
    "nn_arch_size": 31191,
}


def first(name: str, **changes: Any) -> dict[str, Any]:
    url = f"https://huggingface.co/some/repo/resolve/main/folder/{name}"
    plain = {"name": name, "category": "vocal", "bytes": 100, "sha256": "a" * 64, "url": url, "model_type": "mdx23c", "config": CONFIG}
    return {**plain, **changes}


def second(name: str, **changes: Any) -> dict[str, Any]:
    plain = {"name": name, "model_type": "mdx23c", "category": "vocal", "subcategory": "vocal_extraction", "target_stem": "vocals"}
    return {**plain, "bytes": 100, "path": f"vocal/{name}", "config_path": f"vocal/{name}.yaml", **changes}


def facts_folder(folder: Path, models: list[Any], extended: list[Any], scores: dict[str, Any] | None = None) -> Path:
    folder.mkdir(exist_ok=True)
    whole = {"huggingface": "other/repo", "modelscope": "other/repo", "note": "", "models": extended}
    for name, content in {"models": models, "extended_catalogue": whole, "scores": scores or {}, "vr_params": {"2band_32000": {}}}.items():
        (folder / f"{name}.json").write_text(json.dumps(content), encoding="utf-8")
    return folder


def made(tmp_path: Path, models: list[Any], extended: list[Any], *, tables: Tables | None = None, **more: Any) -> dict[str, ModelRecord]:
    tables = tables or Tables()
    facts = read_facts(facts_folder(tmp_path / "facts", models, extended, **more), tables.aliases)
    return {record.name: record for record in make_records(facts, tables)}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    vr = first("2_HP-UVR.pth", model_type="vr", vr=VR)
    del vr["config"]
    models = [first("b_model.ckpt"), vr]
    extended = [second("b_model.ckpt"), second("A-inst.ckpt", target_stem="other", category="instrumental", subcategory="")]
    scores = {"b_model.ckpt": {"median": {"vocals": {"SDR": 9.5, "SIR": None}, "instrumental": {"SDR": 15.0}}}}
    return facts_folder(tmp_path / "facts", models, extended, scores)


def run(folder: Path, out: Path) -> Path:
    main([str(folder), "--tables", str(out / "none"), "--catalogue", str(out / "data" / "c.json"), "--configs", str(out / "configs")])
    return out


def test_the_same_facts_give_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    outs = [run(folder, tmp_path / name) for name in ("one", "two")]
    files = [{path.relative_to(out): path.read_bytes() for path in out.rglob("*") if path.is_file()} for out in outs]
    assert files[0] == files[1]
    assert {path.as_posix() for path in files[0]} == {"data/c.json", "configs/mdx23c/b_model.yaml", "configs/vr/2_HP-UVR.yaml"}
    assert b"\r" not in b"".join(files[0].values())


def test_a_record_is_a_line(folder: Path, tmp_path: Path) -> None:
    text = (run(folder, tmp_path / "out") / "data" / "c.json").read_text(encoding="utf-8")
    lines = [line.strip().rstrip(",") for line in text.splitlines() if line.strip().startswith('{"name"')]
    assert [json.loads(line)["name"] for line in lines] == ["2_HP-UVR", "A-inst", "b_model"]
    assert json.loads(text)["version"] == 1
    assert [ModelRecord.model_validate(json.loads(line)).name for line in lines] == ["2_HP-UVR", "A-inst", "b_model"]


def test_configurations_come_back_as_they_were(folder: Path, tmp_path: Path) -> None:
    configs = run(folder, tmp_path / "out") / "configs"
    assert read_config(configs / "mdx23c" / "b_model.yaml") == CONFIG
    assert read_config(configs / "vr" / "2_HP-UVR.yaml") == {"vr": VR}
    assert describe("vr", {"vr": VR}).sample_rate == 32000


def test_configurations_of_models_that_are_gone_go(tmp_path: Path) -> None:
    old = Published("old.ckpt", "mdx23c", 1, config=CONFIG)
    new = Published("new.ckpt", "mdx23c", 1, config=CONFIG)
    write_configs([old, new], tmp_path)
    (tmp_path / "README.md").touch()
    write_configs([new], tmp_path)
    assert sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.*")) == ["README.md", "mdx23c/new.yaml"]


def test_one_file_in_both_lists_is_one_record(tmp_path: Path) -> None:
    record = made(tmp_path, [first("m.ckpt")], [second("m.ckpt")])["m"]
    assert [(repo.host, repo.repo) for repo in record.hub.repos] == [  # type: ignore[union-attr]
        ("huggingface", "some/repo"),
        ("huggingface", "other/repo"),
        ("modelscope", "other/repo"),
    ]
    assert record.sha256 == "a" * 64
    assert record.category == "vocals"  # from the second list
    assert (record.target, record.rest) == ("vocals", "other")  # from the first one's configuration
    assert record.hub.config_path is None  # type: ignore[union-attr]


def test_a_known_other_name_is_the_same_file(tmp_path: Path) -> None:
    tables = Tables(aliases={"second.chpt": {"is": "m.ckpt", "because": "a test"}})
    records = made(tmp_path, [first("m.ckpt")], [second("second.chpt")], tables=tables)
    assert list(records) == ["m"]
    assert records["m"].aliases == ("second",)
    assert [repo.path for repo in records["m"].hub.repos] == ["folder/m.ckpt", "vocal/second.chpt", "vocal/second.chpt"]  # type: ignore[union-attr]


@pytest.mark.parametrize("changes", [{"bytes": 101}, {"model_type": "scnet"}])
def test_lists_that_contradict_each_other_are_refused(tmp_path: Path, changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"m\.ckpt"):
        made(tmp_path, [first("m.ckpt")], [second("m.ckpt", **changes)])


def test_the_same_size_proves_nothing(tmp_path: Path) -> None:
    assert len(made(tmp_path, [first("m.ckpt")], [second("n.ckpt")])) == 2


def test_two_models_of_one_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="two models are called"):
        made(tmp_path, [first("m.ckpt")], [second("M.pth")])


def test_an_unknown_layout_is_refused(tmp_path: Path) -> None:
    entry = {**first("v.pth", model_type="vr", vr={**VR, "params": "7band"})}
    with pytest.raises(ValueError, match="7band"):
        made(tmp_path, [entry], [])


@pytest.mark.parametrize(
    "tables",
    [
        Tables(by_hand={"nobody": {"title": "x"}}),
        Tables(licences={"nobody": "MIT"}),
        Tables(recommended={"vocals": {"best": "m", "fast": "nobody", "also": []}}),
        Tables(scores={"x.yaml": {"nobody": []}}),
    ],
)
def test_a_table_that_names_nobody_is_refused(tmp_path: Path, tables: Tables) -> None:
    with pytest.raises(ValueError, match="nobody"):
        made(tmp_path, [first("m.ckpt")], [], tables=tables)


def test_a_model_whose_stems_nobody_says_needs_a_hand(tmp_path: Path) -> None:
    extended = [second("m.th", target_stem="", config_path="", model_type="legacy_demucs")]
    with pytest.raises(ValueError, match=r"m\.th"):
        made(tmp_path, [], extended)
    record = made(tmp_path, [], extended, tables=Tables(by_hand={"m": {"stems": ["drums", "bass"]}}))["m"]
    assert record.stems == ("drums", "bass")
    assert not record.supported


def test_scores_go_to_the_models_own_stems(tmp_path: Path) -> None:
    median = {"vocals": {"SDR": 9.5, "SIR": 1.0, "SAR": None, "ISR": 2.0}, "instrumental": {"SDR": 15.0}, "drums": {}}
    record = made(tmp_path, [first("m.ckpt")], [], scores={"m.ckpt": {"median": median}})["m"]
    assert {stem: score.sdr for stem, score in record.scores.items()} == {"vocals": 9.5, "other": 15.0}
    assert (record.scores["vocals"].sir, record.scores["vocals"].sar) == (1.0, None)


def test_scores_of_another_name(tmp_path: Path) -> None:
    scores = {
        "bag.yaml": {"median": {"vocals": {"SDR": 9.0}, "instrumental": {"SDR": 8.0}}},
        "foreign.onnx": {"median": {"vocals": {"SDR": 1.0}}},
    }
    tables = Tables(scores={"bag.yaml": {"m": ["vocals"]}})
    record = made(tmp_path, [first("m.ckpt")], [], scores=scores, tables=tables)["m"]
    assert {stem: score.sdr for stem, score in record.scores.items()} == {"vocals": 9.0}


def test_costs_are_of_the_network(tmp_path: Path) -> None:
    costs = Costs({fingerprint("mdx23c", CONFIG): Cost("m", 2.0, 0.1, 20.0, 10**9)})
    slower = {**CONFIG, "inference": {"num_overlap": 8}}
    models = [first("m.ckpt"), first("twin.ckpt"), first("other.ckpt", config=slower)]
    records = made(tmp_path, models, [], tables=Tables(costs=costs))
    assert {name: record.speed for name, record in records.items()} == {"m": 20.0, "twin": 20.0, "other": None}
    assert records["twin"].memory == 10**9


def test_fingerprints_look_at_what_costs() -> None:
    renamed = {**CONFIG, "training": {"instruments": ["a", "b"], "target_instrument": "a"}}
    both = {**CONFIG, "training": {"instruments": ["a", "b"]}}
    longer = {**CONFIG, "audio": {"chunk_size": 2000}}
    assert fingerprint("mdx23c", renamed) == fingerprint("mdx23c", CONFIG)
    assert len({fingerprint("mdx23c", config) for config in (CONFIG, both, longer)} | {fingerprint("scnet", CONFIG)}) == 4
    named = {**VR, "primary_stem": "Dry"}
    assert fingerprint("vr", {"vr": named}) == fingerprint("vr", {"vr": VR}) != fingerprint("vr", {"vr": {**VR, "nn_arch_size": 1}})


def test_costs_come_back_from_their_file(tmp_path: Path) -> None:
    costs = Costs({"b": Cost("two", 2.0, 0.1, 20.0, 5), "a": Cost("one", 1.0, 0.1, 10.0, 4)})
    costs.write(tmp_path / "speed.json")
    assert Costs.read(tmp_path / "speed.json") == costs
    assert Costs.read(tmp_path / "none.json") == Costs()


@pytest.mark.parametrize(
    ("name", "family", "category", "title"),
    [
        ("mel_band_roformer_instrumental_fv8_gabox", "mel_band_roformer", "instrumental", "Instrumental FV8 by Gabox (Mel-Band Roformer)"),
        ("model_bs_roformer_ep_17_sdr_9.6568", "bs_roformer", "multi_stem", "2 stems, epoch 17 (BS-Roformer)"),
        ("bs_mega_53stem_hh_mvsep", "bs_roformer", "drums", "Hi-hat by MVSep (BS-Roformer)"),
        ("1_HP-UVR", "vr", "instrumental", "Instrumental, 1 HP (VR)"),
        ("model", "foreign", "other", "Unnamed (foreign)"),
    ],
)
def test_titles(name: str, family: str, category: Any, title: str) -> None:
    assert title_of(name, family, category, ("a", "b")) == title


def test_purposes_say_what_is_special() -> None:
    assert purpose_of("x", "vocals", ("vocals",), "vocals", 500_000_000) == "Takes the singing out of a song."
    assert purpose_of("x_bleedless", "vocals", ("vocals",), "vocals", 2 * 10**9).endswith("fullness, a large network, and slow.")
    assert purpose_of("x", "multi_stem", ("drums", "other", "bass"), None, 500_000_000) == "Splits a song into drums, bass and the rest."


@pytest.mark.parametrize(
    ("where", "stems", "target", "category"),
    [
        (("karaoke", ""), ("Vocals",), "Vocals", "karaoke"),
        (("cleanup", "noise_bleed_control"), ("dry",), "dry", "denoise"),
        (("experimental_general", ""), ("Voices",), "Voices", "vocals"),
        (("experimental_general", ""), ("drums", "bass", "piano", "other"), None, "multi_stem"),
        (("music_stems", "mega_53_stems"), ("oboe",), "oboe", "instrument"),
        (("music_stems", "mega_53_stems"), ("hh",), "hh", "drums"),
        (("vocal", "vocal_instrumental_dual"), ("other",), "other", "instrumental"),
        (("", ""), ("kick", "snare", "cymbals", "toms"), None, "drums"),
        (("", ""), ("strange",), "strange", "other"),
    ],
)
def test_where_models_belong(where: tuple[str, str], stems: tuple[str, ...], target: str | None, category: str) -> None:
    assert shelf(Published("m.ckpt", "mdx23c", 1, shelf=where), stems, target) == category


def test_nothing_gives_nothing() -> None:
    assert make_records(Facts((), {}), Tables()) == []
