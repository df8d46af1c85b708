"""Whole presets over small networks of several families, from checkpoints that are made here: the files are where each says."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from inference.catalogue import Catalogue
from inference.presets import ModelFacts, StepStore, check_preset, parse_preset, run
from inference.types import OutputFormat
from tests.families import small_model
from tests.inference.presets.shop import graph, read, separate
from webui.compute.models import JobModels, WarmModels

pytestmark = pytest.mark.usefixtures("one_thread")

FAMILIES = ("mel_band_roformer", "htdemucs", "mdx23c")


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    folder = tmp_path_factory.mktemp("models")
    records = [small_model(name, folder) for name in FAMILIES]
    return Catalogue({record.name: record for record in records})


@pytest.fixture
def separated(catalogue: Catalogue, tmp_path: Path, second: Path) -> Any:
    """separated(preset file) -> its results, and the models it loaded."""

    def work(data: dict[str, Any], output: OutputFormat) -> tuple[list[Any], list[str]]:
        preset = parse_preset(data)
        check_preset(preset, catalogue)
        warm = _Counting()
        settings: Mapping[str, Any] = {"precision": "exact", "overlap": 1}
        planned = [step.model for step in preset.needed() if hasattr(step, "model")]
        models = JobModels(warm, catalogue, device="cpu", cache=tmp_path / "cache", settings=settings, explicit={}, planned=planned)
        files = run(
            preset,
            second,
            song="tune",
            folder=tmp_path / "kept",
            extras=tmp_path / "extras",
            work=tmp_path / "work",
            output=output,
            models=models.give,
            report=lambda _: None,
            facts=ModelFacts(models.identity, models.speed),
            store=StepStore(tmp_path / "steps", 1 << 30, spare=0),
        )
        return files, warm.loaded

    return work


class _Counting(WarmModels):
    """Says which models were loaded."""

    def __init__(self) -> None:
        super().__init__()
        self.loaded: list[str] = []

    def get(self, record: Any, device: str, *args: Any, **more: Any) -> Any:
        if (record.name, device) not in self._warm:
            self.loaded.append(record.name)
        return super().get(record, device, *args, **more)


def check_files(files: list[Any], folder: Path, names: list[str], frames: int) -> None:
    assert [file.path.name for file in files] == names
    assert sorted(path.name for path in folder.iterdir()) == sorted(names)
    for file in files:
        assert file.path.parent == folder
        assert (file.sample_rate, file.channels, file.frames) == (44100, 2, frames)
        assert soundfile.info(file.path).frames == frames
        assert file.peaks.is_file()


def test_a_chain_of_the_old_version(separated: Any, tmp_path: Path, second: Path) -> None:
    flow = [
        ("mel_band_roformer.ckpt", "vocals", ["other"]),
        ("htdemucs", "Vocals", ["drums", "bass"]),
        ("mdx23c", "kick", ["snare", "toms"]),
    ]
    entries = [
        {"model_type": "vocal_models", "model_name": model, "input_to_next": passed, "output_to_storage": kept}
        for model, passed, kept in flow
    ]
    files, _ = separated({"version": "1.0.0", "name": "chain", "flow": entries}, OutputFormat("wav", "FLOAT"))
    names = ["other", "vocals_drums", "vocals_bass", "vocals_Vocals_snare", "vocals_Vocals_toms", "vocals_Vocals_kick"]
    check_files(files, tmp_path / "kept", [f"tune_{name}.wav" for name in names], soundfile.info(second).frames)
    assert [file.main for file in files] == [False] * 5 + [True]
    assert not (tmp_path / "work").exists()


def test_a_graph_with_a_branch_an_ensemble_a_mix_and_effects(separated: Any, tmp_path: Path, second: Path) -> None:
    members = [
        {"model": "mel_band_roformer", "stem": "vocals", "weight": 2},
        {"model": "htdemucs", "stem": "vocals"},
        {"from": "again.vocals", "bands": [1, 1, 0.5]},
    ]
    steps = [
        {"kind": "effects", "name": "polish", "input": "best", "chain": [{"effect": "highpass", "hz": 80}, {"effect": "gain", "db": -3}]},
        {"kind": "mix", "name": "backing", "sources": [{"from": "mixture"}, {"from": "best", "weight": -1}], "stem": "backing"},
        {"kind": "ensemble", "name": "best", "members": members, "stem": "vocals"},
        separate("first", "mel_band_roformer"),
        separate("again", "mel_band_roformer", "first.VOCALS"),
        separate("kit", "mdx23c", "first.other"),
    ]
    outputs = [
        {"from": "polish", "name": "{song}_{stem}_polished", "main": True},
        "backing",
        "best.residual",
        {"from": "kit.*", "name": "{song}_{step}_{stem}"},
        {"from": "best.vocals", "name": "{song}_raw", "format": "flac", "subtype": "PCM_16"},
    ]
    files, loaded = separated(graph(steps, outputs), OutputFormat("wav", "FLOAT"))
    names = ["vocals_polished.wav", "backing.wav", "residual.wav", "kit_kick.wav", "kit_snare.wav", "kit_toms.wav", "raw.flac"]
    check_files(files, tmp_path / "kept", [f"tune_{name}" for name in names], soundfile.info(second).frames)
    assert sorted(loaded) == sorted(FAMILIES), "a model that several steps share is loaded once"
    assert [file.main for file in files] == [True] + [False] * 6
    assert np.abs(read(files[1]) - read(files[2])).max() < 1e-6, "the mixture minus the ensemble is its residual"
    assert soundfile.info(files[-1].path).subtype == "PCM_16"
    assert np.abs(read(files[1]) + read(files[-1]) - read(second)).max() < 1e-4
