"""What models cost: that it is measured, written and taken up again. No number is looked at but for its sign."""

from __future__ import annotations

from pathlib import Path

import pytest

from inference.catalogue import load_catalogue
from tests.families import small_model
from tools.catalogue.costs import Cost, Costs, fingerprint
from tools.catalogue.speed import measure_all, networks


def test_every_network_that_can_run_is_measured_once() -> None:
    wanted = networks()
    records = [record for record in load_catalogue() if record.config_file and record.supported]
    assert set(wanted) == {fingerprint(record.family, record.load_config()) for record in records}
    assert 20 < len(wanted) < len(records)
    sizes = [record.bytes or 0 for record in wanted.values()]
    assert sizes == sorted(sizes)
    assert {record.family for record in networks(["scnet"]).values()} == {"scnet"}


@pytest.mark.slow
def test_a_run_goes_on_where_it_was(tmp_path: Path) -> None:
    path = tmp_path / "speed.json"
    known = Cost("known", 1.0, 1.0, 1.0, 1)
    Costs({"known": known}).write(path)
    model = small_model("mdx23c", tmp_path / "weights")
    costs = measure_all({"known": model, "new": model}, path, seconds=1.0, steady=float("inf"))
    assert costs == Costs.read(path)
    assert costs.of("known") == known
    new = costs.of("new")
    assert new is not None
    assert new.seconds > 0
    assert new.speed > 0
    assert new.memory > 1_000_000
    assert measure_all({"new": model}, path) == costs


@pytest.mark.slow
def test_what_a_busy_machine_measures_is_not_written(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    model = small_model("mdx23c", tmp_path / "weights")
    assert measure_all({"new": model}, tmp_path / "speed.json", seconds=1.0, steady=0.0) == Costs()
    assert not (tmp_path / "speed.json").exists()
    assert "was not measured: the built-in model took" in caplog.text


def test_time_that_is_up_begins_nothing(tmp_path: Path) -> None:
    model = small_model("mdx23c", tmp_path / "weights")
    assert measure_all({"new": model}, tmp_path / "speed.json", until=0.0) == Costs()
