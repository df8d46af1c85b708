"""Presets: reading the community's format, saying what is wrong with one, and walking through its steps."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from inference.catalogue import Catalogue, load_catalogue
from inference.errors import BadAudio, BadPreset, Cancelled, UnknownModel
from inference.presets import Preset, StemFile, load_preset, run, single_model
from inference.presets.reading import parse_preset
from inference.presets.schema import MAX_STEPS
from inference.presets.validate import check_preset
from inference.separator import Separator
from inference.types import OutputFormat, Progress
from tests.conftest import ROOT, chord
from tests.inference.presets.shop import record

SECONDS = 1.01
WAV, MP3 = OutputFormat("wav", "FLOAT"), OutputFormat("mp3")


def flow(*steps: tuple[str, str, Sequence[str]], **changes: Any) -> dict[str, Any]:
    """A preset file of version 1.0.0 from (model, input_to_next, output_to_storage)."""
    entries = [
        {"model_type": "vocal_models", "model_name": model, "input_to_next": passed, "output_to_storage": list(kept)}
        for model, passed, kept in steps
    ]
    return {"version": "1.0.0", "name": "test", "flow": entries, **changes}


CATALOGUE = Catalogue(
    {
        record.name: record
        for record in (
            record("split", "vocals", "other"),
            record("karaoke", "lead", "backing"),
            record("dereverb", "dry", "reverb"),
        )
    }
)
CHAIN = flow(("split.ckpt", "vocals", ["other"]), ("karaoke", "lead", ["backing"]), ("dereverb", "dry", []))


def test_a_chain_of_three_steps() -> None:
    preset = parse_preset(CHAIN)
    assert [(step.name, step.input, step.model) for step in preset.steps] == [
        ("step1", "mixture", "split.ckpt"),
        ("step2", "step1.vocals", "karaoke"),
        ("step3", "step2.lead", "dereverb"),
    ]
    assert {output.source: output.path for output in preset.outputs} == {
        "step1.other": ("other",),
        "step2.backing": ("vocals", "backing"),
        "step3.dry": ("vocals", "lead", "dry"),
    }
    assert [preset.wanted(name) for name in ("step1", "step2", "step3")] == [("other", "vocals"), ("backing", "lead"), ("dry",)]
    check_preset(preset, CATALOGUE)


def test_a_stem_that_is_kept_and_passed_on_is_written_once() -> None:
    preset = parse_preset(flow(("split", "vocals", ["vocals", "other", "Vocals"])))
    assert [output.source for output in preset.outputs] == ["step1.vocals", "step1.other"]


def test_fields_of_later_minor_versions_are_passed_over() -> None:
    data = {**CHAIN, "author": "someone", "flow": [{**entry, "note": "?"} for entry in CHAIN["flow"]]}
    assert parse_preset(data) == parse_preset(CHAIN)


def test_a_preset_survives_its_own_json() -> None:
    preset = parse_preset(CHAIN)
    assert Preset.model_validate(preset.model_dump(mode="json")) == preset


def test_shipped_presets_are_sound() -> None:
    files = sorted((ROOT / "presets").glob("*.json"))
    assert len(files) > 12
    catalogue = load_catalogue()
    titles = set()
    for path in files:
        preset = load_preset(path)
        check_preset(preset, catalogue)
        assert preset.needed() == preset.steps, f"{path.name}: a step that nobody needs"
        assert len(preset.description) > 20
        titles.add(preset.name)
    assert len(titles) == len(files)


def test_one_model_as_a_preset() -> None:
    preset = single_model("split")
    assert preset.wanted("step1") is None
    check_preset(preset, CATALOGUE)


def entry(**changes: Any) -> dict[str, Any]:
    """A preset whose second step is changed; None takes a field away."""
    steps = [dict(step) for step in CHAIN["flow"]]
    steps[1] = {key: value for key, value in {**steps[1], **changes}.items() if value is not None}
    return {**CHAIN, "flow": steps}


@pytest.mark.parametrize(
    ("data", "place"),
    [
        ({**CHAIN, "version": "9.0"}, "'9.0'"),
        ({**CHAIN, "version": 1.0}, "1.0"),
        ({**CHAIN, "version": ["1.0.0"]}, "1.0.0"),
        ({key: value for key, value in CHAIN.items() if key != "version"}, "None"),
        ({key: value for key, value in CHAIN.items() if key != "flow"}, "flow"),
        ({**CHAIN, "flow": []}, "flow"),
        ({**CHAIN, "flow": "split"}, "flow"),
        ({**CHAIN, "flow": ["split"]}, "/flow/0"),
        ({**CHAIN, "name": 5}, "name"),
        (flow(*[("split", "vocals", [])] * (MAX_STEPS + 1)), "flow"),
        (entry(model_name=None), "/flow/1/model_name"),
        (entry(model_name=7), "/flow/1/model_name"),
        (entry(input_to_next=None), "/flow/1/input_to_next"),
        (entry(input_to_next=["lead"]), "/flow/1/input_to_next"),
        (entry(output_to_storage="backing"), "/flow/1/output_to_storage"),
        (entry(output_to_storage=["backing", 3]), "/flow/1/output_to_storage/1"),
        ([CHAIN], "JSON object"),
        (None, "JSON object"),
        ("1.0.0", "JSON object"),
    ],
)
def test_what_is_no_preset_says_where(data: object, place: str) -> None:
    with pytest.raises(BadPreset) as caught:
        parse_preset(data)
    assert place in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (flow(("split", "drums", []), ("karaoke", "lead", [])), "'drums'"),
        (flow(("split", "vocals", ["bass"]), ("karaoke", "lead", [])), "'bass'"),
        (flow(("split", "vocals", []), ("karaoke", "vocals", [])), "'vocals'"),
    ],
)
def test_stems_that_no_step_makes(data: dict[str, Any], said: str) -> None:
    with pytest.raises(BadPreset) as caught:
        check_preset(parse_preset(data), CATALOGUE)
    assert said in caught.value.message
    assert "makes: " in caught.value.hint


@pytest.mark.parametrize(
    "steps", [[("split", "vocals", ["*"])], [("split", "*", []), ("karaoke", "lead", [])], [("split", "../../up", [])], [("split", "", [])]]
)
def test_names_that_no_stem_has(steps: list[tuple[str, str, list[str]]]) -> None:
    with pytest.raises(BadPreset):
        check_preset(parse_preset(flow(*steps)), CATALOGUE)


def test_models_that_nobody_has() -> None:
    with pytest.raises(UnknownModel, match="'nobody'"):
        check_preset(parse_preset(flow(("nobody", "vocals", []))), CATALOGUE)


def test_steps_in_another_order_or_of_one_name() -> None:
    preset = parse_preset(CHAIN)
    with pytest.raises(BadPreset, match=r"input of step3.*step2"):
        check_preset(preset.model_copy(update={"steps": preset.steps[::-1]}), CATALOGUE)
    with pytest.raises(BadPreset, match="two steps"):
        check_preset(preset.model_copy(update={"steps": (*preset.steps, preset.steps[0])}), CATALOGUE)


def test_names_of_files(tmp_path: Path) -> None:
    path = tmp_path / "人声.json"
    path.write_text(json.dumps({**CHAIN, "name": ""}), encoding="utf-8")
    assert load_preset(path).name == "人声"


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe{}", b"null", b"9" * 10_000])
def test_a_file_that_is_no_preset(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "bad.json"
    path.write_bytes(content)
    with pytest.raises(BadPreset):
        load_preset(path)


def test_a_file_that_is_nested_too_deeply(tmp_path: Path) -> None:
    (tmp_path / "deep.json").write_bytes(b"[" * 100_000)
    with pytest.raises(BadPreset, match=r"deep\.json"):
        load_preset(tmp_path / "deep.json")


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(BadPreset, match=r"gone\.json"):
        load_preset(tmp_path / "gone.json")


@pytest.fixture(scope="session")
def built_in(tmp_path_factory: pytest.TempPathFactory) -> Separator:
    return Separator(load_catalogue().get("spleeter_2stems"), cache=tmp_path_factory.mktemp("weights"), device="cpu")


@pytest.fixture(scope="session")
def tune(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A second of stereo at 48 kHz."""
    path = tmp_path_factory.mktemp("tunes") / "tune.wav"
    soundfile.write(path, chord(SECONDS, 48000), 48000, subtype="FLOAT")
    return path


