"""Version 2.0.0: what its files say, and what is said about those that are wrong."""

from __future__ import annotations

import json
from typing import Any

import pytest

from inference.catalogue import Catalogue
from inference.errors import BadPreset, ModelNotInstalled, UnknownModel
from inference.presets import Preset, parse_preset
from inference.presets.graph import as_json
from inference.presets.schema import MAX_STEPS
from inference.presets.validate import Missing, check_preset, missing_models, require_installed
from tests.inference.presets.shop import CATALOGUE, graph, record, separate

SPLIT = separate("split", "split")
GAIN = {"effect": "gain", "db": -3}


def effects(name: str, source: str, *chain: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"kind": "effects", "name": name, "input": source, "chain": list(chain), **more}


def plain(preset: Preset) -> Preset:
    """Without the places in its file."""
    steps = tuple(step.model_copy(update={"place": ""}) for step in preset.steps)
    return preset.model_copy(update={"steps": steps, "outputs": tuple(out.model_copy(update={"place": ""}) for out in preset.outputs)})


EVERYTHING = graph(
    [
        {"kind": "mix", "name": "all", "sources": [{"from": "Trim"}, {"from": "both", "weight": -0.5}], "stem": "sum"},
        {"kind": "convert", "name": "small", "input": "all", "rate": 16000, "channels": 1},
        {"kind": "loudness", "name": "level", "input": "polish", "lufs": -16, "peak_db": -1},
        {"kind": "trim_silence", "name": "trim", "input": "level", "keep": 0.5},
        effects("polish", "SPLIT.VOCALS", GAIN, {"effect": "peak", "hz": 1000, "db": 2}),
        {
            "kind": "ensemble",
            "name": "both",
            "members": [
                {"model": "split", "stem": "vocals", "weight": 2},
                {"model": "karaoke", "stem": "lead", "options": {"tta": True}},
                {"model": "karaoke", "stem": "backing", "options": {"tta": True}, "bands": [1, 0, 0]},
                {"from": "polish"},
            ],
        },
        SPLIT,
    ],
    ["small", "both.residual", {"from": "split.*", "name": "{song} {stem} of {model}", "format": "flac", "subtype": "PCM_16"}],
)


def test_steps_come_in_an_order_that_works() -> None:
    preset = parse_preset(EVERYTHING)
    check_preset(preset, CATALOGUE)
    assert [step.name for step in preset.steps] == ["both 2", "split", "polish", "level", "trim", "both", "all", "small"]
    assert [step.references() for step in preset.steps][2:] == [
        ("split.VOCALS",),
        ("polish.VOCALS",),
        ("level.VOCALS",),
        ("split.vocals", "both 2.lead", "both 2.backing", "polish.VOCALS", "mixture"),
        ("trim.VOCALS", "both.ensemble"),
        ("all.sum",),
    ]


def test_models_of_ensembles_are_steps_and_shared() -> None:
    preset = parse_preset(EVERYTHING)
    separations = [(step.model, step.options) for step in preset.steps if step.kind == "separate"]
    assert separations == [("karaoke", {"tta": True}), ("split", {})]
    assert preset.wanted("both 2") == ("lead", "backing")
    assert {step.name: step.place for step in preset.steps}["both 2"] == "/steps/5/members/1"


def test_outputs_say_what_they_are() -> None:
    outputs = parse_preset(EVERYTHING).outputs
    assert [(out.source, out.container, out.subtype, out.main) for out in outputs] == [
        ("small.sum", "", "", True),
        ("both.residual", "", "", False),
        ("split.*", "flac", "PCM_16", False),
    ]


def test_a_preset_survives_json_both_ways() -> None:
    preset = parse_preset(EVERYTHING)
    assert Preset.model_validate(json.loads(json.dumps(preset.model_dump(mode="json")))) == preset
    assert plain(parse_preset(json.loads(json.dumps(as_json(preset))))) == plain(preset)


def test_a_chain_of_the_old_version_becomes_one_of_this() -> None:
    flow = {
        "version": "1.0.0",
        "name": "Chain",
        "flow": [
            {"model_type": "", "model_name": "split.ckpt", "input_to_next": "vocals", "output_to_storage": ["other"]},
            {"model_type": "", "model_name": "karaoke", "input_to_next": "lead", "output_to_storage": []},
        ],
    }
    old, new = parse_preset(flow), parse_preset(as_json(parse_preset(flow)))
    assert plain(new).steps == plain(old).steps
    for before, after in zip(old.outputs, new.outputs, strict=True):
        assert (after.source, after.main) == (before.source, before.main)
        said = {"song": "s", "stem": before.path[-1], "step": "x", "model": "y"}
        assert after.base_name(**said) == before.base_name(**said)


