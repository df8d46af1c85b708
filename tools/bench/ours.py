"""Our own side, as the compute child runs it: a loaded `Separator` with its options. `python -m tools.bench.ours`"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from inference.catalogue import FileWeights, ModelRecord
from inference.device import choose, is_quick
from inference.networks import FAMILIES, half_type
from inference.options import Options
from inference.separator import Separator
from tools.bench.child import Samples, Side, Task, Unavailable, serve


class Ours(Side):
    """A separator with one model."""

    def load(self, task: Task) -> None:
        """Unavailable for the fast form of a family that has none."""
        FAMILIES.update(task.extras)
        self.device = choose(task.device)
        half = half_type(task.family, self.device)
        if task.precision == "fast" and half is None:
            raise Unavailable(f"{task.family} has no fast form on {self.device.type}")
        if task.precision == "fast" and half is not None and not is_quick(self.device.type, half):
            raise Unavailable(f"this machine does not compute quickly in {str(half).removeprefix('torch.')}")
        overlap: Any = task.config["inference"]["num_overlap"] if task.overlap == "standard" else task.overlap
        self.sample_rate = task.sample_rate
        self.separator = Separator(
            record(task),
            cache=Path(task.cache),
            device=task.device,
            options=Options(precision=task.precision, overlap=overlap, batch=1),  # type: ignore[arg-type]
        )
        self._count_forwards(task.mono)

    def separate(self, song: Samples) -> Mapping[str, Samples]:
        """The stems of [C, n]."""
        return self.separator.separate(song, self.sample_rate)

    def device_peak(self) -> int | None:
        """Of torch's own allocator, since it was loaded."""
        return torch.cuda.max_memory_allocated() if self.device.type == "cuda" else None

    def _count_forwards(self, mono: bool) -> None:
        model: Any = self.separator.model
        separate = model.separate

        def counted(mixture: torch.Tensor, *arguments: Any) -> torch.Tensor:
            self.forwards += mixture.shape[0] * (mixture.shape[1] if mono else 1)
            answer: torch.Tensor = separate(mixture, *arguments)
            return answer

        model.separate = counted


def record(task: Task) -> ModelRecord:
    """What the catalogue would say of this model."""
    return ModelRecord(
        name=f"bench_{task.family}",
        title=task.family,
        purpose="Measuring.",
        family=task.family,
        stems=task.stems,
        rest=task.rest,
        sample_rate=task.sample_rate,
        weights=FileWeights(kind="file", files=tuple(Path(path) for path in task.weights)),
        config=dict(task.config),
    )


if __name__ == "__main__":
    serve(Ours().operations())
