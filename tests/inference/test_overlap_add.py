"""The chunk loop: golden vectors of the reference loops, and what must hold for every plan."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file
from torch import Tensor

from inference.errors import Cancelled
from inference.overlap_add import Plan, overlap_add

GOLDEN = load_file(Path(__file__).parents[1] / "golden" / "demix.safetensors")
LENGTHS = (700, 1024, 1500, 5000, 12345)


def stand_in(stems: int):
    """The network of the golden vectors: its answer depends on the place inside the chunk."""

    def network(x: Tensor, lengths) -> Tensor:
        t = torch.arange(x.shape[-1]) / x.shape[-1]
        return torch.stack(
            [
                (x * (k + 1) / (stems + 1)) * (1 + 0.5 * torch.sin(6.2831853 * t + k)) + 0.01 * torch.tanh(x.flip(1) * 3)
                for k in range(stems)
            ],
            1,
        )

    return network


def identity(x: Tensor, lengths=()) -> Tensor:
    return x[:, None]


def split(song: Tensor, *sizes: int) -> Iterator[Tensor]:
    """The song in blocks of these sizes, over and over."""
    start = turn = 0
    while start < song.shape[-1]:
        yield song[:, start : start + sizes[turn % len(sizes)]]
        start, turn = start + sizes[turn % len(sizes)], turn + 1


def run(song: Tensor, network, plan: Plan, stems: int, sizes=(4096,)) -> Tensor:
    return torch.cat(list(overlap_add(split(song, *sizes), network, plan, stems=stems)), -1)


@pytest.mark.parametrize("batch", [1, 2, 5])
@pytest.mark.parametrize("overlap", [1, 2, 4, 8])
@pytest.mark.parametrize("length", LENGTHS)
def test_reference_loop(length, overlap, batch):
    song, expected = GOLDEN[f"input.{length}"], GOLDEN[f"faded.{length}.{overlap}"]
    found = run(song, stand_in(2), Plan.faded(1024, overlap, batch=batch), 2, (333, 1, 2000))
    assert found.shape == expected.shape
    hole = expected == 0 if overlap == 1 else torch.zeros_like(expected, dtype=torch.bool)
    assert (found - expected)[~hole].abs().max() < 1e-5
    assert hole.sum() <= 2 * 2 * 2 * (length // 1024 + 1)
    assert (found[hole] != 0).all(), "the reference's holes are filled"


@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize("overlap", [1, 2, 4, 8])
@pytest.mark.parametrize("length", LENGTHS)
def test_demucs_loop(length, overlap, batch):
    found = run(GOLDEN[f"input.{length}"], stand_in(4), Plan.segments(1024, overlap, batch=batch), 4, (100, 7))
    assert (found - GOLDEN[f"segments.{length}.{overlap}"]).abs().max() < 1e-5


@st.composite
def plans(draw):
    chunk = draw(st.integers(1, 60))
    window = torch.rand(chunk) + 0.01
    mode = st.sampled_from(["reflect", "zeros"])
    step = draw(st.integers(1, chunk))
    return Plan(
        window,
        step,
        draw(st.sampled_from([None, torch.rand(chunk) + 0.01])),
        draw(st.sampled_from([None, torch.rand(chunk) + 0.01])),
        draw(st.integers(0, chunk - 1)),
        draw(mode),
        draw(mode),
        draw(st.integers(1, 4)),
        draw(st.booleans()),
        draw(st.none() | st.integers(step, chunk)),
    )


@settings(max_examples=150, deadline=None)
@given(plans(), st.integers(1, 300), st.lists(st.integers(1, 90), min_size=1, max_size=4), st.integers(1, 2))
def test_identity_network_returns_its_input(plan, length, sizes, channels):
    song = torch.randn(channels, length)
    found = run(song, identity, plan, 1, sizes)[0]
    torch.testing.assert_close(found, song, rtol=1e-5, atol=1e-5)


@settings(max_examples=60, deadline=None)
@given(plans(), st.integers(1, 300), st.lists(st.integers(1, 90), min_size=1, max_size=4))
def test_the_split_of_the_stream_changes_no_bit(plan, length, sizes):
    song = torch.randn(2, length)
    assert torch.equal(run(song, stand_in(3), plan, 3, sizes), run(song, stand_in(3), plan, 3, (length,)))


@settings(max_examples=60, deadline=None)
@given(plans(), st.integers(1, 300))
def test_every_chunk_that_is_asked_is_heard(plan, length):
    calls = []
    song = torch.ones(1, length)

    def network(x: Tensor, lengths) -> Tensor:
        calls.extend(range(len(x)))
        assert x.shape[1:] == (1, plan.chunk)
        return identity(x)

    run(song, network, plan, 1)
    border = 0 if plan.border_mode == "reflect" and length <= 2 * plan.border else plan.border
    starting = -(-(length + border) // plan.step)  # chunks that start before the end of the song
    if plan.reach:
        starting = min(starting, 1 + max(-(-(length + 2 * border - plan.reach) // plan.step), 0))
    assert len(calls) == starting


@pytest.mark.parametrize(("length", "calls"), [(50, 1), (100, 1), (101, 2), (180, 2), (181, 3)])
def test_crossfaded_chunks_that_would_cover_nothing_new_are_left_out(length, calls):
    song, asked = torch.randn(2, length), []

    def network(x: Tensor, lengths) -> Tensor:
        asked.append(x)
        return identity(x)

    torch.testing.assert_close(run(song, network, Plan.crossfaded(100, 20, reach=100), 1, (7, 64))[0], song)
    assert len(asked) == calls


def test_silence_is_not_computed():
    song = torch.zeros(2, 1000)
    song[:, 450:] = 1
    asked = []

    def network(x: Tensor, lengths) -> Tensor:
        asked.append(len(x))
        return identity(x)

    plan = Plan(torch.ones(100), 100, batch=4, silence=True)
    assert torch.equal(run(song, network, plan, 1)[0], song)
    assert sum(asked) == 6


def test_a_network_may_return_a_little_less_than_its_chunk():
    song = torch.randn(2, 997)
    plan = Plan(torch.ones(100), 50, border=50, border_mode="reflect")
    torch.testing.assert_close(run(song, lambda x, _: identity(x)[..., :93], plan, 1)[0], song)


def test_no_samples_in_none_out():
    for border in (0, 5):
        plan = Plan(torch.ones(10), 5, border=border)
        assert list(overlap_add([], identity, plan, stems=1)) == []
        assert list(overlap_add([torch.zeros(2, 0)], identity, plan, stems=1)) == []


def test_reports_what_is_done_and_stops_when_told():
    song = torch.randn(1, 1000)
    plan = Plan(torch.ones(100), 25, border=75, border_mode="reflect", batch=2)
    told: list[int] = []
    list(overlap_add(split(song, 64), identity, plan, stems=1, on_done=told.append))
    assert told == sorted(told)
    assert told[-1] == 1000

    def stop(done: int) -> None:
        if done > 300:
            raise Cancelled

    with pytest.raises(Cancelled):
        list(overlap_add(split(song, 64), identity, plan, stems=1, on_done=stop))


def test_an_endless_stream_needs_no_end():
    def forever() -> Iterator[Tensor]:
        while True:
            yield torch.ones(1, 10)

    stream = overlap_add(forever(), identity, Plan.faded(100, 4), stems=1)
    assert sum(next(stream).shape[-1] for _ in range(1000)) == 25_000


@pytest.mark.parametrize(
    "wrong",
    [{"step": 0}, {"step": 11}, {"border": 10}, {"batch": 0}, {"reach": 4}, {"reach": 11}, {"last_window": torch.ones(9)}],
)
def test_plans_check_themselves(wrong):
    with pytest.raises(ValueError, match=r"\d"):
        Plan(**{"window": torch.ones(10), "step": 5, **wrong})