def test_steps_that_nobody_needs_are_left_out() -> None:
    steps = [SPLIT, separate("more", "karaoke", "split.vocals"), separate("dry", "dereverb", "more.lead")]
    preset = parse_preset(graph(steps, ["split.other"]))
    assert [step.name for step in preset.needed()] == ["split"]
    assert preset.wanted("split") == ("other",)


def test_outputs_of_one_name_are_told_apart_by_their_steps() -> None:
    preset = parse_preset(graph([SPLIT, separate("again", "split", "split.vocals")], ["split.vocals", "again.Vocals", "split.other"]))
    names = [out.base_name(song="s", stem=out.source.split(".")[1], step=out.source.split(".")[0], model="m") for out in preset.outputs]
    assert names == ["s_split_vocals", "s_again_Vocals", "s_other"]


def test_a_step_with_one_stem_needs_no_stem_s_name() -> None:
    preset = parse_preset(graph([separate("one", "solo"), effects("fx", "one", GAIN), effects("more", "fx")], ["more"]))
    check_preset(preset, CATALOGUE)
    assert preset.outputs[0].source == "more.one"
    with pytest.raises(BadPreset, match=r"/steps/1: .*split, which makes several stems") as caught:
        check_preset(parse_preset(graph([SPLIT, effects("fx", "split", GAIN)], ["fx"])), CATALOGUE)
    assert "vocals, other" in caught.value.hint


def wrong(*steps: dict[str, Any], outputs: Any = ("split.vocals",)) -> dict[str, Any]:
    return graph([SPLIT, *steps], outputs)


@pytest.mark.parametrize(
    ("data", "place", "said"),
    [
        (graph([], ["split.vocals"]), "/steps", ""),
        (wrong(outputs=[]), "/outputs", ""),
        (wrong(separate("split", "karaoke")), "/steps/1/name", "two steps are called 'split'"),
        (wrong(separate("SPLIT", "karaoke")), "/steps/1/name", "/steps/0"),
        (wrong(separate("a.b", "karaoke")), "/steps/1/name", "'a.b'"),
        (wrong(separate("Mixture", "karaoke")), "/steps/1/name", "'Mixture'"),
        (wrong(separate("", "karaoke")), "/steps/1/name", "''"),
        (wrong({"kind": "magic", "name": "x"}), "/steps/1/kind", "'magic'"),
        (wrong({"name": "x"}), "/steps/1/kind", "missing"),
        (wrong(effects("x", "split.vocals", {"effect": "wobble"})), "/steps/1/chain/0/effect", "'wobble'"),
        (wrong(effects("x", "split.vocals", GAIN, {"effect": "gain", "db": 99})), "/steps/1/chain/1/db", "60"),
        (wrong(effects("x", "split.vocals", {"effect": "gain"})), "/steps/1/chain/0/db", "required"),
        (wrong(separate("x", "karaoke", "nowhere.vocals")), "/steps/1", "no step 'nowhere'"),
        (wrong(separate("x", "karaoke", "split.*")), "/steps/1", "one stem"),
        (wrong(separate("x", "karaoke", options={"overlap": 0})), "/steps/1/options", "overlap"),
        (wrong(separate("x", "karaoke", options={"speed": 9})), "/steps/1/options", "speed"),
        (wrong(separate("x", "karaoke", modle="y")), "/steps/1/modle", "not permitted"),
        (wrong({"kind": "mix", "name": "x", "sources": []}), "/steps/1/sources", ""),
        (wrong({"kind": "mix", "name": "x", "sources": [{"from": "split.vocals", "weight": "loud"}]}), "/steps/1/sources/0/weight", ""),
        (wrong({"kind": "ensemble", "name": "x", "members": [{"weight": 1}]}), "/steps/1/members/0", "either"),
        (wrong({"kind": "ensemble", "name": "x", "members": [{"from": "split.vocals"}], "algorithm": "best"}), "/steps/1", "'best'"),
        (wrong({"kind": "ensemble", "name": "x", "members": [{"from": "split.vocals", "weight": 0}]}), "/steps/1", "weight"),
        (wrong({"kind": "loudness", "name": "x", "lufs": 3}), "/steps/1/lufs", "0"),
        (wrong(outputs=["nowhere.x"]), "/outputs/0/from", "no step 'nowhere'"),
        (wrong(outputs=["mixture"]), "/outputs/0/from", "mixture"),
        (wrong(outputs=[{"from": "split.vocals", "name": "fixed"}]), "/outputs/0/name", "no field"),
        (wrong(outputs=[{"from": "split.vocals", "name": "{singer}"}]), "/outputs/0/name", "{singer}"),
        (wrong(outputs=[{"from": "split.vocals", "name": "../{song}"}]), "/outputs/0/name", "folder"),
        (wrong(outputs=[{"from": "split.*", "name": "{song}"}]), "/outputs/0/name", "every stem"),
        (
            wrong(outputs=[{"from": "split.vocals", "name": "{song}"}, {"from": "split.other", "name": "{song}"}]),
            "/outputs/1/name",
            "/outputs/0",
        ),
        (wrong(outputs=[{"from": "split.vocals", "format": "aiff"}]), "/outputs/0", "'aiff'"),
        (wrong(outputs=[{"from": "split.vocals", "subtype": "PCM_16"}]), "/outputs/0", "format"),
        (wrong(outputs=[{"form": "split.vocals"}]), "/outputs/0/from", "required"),
        (wrong(separate("a", "split", "b.vocals"), separate("b", "split", "a.vocals")), "/steps/1", "a → b → a"),
        (wrong(separate("a", "split", "A.vocals")), "/steps/1", "a → a"),
        (graph([separate(f"s{number}", "split") for number in range(MAX_STEPS + 1)], ["s1.vocals"]), "/steps", ""),
        (
            wrong(
                *[
                    {"kind": "ensemble", "name": f"e{n}", "members": [{"model": "split", "options": {"shifts": 1 + n}}] * 1}
                    for n in range(20)
                ],
                *[separate(f"s{n}", "split", options={"batch": 1 + n}) for n in range(30)],
            ),
            "/steps",
            "71",
        ),
    ],
)
def test_what_is_wrong_and_where(data: dict[str, Any], place: str, said: str) -> None:
    with pytest.raises(BadPreset) as caught:
        parse_preset(data)
    error = caught.value
    assert error.message.startswith(f"{place}: ")
    assert said in error.message
    assert error.params["place"] == place


