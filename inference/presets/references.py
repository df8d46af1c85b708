"""How steps name each other's stems: "mixture", "STEP.STEM", or "STEP" where the step has one stem (or one that is the point of it)."""

from __future__ import annotations

MIXTURE = "mixture"
"""The name of the song itself as a step's input."""

EVERY = "*"
"""Stands for every stem of a step in an output's source."""


def owner_of(reference: str) -> str:
    """The step that a reference names; "" for the mixture."""
    return "" if reference == MIXTURE else reference.partition(".")[0]


def stem_of(reference: str) -> str:
    """The stem that a reference names; "" where it leaves that open."""
    return MIXTURE if reference == MIXTURE else reference.partition(".")[2]


def resolve(reference: str, steps: list[str]) -> str:
    """The reference with its step spelled as the step is. Upper and lower case are the same.

    Raises:
        ValueError: there is no such step.
    """
    if reference.casefold() == MIXTURE:
        return MIXTURE
    spelled = {name.casefold(): name for name in steps}
    owner, _, stem = reference.partition(".")
    if owner.casefold() not in spelled:
        raise ValueError(f"there is no step {owner!r}: it can be {', '.join([MIXTURE, *steps])}")
    return f"{spelled[owner.casefold()]}.{stem}" if stem else spelled[owner.casefold()]
