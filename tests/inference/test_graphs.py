"""What is recorded, and when: with recordings of the CPU's calls in place of CUDA's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from inference.networks import at_once, graphs
from inference.networks.graphs import Graphed
from inference.work import WorkMeter


class Engine(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.calls: list[tuple[int, ...]] = []

    def forward(self, x: Tensor, stems: Sequence[int]) -> Tensor:
        self.calls.append(tuple(x.shape))
        return x[:, None].expand(-1, len(stems), -1, -1) * 2


@pytest.fixture
def recorded(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """Keys in the order in which they were recorded."""
    keys: list[tuple[Any, ...]] = []

    def record(self: Graphed, key: tuple[Any, ...], x: Tensor, rest: tuple[Any, ...]) -> Tensor:
        keys.append(key)
        given = x.clone()
        found = torch.empty_like(self.engine(given, *rest))

        class Graph:
            def replay(self) -> None:
                found.copy_(given[:, None] * 2)

        self._recorded[key] = Graph(), given, found  # type: ignore[assignment]
        return self.engine(x, *rest)  # type: ignore[no-any-return]

    monkeypatch.setattr(Graphed, "_record", record)
    return keys


def test_the_second_chunk_of_a_shape_is_recorded_and_the_third_played(recorded: list[Any]) -> None:
    graphed, engine = Graphed(Engine()), Engine()
    graphed.engine = engine
    answers = [graphed(torch.full((1, 2, 8), float(n)), [0]) for n in range(5)]
    assert [float(answer.max()) for answer in answers] == [0, 2, 4, 6, 8]  # each a copy of its own
    assert len(recorded) == 1
    assert len(engine.calls) == 3  # as it is, and twice in this recording


def test_batches_and_stems_are_recorded_apart(recorded: list[Any]) -> None:
    graphed = Graphed(Engine())
    for _ in range(2):
        for items, stems in ((2, [0]), (1, [0]), (2, [0, 1])):
            assert graphed(torch.ones(items, 2, 8), stems).shape == (items, len(stems), 2, 8)
    assert len(recorded) == 3


def test_another_length_ends_all_recordings(recorded: list[Any]) -> None:
    graphed = Graphed(Engine())
    for _ in range(2):
        graphed(torch.ones(1, 2, 8), [0])
    graphed(torch.ones(1, 2, 4), [0])
    assert not graphed._recorded
    graphed(torch.ones(1, 2, 8), [0])
    assert len(recorded) == 1


def test_what_cannot_be_recorded_runs_as_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> Tensor:
        raise RuntimeError("operation not permitted when stream is capturing")

    monkeypatch.setattr(Graphed, "_record", fails)
    graphed = Graphed(Engine())
    for _ in range(4):
        assert graphed(torch.ones(1, 2, 8), [0]).eq(2).all()
    assert graphed.failure == "operation not permitted when stream is capturing"


def test_without_memory_for_it_nothing_is_recorded(recorded: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Graphed, "_fits", lambda *_: False)
    graphed = Graphed(Engine())
    for _ in range(4):
        assert graphed(torch.ones(1, 2, 8), [0]).eq(2).all()
    assert not recorded


def test_when_memory_ends_recordings_are_let_go(recorded: list[Any]) -> None:
    graphed = Graphed(Engine())
    for _ in range(2):
        graphed(torch.ones(1, 2, 8), [0])

    class Greedy(nn.Module):
        def forward(self, *_: object) -> Tensor:
            raise torch.cuda.OutOfMemoryError("CUDA out of memory")

    graphed.engine = Greedy()
    with pytest.raises(torch.cuda.OutOfMemoryError):
        graphed(torch.ones(4, 2, 8), [0])
    assert not graphed._recorded


def test_recordings_of_all_models_can_be_let_go(recorded: list[Any]) -> None:
    models = [Graphed(Engine()), Graphed(Engine())]
    for model in models * 2:
        model(torch.ones(1, 2, 8), [0])
    assert graphs.release()
    assert not any(model._recorded for model in models)
    assert not graphs.release()


def test_only_cards_have_graphs_and_they_can_be_turned_off(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not graphs.wanted(torch.device("cpu"))
    assert graphs.wanted(torch.device("cuda:0"))
    monkeypatch.setenv("MSST_CUDA_GRAPHS", "0")
    assert not graphs.wanted(torch.device("cuda:0"))


def test_how_many_chunks_a_card_is_given_at_once() -> None:
    card, processor = torch.device("cuda:0"), torch.device("cpu")
    assert [at_once(name, card) for name in ("mel_band_roformer", "bs_roformer", "apollo", "htdemucs")] == [2, 2, 2, 1]
    assert [at_once(name, processor) for name in ("mel_band_roformer", "apollo")] == [1, 1]


def test_a_recorded_call_leaves_what_is_known_of_a_calls_layers() -> None:
    layers = nn.Sequential(*(nn.Identity() for _ in range(4)))
    told: list[float] = []
    meter = WorkMeter(layers, 100, told.append)
    list(meter.counted([torch.zeros(1, 300)]))
    for done, gone_through in ((100, 4), (200, 0)):  # as it is, and recorded
        meter.start()
        with meter.watching():
            layers[:gone_through](torch.zeros(1))
        meter.answered()
        meter.finished(done)
    meter.start()
    meter._next = 0  # the next layer reports, however soon
    with meter.watching():
        layers[0](torch.zeros(1))
    assert told[-1] == 225
