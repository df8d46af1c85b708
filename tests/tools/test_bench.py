"""The benchmark's machinery, with networks that compute nothing. What it measures is not tested: nothing here looks at a clock."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from inference.networks import FAMILIES
from tools.bench import BenchOptions, run_bench
from tools.bench.child import Task
from tools.bench.compare import Measured, Result, decibels
from tools.bench.loading import INSIDE, LoopReport, write_song
from tools.bench.models import load_models, song, weights_of
from tools.bench.peers.reference import faded, segmented
from tools.bench.report import Machine, Report
from tools.bench.runner import Child, ChildFailed, Contestant
from tools.bench.weights import random_state
from tools.bench.work import gflop

ROOT = Path(__file__).parents[2]
FAKE = Contestant("pymss", "tests.tools.fake_peer")


@pytest.fixture
def configs(tmp_path: Path) -> Path:
    """One tiny model."""
    config = {
        "audio": {"chunk_size": 4410, "sample_rate": 44100},
        "model": {},
        "inference": {"num_overlap": 4},
        "training": {"instruments": ["vocals", "other"], "target_instrument": None},
    }
    path = tmp_path / "configs.json"
    entry = {"family": "identity", "stems": ["vocals", "other"], "config": config, "extras": {"identity": "tools.bench.identity"}}
    path.write_text(json.dumps({"tiny": entry}), encoding="utf-8")
    return path


@pytest.mark.slow
def test_a_run_from_end_to_end(configs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")  # five processes at once
    contestants = [
        Contestant("exact", "tools.bench.ours", keep_heap=True),
        Contestant("fast", "tests.tools.fake_peer", precision="fast"),
        Contestant("reference", "tools.bench.peers.reference"),
        FAKE,
    ]
    (tmp_path / "cache").mkdir()
    torch.save({"gain": torch.ones(2)}, tmp_path / "cache" / "tiny.ckpt")
    said: list[str] = []
    report = run_bench(BenchOptions(tmp_path / "cache", repeats=2, configs=configs, contestants=contestants), said.append)
    (measured,) = report.measured
    ours, reference, peer = (measured.of(name) for name in ("exact", "reference", "pymss"))
    assert ours is not None
    assert reference is not None
    assert peer is not None
    assert ours.forwards == reference.forwards == peer.forwards == 2
    assert len(ours.seconds) == len(peer.seconds) == 2
    assert ours.decibels is not None
    assert ours.decibels > 100
    assert measured.of("fast") is None
    assert any("no fast form" in line for line in said)
    assert report.machine.peaks["fp32"] > 0
    assert "ours, exact" in report.text()
    assert "| tiny | pymss |" in report.markdown()
    assert json.loads(report.as_json())["measured"][0]["results"][0]["name"] == "exact"


def test_the_parent_never_imports_torch() -> None:
    code = "import sys, tools.bench, tools.bench.loading; assert not {'torch', 'librosa', 'gradio'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


def test_a_peer_is_left_out_with_its_reason(tmp_path: Path) -> None:
    with Child(FAKE, tmp_path) as child, pytest.raises(ChildFailed, match="only knows identities") as failure:
        child.ask("load", task=Task("vr", {}, (), "", ("a",)).as_json())
    assert failure.value.unavailable


def test_a_peer_that_fails_or_dies_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAKE_PEER_FAILS", "1")
    np.save(tmp_path / "song.npy", song(100, 44100))
    with Child(FAKE, tmp_path) as child:
        child.ask("load", task=Task("identity", {}, (), "", ("a",)).as_json())
        with pytest.raises(ChildFailed, match="ValueError: that went wrong"):
            child.ask("separate", song=str(tmp_path / "song.npy"), out=None)
    with Child(Contestant("dead", "no.such.module"), tmp_path) as child, pytest.raises(ChildFailed, match=r"no\.such|No module"):
        child.ask("load")


def test_only_our_side_keeps_its_heap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "tell.py").write_text(
        "import json, os, sys\n"
        "for line in sys.stdin: print(json.dumps({'ok': True, 'kept': 'MALLOC_TRIM_THRESHOLD_' in os.environ}), flush=True)\n",
        encoding="utf-8",
    )
    monkeypatch.setenv("MALLOC_TRIM_THRESHOLD_", "1")
    for keep in (True, False):
        with Child(Contestant("tell", "tell", keep_heap=keep, root=tmp_path), tmp_path) as child:
            assert child.ask("tell")["kept"] is keep


def test_every_model_is_of_a_family_that_exists() -> None:
    models = load_models()
    assert {model.family for model in models} <= set(FAMILIES)
    assert len({model.name for model in models}) == len(models)
    for model in models:
        assert model.rest is None or model.rest in model.stems
        assert model.shortened().song_samples(None) > 0


def test_weights_are_always_the_same() -> None:
    first, second = (random_state(nn.Sequential(nn.Conv1d(2, 4, 3), nn.BatchNorm1d(4))) for _ in range(2))
    assert all(torch.equal(first[key], second[key]) for key in first)
    assert 0.1 < float(first["0.weight"].std()) < 1
    assert float(first["1.running_var"].min()) == 1


def test_weights_are_made_once(configs: Path, tmp_path: Path) -> None:
    (model,) = load_models(configs)
    (tmp_path / "tiny.ckpt").write_bytes(b"made before")
    assert weights_of(model, tmp_path) == [tmp_path / "tiny.ckpt"]
    assert (tmp_path / "tiny.ckpt").read_bytes() == b"made before"


def test_the_song_is_the_same_every_time_and_not_too_loud() -> None:
    assert np.array_equal(song(5000, 44100), song(5000, 44100))
    assert 0.05 < np.abs(song(44100, 44100)).max() < 1


@pytest.mark.parametrize(("samples", "overlap"), [(1000, 2), (3333, 2), (2500, 4), (1000, 1)])
def test_the_reference_loops_give_the_song_back(samples: int, overlap: int) -> None:
    def network(x: torch.Tensor) -> torch.Tensor:
        return x[:, None].repeat(1, 2, 1, 1)

    mixture = torch.from_numpy(song(samples, 44100))
    for loop in (faded, segmented):
        found = loop(network, mixture, 1000, overlap, torch.device("cpu"))  # type: ignore[arg-type]
        assert torch.allclose(found, mixture.expand(2, -1, -1), atol=1e-6)


def test_work_is_counted_where_torch_does_not_look() -> None:
    class Recurrent(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.lstm = nn.LSTM(16, 32, 2, batch_first=True, bidirectional=True)
            self.gru = nn.GRU(64, 8, batch_first=True)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.gru(self.lstm(x)[0])[0]

    first, second = 2 * 2 * 4 * 32 * (16 + 32), 2 * 2 * 4 * 32 * (64 + 32)
    assert gflop(Recurrent(), torch.randn(4, 50, 16)) == pytest.approx(200 * (first + second + 2 * 3 * 8 * (64 + 8)) / 1e9)
    assert gflop(nn.Linear(16, 8), torch.randn(10, 16)) == pytest.approx(2 * 10 * 16 * 8 / 1e9)


def test_attention_is_counted() -> None:
    class Attention(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return nn.functional.scaled_dot_product_attention(x, x, x)

    assert gflop(Attention(), torch.randn(2, 4, 100, 16)) == pytest.approx(2 * 2 * 8 * 100 * 100 * 16 / 1e9)


def test_ratios_are_of_pairs_in_one_round() -> None:
    slow, quick = Result("pymss", seconds=[4.0, 9.0, 6.0]), Result("exact", seconds=[2.0, 3.0, 2.0], forwards=2)
    measured = Measured("tiny", "identity", 1000, 2, 4.0, 3.0, [slow, quick])
    assert measured.ratio("pymss", "exact") == (3.0, 2.0, 3.0)
    assert measured.gflops("exact") == 3.0
    text = Report(Machine({"device": "d", "processor": "p", "instructions": "", "torch": "0", "system": "s"}), measured=[measured]).text()
    assert "3.00 (2.00 to 3.00)" in text


def test_agreement_in_decibels() -> None:
    wanted = np.ones((1, 2, 100), np.float32)
    assert decibels(wanted * 1.01, wanted) == pytest.approx(40, abs=0.01)
    assert decibels(wanted[..., :-5] * 1.01, wanted) == pytest.approx(40, abs=0.01), "a peer may leave out the last samples"
    assert np.isnan(decibels(wanted[..., :50], wanted))
    assert np.isnan(decibels(wanted[:, :1], wanted))


def test_what_is_asked_for_is_checked(tmp_path: Path) -> None:
    for wrong in ({"precision": "half"}, {"overlap": 0}, {"repeats": 0}):
        with pytest.raises(ValueError, match=r"it is|rounds"):
            BenchOptions(tmp_path, **wrong)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="nothing to measure"):
        run_bench(BenchOptions(tmp_path, families=["none"]), lambda _: None)


def test_a_song_goes_through_the_loop(configs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    (model,) = load_models(configs)
    weights = tmp_path / "tiny.ckpt"
    torch.save({"gain": torch.ones(2)}, weights)
    with Child(INSIDE, tmp_path) as child:
        child.ask("load", task=model.task([weights], tmp_path, overlap=2, device="cpu").as_json())
        answer = child.ask("loop", seconds=1)
        started = child.ask("start", song=str(write_song(tmp_path / "song.wav", 44100)))
    assert answer["samples"] == 44100
    assert answer["memory"] >= 0
    assert started["seconds"] > 0


def test_the_report_of_the_loop() -> None:
    report = LoopReport(913_000_000, 9.0, 0.5, [0.1, 0.2], [0.4], {5: 2**27, 60: 2**27}, {5: 1.0, 60: 12.0})
    assert "second load of a checkpoint of 913 MB, in a new process: 0.50 s" in report.text()
    assert "| the loop's own memory, 60 minutes, 4 stems | 128 MiB (in 12.0 s) |" in report.markdown()
    assert json.loads(report.as_json())["click"] == [0.4]
