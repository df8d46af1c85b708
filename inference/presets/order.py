"""Putting steps into an order in which each comes after what it needs."""

from __future__ import annotations

from collections.abc import Hashable, Sequence


class Ring(Exception):
    """Some of them need each other. `names`: each needs the next, and the last needs the first."""

    def __init__(self, names: list[str]) -> None:
        super().__init__(" → ".join(names))
        self.names = names


def in_order(names: Sequence[str], needs: Sequence[Sequence[str]], alike: Sequence[Hashable | None] = ()) -> list[int]:
    """Places of `names`, each after all that it needs.

    Args:
        names: of the things to order, all different.
        needs: for each, the names of what must come before it.
        alike: for each, what it has in common with others: those come one after the other where that is possible (so that a model is
            loaded once). Otherwise the given order stays.

    Raises:
        Ring: there is no such order.
    """
    place = {name: number for number, name in enumerate(names)}
    waiting = {number: {place[name] for name in needs[number]} for number in range(len(names))}
    found: list[int] = []
    while waiting:
        ready = [number for number, others in waiting.items() if not others]
        if not ready:
            raise Ring([names[number] for number in _ring(waiting)])
        last = alike[found[-1]] if found and alike else None
        chosen = next((number for number in ready if last is not None and alike[number] == last), ready[0])
        found.append(chosen)
        del waiting[chosen]
        for others in waiting.values():
            others.discard(chosen)
    return found


def _ring(waiting: dict[int, set[int]]) -> list[int]:
    """Some ring among things that all wait for something: whoever follows the needs comes by again."""
    way: list[int] = [next(iter(waiting))]
    while (following := min(waiting[way[-1]])) not in way:
        way.append(following)
    return way[way.index(following) :]
