"""What this machine can do at most: large matrix products. `python -m tools.bench.machine`

It is a contestant too, asked between the others: the peak is the best that was seen in the whole run, so that a machine that was
busy when the run began does not make everybody look good.
"""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch.nn import functional as F

from inference.device import choose, describe
from inference.networks.packed import PackedLinear
from tools.bench.child import Answer, serve

TYPES = {"fp32": torch.float32, "bf16": torch.bfloat16}
SIZES = {"cpu": (512, 2048), "cuda": (4096, 16384)}  # side of the square matrices: to find out, and to measure
PATIENCE = 0.4  # seconds for each kind of product


def describe_machine(device: str) -> Answer:
    """Names and numbers of what is there."""
    chosen = choose(device)
    return {
        "device": describe(chosen),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "instructions": torch.backends.cpu.get_cpu_capability() if hasattr(torch.backends.cpu, "get_cpu_capability") else "",
        "torch": torch.__version__,
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
    }


def measure(device: str) -> Answer:
    """GFLOP/s of matrix products in float32 and bfloat16, the best of the ways to ask for them."""
    chosen = choose(device)
    with torch.inference_mode():
        return {name: _best(chosen, dtype) for name, dtype in TYPES.items()}


def _best(device: torch.device, dtype: torch.dtype) -> float:
    """A small product first: where a processor does not have this type, a large one takes minutes."""
    small, large = SIZES.get(device.type, SIZES["cpu"])
    first = max(_rate(product, small, device) for product in _products(small, device, dtype))
    if large**3 * 2e-9 / first > PATIENCE:
        return first
    return max(first, *(_rate(product, large, device) for product in _products(large, device, dtype)))


def _products(side: int, device: torch.device, dtype: torch.dtype) -> list[Callable[[], Any]]:
    a, b = (torch.randn(side, side, device=device).to(dtype) for _ in range(2))
    packed = PackedLinear(b, dtype=dtype).to(device)
    return [lambda: torch.mm(a, b), lambda: F.linear(a, b), lambda: packed(a)]


def _rate(product: Callable[[], Any], side: int, device: torch.device) -> float:
    """GFLOP/s, the best of as many calls as there is patience for."""
    seconds: list[float] = []
    spent = 0.0
    while spent < PATIENCE and len(seconds) < 10:
        began = time.perf_counter()
        product()
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        seconds.append(time.perf_counter() - began)
        spent += seconds[-1]
    return 2e-9 * side**3 / min(seconds)


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:  # noqa: PTH123 - it has no size, which pathlib's reading minds
            return next((line.split(":", 1)[1].strip() for line in file if line.startswith("model name")), platform.processor())
    except OSError:
        return platform.processor()


def _device(order: Mapping[str, Any]) -> str:
    return str(order["device"])


if __name__ == "__main__":
    serve({"describe": lambda order: describe_machine(_device(order)), "measure": lambda order: measure(_device(order))})