class Halves:
    """A model without a network: one stem is a share of the song, the other the rest."""

    stems = ("vocals", "accompaniment")

    def stream(self, blocks: Any, *, stems: Sequence[str], on_work: Callable[[float], None], sample_rate: int, **_: Any) -> Any:
        done = 0
        for block in blocks:
            for part in np.array_split(block, 8, axis=1):
                done += part.shape[1]
                on_work(done / sample_rate)
                yield np.stack([part * (0.25 if stem == "vocals" else 0.75) for stem in stems])


@dataclass
class Shop:
    """The folders of one run, and what it reported."""

    root: Path
    model: Any
    told: list[Progress] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    stop_at: tuple[str, float] | None = None  # stage and overall fraction to cancel at

    def models(self, name: str, _: Mapping[str, Any]) -> Any:
        self.asked.append(name)
        return self.model

    def report(self, progress: Progress) -> None:
        self.told.append(progress)
        if self.stop_at and progress.stage == self.stop_at[0] and progress.fraction >= self.stop_at[1]:
            raise Cancelled

    def run(self, data: dict[str, Any] | Preset, source: Path, output: OutputFormat = WAV) -> list[StemFile]:
        preset = data if isinstance(data, Preset) else parse_preset(data)
        places = {name: self.root / name for name in ("folder", "extras", "work")}
        return run(preset, source, song="歌 1", output=output, models=self.models, report=self.report, **places)

    def files(self) -> list[str]:
        return sorted(str(path.relative_to(self.root)).replace("\\", "/") for path in self.root.rglob("*") if path.is_file())


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path / "run", Halves())


