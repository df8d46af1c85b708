"""What is done to masks after the network, against recorded answers."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from safetensors import safe_open

from inference.vr.masks import REACH, merge_artifacts, sharpen
from tests.vectors import GOLDEN

FILE = safe_open(GOLDEN / "vr_pipeline.safetensors", "pt")


@pytest.mark.parametrize("name", sorted(key for key in FILE.keys() if key.startswith("aggr.")))  # noqa: SIM118
def test_aggressiveness_is_that_recorded(name: str) -> None:
    _, value, single = name.split(".")
    mask = torch.from_numpy(np.random.RandomState(3).uniform(0, 1, (2, 513, 200)).astype(np.float32))
    found = sharpen(mask.mT, int(value), split=100, single=single == "1").mT
    assert torch.allclose(found[:, ::8, ::5], FILE.get_tensor(name), atol=1e-6)


def test_aggressiveness_of_zero_changes_nothing_and_its_extremes_are_finite() -> None:
    mask = torch.rand(2, 10, 8)
    mask[0, 0] = 0
    assert torch.equal(sharpen(mask, 0, split=4, single=True), mask)
    for value in (-100, 100):
        assert sharpen(mask, value, split=4, single=False).isfinite().all()


def test_correction_is_added_by_channel() -> None:
    mask = torch.full((2, 3, 4), 0.5)
    left, right = sharpen(mask, 50, split=2, single=False, correction=(0.5, -1.0))
    assert torch.allclose(right, torch.tensor(0.5))
    assert torch.allclose(left[:, 2:], torch.tensor(0.5**2.5))


def test_merged_artifacts_are_those_recorded() -> None:
    found = merge_artifacts(FILE.get_tensor("artifacts.mask").mT, 0.2).mT
    assert torch.allclose(found, FILE.get_tensor("artifacts.merged"), atol=1e-6)


def test_gaps_of_a_song_can_be_merged_in_pieces() -> None:
    generator = torch.Generator().manual_seed(1)
    steps = torch.randint(1, 110, (120,), generator=generator)
    clear = torch.cat([torch.full((int(n),), float(i % 2)) for i, n in enumerate(steps)])
    clear[:3] = 1
    mask = torch.rand(2, len(clear), 4, generator=generator) * 0.1 + 0.5 * clear[:, None]
    whole = merge_artifacts(mask, 0.3)
    assert not torch.equal(whole, mask)
    for start in range(200, len(clear) - 500, 97):
        piece = merge_artifacts(mask[:, start - REACH : start + 100 + REACH], 0.3, begins=False)
        assert torch.equal(piece[:, REACH:-REACH], whole[:, start : start + 100])
