"""Steps in any order are put into one that works, or the ring is named."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.presets.order import Ring, in_order


@st.composite
def graphs(draw: st.DrawFn, *, with_ring: bool) -> tuple[list[str], list[list[str]]]:
    """Names in some order, and what each needs. Things need earlier ones of a hidden order, so there is no ring but the one put in."""
    count = draw(st.integers(2, 24))
    hidden = [f"s{number}" for number in range(count)]
    needs = {name: draw(st.lists(st.sampled_from(hidden[:at]), max_size=4)) if at else [] for at, name in enumerate(hidden)}
    if with_ring:
        ring = draw(st.lists(st.sampled_from(hidden), min_size=1, max_size=5, unique=True))
        for name, following in zip(ring, [*ring[1:], ring[0]], strict=True):
            needs[name].append(following)
    names = draw(st.permutations(hidden))
    return list(names), [needs[name] for name in names]


@given(graphs(with_ring=False), st.data())
def test_everything_comes_after_what_it_needs(graph: tuple[list[str], list[list[str]]], data: st.DataObject) -> None:
    names, needs = graph
    alike = data.draw(st.lists(st.sampled_from([None, "a", "b"]), min_size=len(names), max_size=len(names)))
    order = in_order(names, needs, alike)
    assert sorted(order) == list(range(len(names)))
    place = {names[number]: at for at, number in enumerate(order)}
    assert all(place[need] < place[names[number]] for number in order for need in needs[number])


@given(graphs(with_ring=True))
def test_a_ring_is_named(graph: tuple[list[str], list[list[str]]]) -> None:
    names, needs = graph
    with pytest.raises(Ring) as caught:
        in_order(names, needs)
    ring = caught.value.names
    assert len(set(ring)) == len(ring)
    for name, following in zip(ring, [*ring[1:], ring[0]], strict=True):
        assert following in needs[names.index(name)]


@given(st.lists(st.text(min_size=1), unique=True))
def test_what_needs_nothing_stays_as_it_is(names: list[str]) -> None:
    assert in_order(names, [[] for _ in names]) == list(range(len(names)))


def test_what_is_alike_stands_together() -> None:
    assert in_order(["a1", "b1", "a2", "b2"], [[], [], [], ["b1"]], ["a", "b", "a", "b"]) == [0, 2, 1, 3]
