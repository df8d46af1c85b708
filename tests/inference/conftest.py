"""What the tests of the engine share: a model that needs no weights."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import ModuleType

import pytest
import torch
from torch import Tensor, nn

from inference.catalogue import FileWeights, ModelRecord
from inference.networks import FAMILIES, Survey, WaveModel
from inference.overlap_add import Plan
from inference.separator import Separator

STEMS = ("vocals", "drums", "other")


class StandIn(nn.Module):
    """Two stems that depend on the place in the chunk and on both channels."""

    sample_rate = 44100
    stems = ("vocals", "drums")
    fault: Exception | None = None

    def __init__(self, width: int) -> None:
        super().__init__()
        self.channels = width
        self.layers = nn.Sequential(*[nn.Identity() for _ in range(10)])
        self.plan = Plan(torch.hann_window(4096, periodic=False) + 1e-3, 1024, border=1024, border_mode="reflect", batch=2)
        self.asked: list[tuple[str, ...]] = []

    def survey(self) -> Survey | None:
        return None

    def remember(self, other: WaveModel) -> None:
        pass

    def shorter(self, samples: int) -> int | None:
        return None

    def separate(self, mixture: Tensor, stems: Sequence[str], lengths: Sequence[int]) -> Tensor:
        assert mixture.shape[1] == self.channels
        assert len(lengths) == len(mixture)
        if self.fault:
            raise self.fault
        self.asked.append(tuple(stems))
        x = self.layers(mixture)
        ramp = torch.linspace(0.2, 0.6, x.shape[-1])
        found = {"vocals": 0.3 * x + 0.1 * torch.tanh(3 * x.mean(1, keepdim=True)), "drums": ramp * x}
        return torch.stack([found[stem] for stem in stems], 1)


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., Separator]:
    """stand_in(width=2, **fields of the record) -> a separator around a StandIn."""
    family = ModuleType("stand_in_family")
    family.__dict__["wave_model"] = lambda networks, config, setup: StandIn(config["width"])
    monkeypatch.setitem(sys.modules, "stand_in_family", family)
    monkeypatch.setitem(FAMILIES, "stand_in", "stand_in_family")

    def make(width: int = 2, **fields: object) -> Separator:
        given = {"family": "stand_in", "stems": STEMS, "rest": "other", "config": {"width": width}, **fields}
        weights = FileWeights(kind="file", files=())
        record = ModelRecord(name="stand-in", title="", purpose="", sample_rate=44100, weights=weights, **given)  # type: ignore[arg-type]
        return Separator(record, cache=tmp_path / "cache", device="cpu")

    return make


@pytest.fixture(scope="module")
def one_thread() -> Iterator[None]:
    """For small networks, which would spend their time waiting for threads."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)
