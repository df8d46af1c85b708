"""How steps name what they read: files of the job, "STEP.STEM", or "STEP" where it has one stem (or one that is the point of it).

mixture, file1   the song: the first file of the job
file2, file3 ... its other files, where a job has several
"""

from __future__ import annotations

import re

MIXTURE = "mixture"
"""The name of the song itself as a step's input."""

EVERY = "*"
"""Stands for every stem of a step in an output's source."""

MAX_FILES = 32
"""Files of a job, and members of an ensemble."""

_FILE = re.compile(r"file([1-9][0-9]?)", re.IGNORECASE)


def file_number(reference: str) -> int | None:
    """Which file of the job a reference means, 1 for the song; None where it means a step."""
    if reference.casefold() == MIXTURE:
        return 1
    found = _FILE.fullmatch(reference)
    number = int(found[1]) if found else 0
    return number if 1 <= number <= MAX_FILES else None


def file_reference(number: int) -> str:
    """The reference that means a file of the job, 1 for the song."""
    return MIXTURE if number == 1 else f"file{number}"


def owner_of(reference: str) -> str:
    """The step that a reference names; "" for a file of the job."""
    return "" if file_number(reference) else reference.partition(".")[0]


def stem_of(reference: str) -> str:
    """The stem that a reference names; "" where it leaves that open. A file of the job is its own stem."""
    return reference if file_number(reference) else reference.partition(".")[2]


def resolve(reference: str, steps: list[str]) -> str:
    """The reference with its step spelled as the step is. Upper and lower case are the same.

    Raises:
        ValueError: there is no such step.
    """
    number = file_number(reference)
    if number:
        return file_reference(number)
    spelled = {name.casefold(): name for name in steps}
    owner, _, stem = reference.partition(".")
    if owner.casefold() not in spelled:
        raise ValueError(f"there is no step {owner!r}: it can be {', '.join([MIXTURE, *steps])}, or file2, file3 ... of a job with several")
    return f"{spelled[owner.casefold()]}.{stem}" if stem else spelled[owner.casefold()]