TWICE = flow(("spleeter_2stems", "Vocals", ["accompaniment"]), ("spleeter_2stems", "vocals", ["accompaniment"]))


def test_vocals_separated_again(shop: Shop, built_in: Separator, tune: Path) -> None:
    shop.model = built_in
    found = shop.run(TWICE, tune)
    assert [file.stem for file in found] == ["accompaniment", "accompaniment", "vocals"]
    assert sorted(file.path.name for file in found) == [
        "歌 1_Vocals_accompaniment.wav",
        "歌 1_Vocals_vocals.wav",
        "歌 1_accompaniment.wav",
    ]
    assert not (shop.root / "work").exists()
    assert len(shop.files()) == 6
    song, _ = soundfile.read(tune, dtype="float32")
    parts = [soundfile.read(file.path, dtype="float32") for file in found]
    assert {rate for _, rate in parts} == {48000}
    assert np.abs(sum(part for part, _ in parts) - song).max() < 1e-5
    for file in found:
        assert (file.sample_rate, file.channels, file.frames, file.clipped, file.preview) == (48000, 2, len(song), 0, None)


def test_progress_of_a_chain(shop: Shop, tune: Path) -> None:
    shop.run(TWICE, tune)
    fractions = [progress.fraction for progress in shop.told]
    assert fractions == sorted(fractions)
    assert 0 <= fractions[0] < fractions[-1] == pytest.approx(1, abs=0.01)
    assert {(progress.step, progress.steps) for progress in shop.told} == {(1, 2), (2, 2)}
    assert all(progress.stage in ("decoding", "loading_model", "separating", "writing") for progress in shop.told)
    assert shop.asked == ["spleeter_2stems"] * 2


def peaks_of(seconds: float) -> int:
    return 2 * int(np.ceil(50 * seconds))


