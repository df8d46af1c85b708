"""The loop of the MSST training code around the published form of a network: eager float32, one chunk a call.

    python -m tools.bench.peers.reference

It stands for what users of the training code's own inference script get. It also counts the work of a forward.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from inference.checkpoints import fill, load_weights
from inference.device import choose
from inference.networks import FAMILIES, build
from tools.bench.child import Samples, Side, Task, Unavailable, serve
from tools.bench.work import gflop

SEGMENTED = frozenset({"htdemucs"})
"""Families with a loop without borders and fades."""

OTHERWISE = frozenset({"vr", "spleeter"})
"""Families whose network does not take waves: other programs made them, with pipelines of their own."""


class Reference(Side):
    """The published form in the plain loop."""

    def load(self, task: Task) -> None:
        """Build it on the CPU, and bring it to the device."""
        FAMILIES.update(task.extras)
        self.task = task
        self.device = choose(task.device)
        networks = []
        for path in task.weights:
            with torch.device("meta"):
                network = build(task.family, task.config)
            fill(network, load_weights(Path(path), Path(task.cache)), task.family)
            networks.append(network.eval().to(self.device))
        self.networks = networks
        for network in networks:
            network.register_forward_pre_hook(self._count)

    def separate(self, song: Samples) -> Mapping[str, Samples]:
        """The stems of [C, n]."""
        if self.task.family in OTHERWISE:
            raise Unavailable("is not of the training code's families")
        loop = segmented if self.task.family in SEGMENTED else faded
        mixture = torch.from_numpy(song)
        overlap = int(self.task.config["inference"]["num_overlap"])
        parts = list(mixture[:, None]) if self.task.mono else [mixture]
        with torch.inference_mode():
            found = torch.cat([loop(self.networks[0], part, self._chunk(), overlap, self.device) for part in parts], 1)
        own = [stem for stem in self.task.stems if stem != self.task.rest]
        stems = dict(zip(own, found, strict=True))
        if self.task.rest is not None:
            stems[self.task.rest] = mixture - sum(stems.values())
        return {stem: wave.numpy() for stem, wave in stems.items()}

    def work(self) -> float:
        """GFLOP of one forward of the network, or of all networks of the model."""
        return sum(gflop(network, self._example().to(self.device)) for network in self.networks)

    def device_peak(self) -> int | None:
        """Of torch's own allocator, since it was loaded."""
        return torch.cuda.max_memory_allocated() if self.device.type == "cuda" else None

    def _chunk(self) -> int:
        return int(self.task.config["audio"]["chunk_size"])

    def _example(self) -> Tensor:
        """What the network is given at once."""
        if self.task.family == "vr":
            return torch.rand(1, 2, int(self.task.config["vr"]["n_fft"]) // 2 + 1, 512)
        if self.task.family == "spleeter":
            return torch.rand(1, 2, 512, 1024)
        return torch.randn(1, 1 if self.task.mono else 2, self._chunk()) * 0.1

    def _count(self, network: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        self.forwards += inputs[0].shape[0]


def faded(network: nn.Module, mixture: Tensor, chunk: int, num_overlap: int, device: torch.device) -> Tensor:
    """The loop of most families: mirrored borders, linear fades of a tenth of a chunk. [C, n] -> [S, C, n] on the CPU.

    The fades reach zero, where num_overlap 1 leaves holes; here they stop just above, so that there is something to compare.
    """
    step, fade, length = chunk // num_overlap, chunk // 10, mixture.shape[-1]
    border = chunk - step if length > 2 * (chunk - step) > 0 else 0
    if border:
        mixture = F.pad(mixture, (border, border), mode="reflect")
    window = torch.ones(chunk)
    window[:fade] = torch.linspace(0, 1, fade).clamp_min(1e-7)
    window[-fade:] = torch.linspace(1, 0, fade).clamp_min(1e-7)
    total = weight = torch.zeros(1)
    for start in range(0, mixture.shape[-1], step):
        part = mixture[:, start : start + chunk]
        known = part.shape[-1]
        part = F.pad(part, (0, chunk - known), mode="reflect" if known > chunk // 2 + 1 else "constant")
        own = window.clone()
        if start == 0:
            own[:fade] = 1
        elif start + step >= mixture.shape[-1]:
            own[-fade:] = 1
        answer = _answer(network, part, device)
        if start == 0:
            total = torch.zeros(answer.shape[0], *mixture.shape)
            weight = torch.zeros_like(total)
        known = min(known, answer.shape[-1])
        total[..., start : start + known] += answer[..., :known] * own[:known]
        weight[..., start : start + known] += own[:known]
    return (total / weight).nan_to_num(0)[..., border : border + length]


def segmented(network: nn.Module, mixture: Tensor, chunk: int, num_overlap: int, device: torch.device) -> Tensor:
    """The loop of Demucs: no borders, a plain mean. [C, n] -> [S, C, n] on the CPU."""
    total = weight = torch.zeros(1)
    for start in range(0, mixture.shape[-1], chunk // num_overlap):
        part = mixture[:, start : start + chunk]
        known = part.shape[-1]
        answer = _answer(network, F.pad(part, (0, chunk - known)), device)
        if start == 0:
            total = torch.zeros(answer.shape[0], *mixture.shape)
            weight = torch.zeros_like(total)
        total[..., start : start + known] += answer[..., :known]
        weight[..., start : start + known] += 1
    return total / weight


def _answer(network: nn.Module, part: Tensor, device: torch.device) -> Tensor:
    answer: Tensor = network(part[None].to(device))[0].cpu()
    return answer[None] if answer.ndim == 2 else answer


if __name__ == "__main__":
    serve(Reference().operations())
