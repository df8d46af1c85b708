"""Which options are in force for a step, which models stay loaded, and what makes a model another one."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

import inference.separator
from inference.catalogue import Catalogue
from inference.errors import BadOption, UnknownModel
from inference.options import Options
from tests.inference.presets.shop import record
from webui.compute.models import MAX_WARM_MODELS, JobModels, WarmModels, merged

RECORDS = [record(name, "vocals", "other", speed=speed) for name, speed in (("a", 2.0), ("b", None), ("c", None), ("d", None))]
DEFAULTS = {"a": {"overlap": "high", "tta": True, "vr": {"window_size": 320}}}


def catalogue(**defaults: Any) -> Catalogue:
    return Catalogue({each.name: each for each in RECORDS}, defaults=defaults or DEFAULTS)


class _Loaded:
    """A separator that only remembers how it was made."""

    made: list[str]

    def __init__(self, model: Any, *, cache: Path, device: str, options: Options) -> None:
        self.record, self.options = model, options
        type(self).made.append(model.name)

    def configure(self, options: Options) -> None:
        self.options = options


@pytest.fixture(autouse=True)
def made(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setattr(inference.separator, "Separator", _Loaded)
    _Loaded.made = []
    return _Loaded.made


def models(warm: WarmModels | None = None, planned: str = "", known: Catalogue | None = None, **explicit: Any) -> JobModels:
    return JobModels(
        warm or WarmModels(),
        known or catalogue(),
        device="cpu",
        cache=Path("cache"),
        settings={"overlap": "fast", "precision": "exact"},
        explicit=explicit,
        planned=planned.split(),
    )


def test_the_job_is_stronger_than_the_step_than_the_model_than_the_settings() -> None:
    job = models(shifts=2, vr={"aggressiveness": 9})
    assert job.options("b", {}) == Options(overlap="fast", precision="exact", shifts=2, vr=job.options("b", {}).vr)
    found = job.options("a", {"tta": False, "shifts": 5, "vr": {"high_end": True}})
    assert (found.precision, found.overlap, found.tta, found.shifts) == ("exact", "high", False, 2)
    assert (found.vr.window_size, found.vr.high_end, found.vr.aggressiveness) == (320, True, 9)
    assert job.give("a", {"tta": False}).options == job.options("A", {"tta": False})
    with pytest.raises(BadOption):
        job.options("b", {"speed": 1})
    with pytest.raises(UnknownModel):
        job.give("nobody", {})


def test_groups_are_merged_and_the_layers_stay_as_they_are() -> None:
    low, high = {"vr": {"a": 1, "b": 1}, "x": 1}, {"vr": {"b": 2}}
    assert merged(low, high) == {"vr": {"a": 1, "b": 2}, "x": 1}
    assert low == {"vr": {"a": 1, "b": 1}, "x": 1}


def test_a_model_that_a_later_step_needs_stays(made: list[str]) -> None:
    warm = WarmModels()
    job = models(warm, "a b c d a")
    for name in "abcda":
        job.give(name, {})
    assert made == ["a", "b", "c", "d"]
    following = models(warm, "d b")
    following.give("d", {})
    following.give("b", {})
    assert made == ["a", "b", "c", "d", "b"], "what nobody needed any more has left"
    assert MAX_WARM_MODELS == 2


def test_a_model_with_other_files_is_loaded_again(made: list[str], tmp_path: Path) -> None:
    warm = WarmModels()
    models(warm).give("a", {})
    models(warm).give("a", {"shifts": 3})
    changed = RECORDS[0].model_copy(update={"weights": RECORDS[0].weights.model_copy(update={"files": (tmp_path / "new.ckpt",)})})
    models(warm, known=Catalogue({"a": changed})).give("a", {})
    assert made == ["a", "a"]


def test_a_model_whose_file_has_changed_is_loaded_again(made: list[str], tmp_path: Path) -> None:
    """As after a repair: the same record, the same name of the file."""
    path = tmp_path / "w.ckpt"
    path.write_bytes(b"damaged")
    mine = RECORDS[1].model_copy(update={"weights": RECORDS[1].weights.model_copy(update={"files": (path,)})})
    warm, known = WarmModels(), Catalogue({"b": mine})
    for _ in range(2):
        models(warm, known=known).give("b", {})
    assert made == ["b"]
    path.write_bytes(b"as published")
    models(warm, known=known).give("b", {})
    os.utime(path, ns=(1, 1))  # the same size, another time
    models(warm, known=known).give("b", {})
    models(warm, known=known).give("b", {})
    assert made == ["b"] * 3


def test_speed_counts_passes() -> None:
    assert models().speed("a", {"tta": False, "overlap": "standard"}) == 2.0
    assert models().speed("a", {}) == 2.0 * 3 * 2
    assert models(shifts=4).speed("a", {"tta": False, "overlap": 1}) == 8.0
    assert models().speed("b", {}) is None


def test_identity_is_of_weights_and_options(tmp_path: Path) -> None:
    path = tmp_path / "w.ckpt"
    path.write_bytes(b"one")
    mine = RECORDS[1].model_copy(update={"weights": RECORDS[1].weights.model_copy(update={"files": (path,)})})
    job = models(known=Catalogue({"b": mine}))
    before = job.identity("b", {})
    assert before == job.identity("B", {})
    assert before != job.identity("b", {"shifts": 2})
    path.write_bytes(b"other")
    assert before != job.identity("b", {})
