"""What is done to a mask after the network: aggressiveness, and gaps given back.

A mask [..., 2, frames, bins] is the share of the primary stem in each bin of the mixture, 0 .. 1.
"""

from __future__ import annotations

import torch
from torch import Tensor

SINGLE = frozenset(("Vocals", "Other", "Bass", "Drums", "Guitar", "Piano", "Synthesizer", "Strings", "Woodwinds", "Brass", "Wind Inst"))
"""Primary stems that are not an accompaniment: for them aggressiveness works the other way round."""

MIN_RANGE, FADE = 64, 32  # frames: gaps must be longer, and fade so long
REACH = 192  # frames on each side that `merge_artifacts` must know: a gap, its neighbour's end, and the fades between them
TINY = 1e-7  # below, a share is not trusted to be turned into its inverse


def sharpen(mask: Tensor, aggressiveness: int, *, split: int, single: bool, correction: tuple[float, float] = (0.0, 0.0)) -> Tensor:
    """Raise a mask to a power: what is unclear leaves the primary stem, the more the higher the aggressiveness.

    Args:
        mask: [..., 2, frames, bins].
        aggressiveness: -100 .. 100; 0 changes nothing.
        split: bins from here on get the whole exponent, those below a third of it.
        single: whether the primary stem is not an accompaniment (see SINGLE).
        correction: for the left and the right channel.
    """
    if aggressiveness == 0:
        return mask
    value = 2 * aggressiveness / 100
    exponents = mask.new_empty(2, 1, mask.shape[-1])
    for channel, more in zip(exponents, correction, strict=True):
        amount = (1 - value if single else value) + more
        channel[:, :split] = 1 + amount / 3
        channel[:, split:] = 1 + amount
    return torch.pow(mask.clamp_min(TINY) if bool((exponents < 0).any()) else mask, exponents)


def merge_artifacts(mask: Tensor, threshold: float, *, begins: bool = True) -> Tensor:
    """Where all of a mask is above the threshold for long enough, all of the mixture goes to the primary stem.

    Args:
        mask: [2, frames, bins].
        threshold: 0 .. 1.
        begins: whether the first frame is the first of the song: there is no fade then.
    """
    weight = _weight(mask.amin((0, 2)) > threshold, begins).to(mask.device)
    return mask + weight[:, None] * (1 - mask)


def _weight(clear: Tensor, begins: bool) -> Tensor:
    """How much is given to the primary stem in each frame [frames], 0 .. 1.

    A range that follows the one before closely takes a step back and joins it: its fade then lies inside, as published.
    """
    weight = torch.zeros(len(clear))
    before: int | None = None
    for first, last in _ranges(clear.tolist()):
        if last - first <= MIN_RANGE:
            continue
        start, stop = first, last
        if before is not None and start - before < FADE:
            start = before - 2 * FADE
        if start != 0 or not begins:
            weight[start : start + FADE] = torch.linspace(0, 1, FADE)
        else:
            start -= FADE
        weight[stop - FADE : stop] = torch.linspace(1, 0, FADE)
        weight[start + FADE : stop - FADE] = 1
        before = stop
    return weight


def _ranges(flags: list[bool]) -> list[tuple[int, int]]:
    """First and last index of each run of true values."""
    edges = [index for index, (one, other) in enumerate(zip([False, *flags], [*flags, False], strict=True)) if one != other]
    return [(first, behind - 1) for first, behind in zip(edges[::2], edges[1::2], strict=True)]