def test_kinds_and_effects_are_listed() -> None:
    for step, known in (({"kind": "magic", "name": "x"}, "trim_silence"), (effects("x", "mixture", {"effect": "?"}), "high_shelf")):
        with pytest.raises(BadPreset) as caught:
            parse_preset(wrong(step))
        assert known in caught.value.hint


def test_stems_that_a_model_lacks() -> None:
    preset = parse_preset(wrong(effects("fx", "split.drums", GAIN), outputs=["fx", "split.bass"]))
    with pytest.raises(BadPreset, match=r"^/steps/1: .*'drums'") as caught:
        check_preset(preset, CATALOGUE)
    assert "vocals, other" in caught.value.hint
    with pytest.raises(BadPreset, match=r"^/outputs/1: .*'bass'"):
        check_preset(parse_preset(wrong(outputs=["split.vocals", "split.bass"])), CATALOGUE)
    member = {"kind": "ensemble", "name": "e", "members": [{"model": "karaoke", "stem": "drums"}]}
    with pytest.raises(BadPreset, match=r"'drums'.*e 1"):
        check_preset(parse_preset(wrong(member, outputs=["e"])), CATALOGUE)


def test_all_models_that_are_missing_are_named() -> None:
    steps = [separate("a", "nobody"), separate("b", "nothing"), separate("c", "far"), separate("d", "farther"), SPLIT]
    outputs = [f"{name}.vocals" for name in ("a", "b", "c", "d", "split")]
    preset = parse_preset(graph(steps, outputs))
    hub = {"kind": "hub", "name": "x.ckpt", "bytes": 1, "repos": [{"host": "huggingface", "repo": "a/b", "path": "x.ckpt"}]}
    away = [record(name, "vocals", weights=hub) for name in ("far", "farther")]
    catalogue = Catalogue({each.name: each for each in [*CATALOGUE, *away]})
    assert missing_models(preset, catalogue) == Missing(("nobody", "nothing"), ("far", "farther"))
    with pytest.raises(UnknownModel, match=r"'nobody', 'nothing'") as unknown:
        check_preset(preset, catalogue)
    assert unknown.value.params["models"] == "nobody, nothing"
    known = parse_preset(graph(steps[2:], outputs[2:]))
    check_preset(known, catalogue)
    with pytest.raises(ModelNotInstalled, match="far, farther are") as caught:
        require_installed(known, catalogue)
    assert caught.value.params["models"] == "far, farther"
    assert not missing_models(parse_preset(graph(steps, ["split.vocals"])), catalogue), "of steps that nobody needs"


def test_reading_needs_no_torch() -> None:
    import subprocess
    import sys

    code = "import sys, inference.presets, inference.presets.validate; sys.exit(bool({'torch', 'scipy', 'pedalboard'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
