"""pymss (PyPI, 2.1.12 when this was written) through its public API, `MSSeparator`, as installed: `PYTHON -m tools.bench.peers.pymss`

Its defaults are kept: float32 on a CPU, half precision with its choice of attention on a GPU, threads and allocator as they come.
Given to it are the model's own YAML and checkpoint, and of its inference parameters the ones that make the work the same on both
sides: chunk_size, the overlap as overlap_size = chunk - chunk // num_overlap (its documented conversion), and batch_size 1. VR models
keep its default of two windows a call.

Run by the interpreter that has pymss installed, so nothing of ours is imported here but tools.bench.child.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from tools.bench.child import Samples, Side, Task, Unavailable, serve

FAMILIES = frozenset(
    "apollo bandit bandit_v2 bs_conformer bs_roformer htdemucs mdx23c mel_band_conformer mel_band_roformer scnet vr".split()
)


class Pymss(Side):
    """An MSSeparator."""

    def load(self, task: Task) -> None:
        """Write the YAML that it wants, and make the separator."""
        if task.family not in FAMILIES:
            raise Unavailable(f"pymss has no {task.family}")
        import yaml

        folder = Path(task.work)
        path = folder / f"{task.family}.yaml"
        path.write_text(yaml.safe_dump(dict(task.config)), encoding="utf-8")
        vr = task.family == "vr"
        peer: Any = import_module("pymss")
        self.separator = peer.MSSeparator(
            model_type=task.family,
            model_path=task.weights[0],
            config_path=None if vr else str(path),
            device=task.device.split(":")[0],
            store_dirs=str(folder),
            logger=logging.getLogger("pymss"),
            inference_params={} if vr else _parameters(task.config),
        )
        self._count_forwards(vr)

    def separate(self, song: Samples) -> Mapping[str, Samples]:
        """The stems of [C, n]."""
        found = self.separator.separate(song, pbar=False)
        return {stem: np.ascontiguousarray(np.atleast_2d(wave.T)) for stem, wave in found.items()}

    def device_peak(self) -> int | None:
        """Of torch's own allocator, since it was loaded."""
        import torch

        return torch.cuda.max_memory_allocated() if torch.cuda.is_available() else None

    def _count_forwards(self, vr: bool) -> None:
        network = self.separator.model.model_run if vr else self.separator.model
        name = "predict_mask" if vr else "forward"
        answer = getattr(network, name)

        def counted(batch: Any, *arguments: Any, **options: Any) -> Any:
            self.forwards += batch.shape[0]
            return answer(batch, *arguments, **options)

        setattr(network, name, counted)


def _parameters(config: Mapping[str, Any]) -> dict[str, int]:
    chunk, overlap = int(config["audio"]["chunk_size"]), int(config["inference"]["num_overlap"])
    return {"chunk_size": chunk, "overlap_size": chunk - chunk // overlap, "batch_size": 1}


if __name__ == "__main__":
    serve(Pymss().operations())