@pytest.mark.parametrize("output", [WAV, OutputFormat("flac"), MP3, OutputFormat("m4a"), OutputFormat("opus")])
def test_what_a_player_needs_is_beside_the_stems(shop: Shop, tune: Path, output: OutputFormat) -> None:
    (file,) = shop.run(flow(("spleeter_2stems", "vocals", [])), tune, output)
    frames = soundfile.info(tune).frames
    assert file.path == shop.root / "folder" / f"歌 1_vocals.{output.container}"
    assert file.frames == frames
    assert file.peaks.stat().st_size == peaks_of(frames / 48000)
    peaks = np.frombuffer(file.peaks.read_bytes(), np.int8).reshape(-1, 2)
    loudest = np.abs(0.25 * soundfile.read(tune)[0]).max()
    assert np.abs(peaks).max() == pytest.approx(127 * loudest, abs=1)
    assert (file.preview is not None) == output.lossy
    if file.preview:
        about = soundfile.info(file.preview)
        assert (about.format, about.frames, about.samplerate) == ("FLAC", frames, 48000)
        assert np.abs(soundfile.read(file.preview)[0] - 0.25 * soundfile.read(tune)[0]).max() < 1e-4


def test_nothing_is_overwritten(shop: Shop, tune: Path) -> None:
    folder = shop.root / "folder"
    folder.mkdir(parents=True)
    (folder / "歌 1_vocals.wav").write_bytes(b"precious")
    single = single_model("spleeter_2stems")
    names = [[file.path.name for file in shop.run(single, tune)] for _ in range(2)]
    assert names == [["歌 1_vocals_2.wav", "歌 1_accompaniment.wav"], ["歌 1_vocals_3.wav", "歌 1_accompaniment_2.wav"]]
    assert (folder / "歌 1_vocals.wav").read_bytes() == b"precious"
    assert len(list((shop.root / "extras").iterdir())) == 4


def test_a_stem_that_only_feeds_the_next_step_is_not_kept(shop: Shop, tune: Path) -> None:
    found = shop.run(flow(("spleeter_2stems", "accompaniment", []), ("spleeter_2stems", "vocals", [])), tune)
    assert [file.path.name for file in found] == ["歌 1_accompaniment_vocals.wav"]
    song = soundfile.read(tune)[0]
    assert np.allclose(soundfile.read(found[0].path)[0], song * 0.75 * 0.25, atol=1e-6)


@pytest.mark.parametrize("output", [WAV, MP3])
@pytest.mark.parametrize("stage", ["loading_model", "separating", "writing"])
def test_cancel_leaves_nothing_half_written(shop: Shop, tune: Path, stage: str, output: OutputFormat) -> None:
    shop.stop_at = (stage, 0.0 if stage == "loading_model" else 0.3)
    with pytest.raises(Cancelled):
        shop.run(single_model("spleeter_2stems"), tune, output)
    assert shop.files() == []


def test_cancel_inside_the_built_in_model(shop: Shop, built_in: Separator, tune: Path) -> None:
    shop.model, shop.stop_at = built_in, ("separating", 0.05)
    with pytest.raises(Cancelled):
        shop.run(single_model("spleeter_2stems"), tune)
    assert shop.files() == []


def test_cancel_in_the_second_step_leaves_whole_files_only(shop: Shop, tune: Path) -> None:
    shop.stop_at = ("separating", 0.7)
    with pytest.raises(Cancelled):
        shop.run(TWICE, tune)
    left = shop.files()
    assert all(not name.startswith("work/") and "Vocals_" not in name for name in left)
    for name in left:
        if name.endswith(".wav"):
            assert soundfile.info(shop.root / name).frames == soundfile.info(tune).frames


def test_a_stem_that_the_model_lacks(shop: Shop, tune: Path) -> None:
    with pytest.raises(BadPreset, match=r"step1.*'drums'") as caught:
        shop.run(flow(("spleeter_2stems", "drums", [])), tune)
    assert "vocals, accompaniment" in caught.value.hint
    assert shop.files() == []


def test_a_song_that_does_not_decode(shop: Shop, tmp_path: Path, tune: Path) -> None:
    broken = tmp_path / "broken.wav"
    samples = soundfile.read(tune)[0]
    samples[-100] = np.nan
    soundfile.write(broken, samples, 48000, subtype="FLOAT")
    with pytest.raises(BadAudio, match="not a number"):
        shop.run(single_model("spleeter_2stems"), broken)
    assert shop.files() == []
