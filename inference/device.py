"""Which device does the work, and in which precision it is quick."""

from __future__ import annotations

import logging
import platform
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from importlib.util import find_spec

import torch

from inference.errors import DeviceUnavailable

log = logging.getLogger(__name__)

WORTH_IT = 1.3
"""How many times as fast a matrix product in 16 bits must be on the CPU to be used: many CPUs only imitate it, at a crawl."""


def available() -> tuple[str, ...]:
    """The devices of this machine by torch's names, the fastest first: "cuda:0", "mps", "xpu:0", "directml:0", "cpu"."""
    names = [f"cuda:{index}" for index in range(torch.cuda.device_count())]
    if torch.backends.mps.is_available():
        names.append("mps")
    if hasattr(torch, "xpu") and torch.xpu.is_available():
        names += [f"xpu:{index}" for index in range(torch.xpu.device_count())]
    names += [f"directml:{index}" for index in range(_directml_count())]
    return (*names, "cpu")


def _directml_count() -> int:
    """Graphics cards of any maker on Windows, through the package torch-directml where it is installed."""
    if find_spec("torch_directml") is None:
        return 0
    return int(import_module("torch_directml").device_count())


def choose_all(devices: str = "auto") -> list[torch.device]:
    """Several devices by their names, "cuda:0,cuda:1": the chunks of a song are spread over them.

    Raises:
        DeviceUnavailable: this machine lacks one of them.
    """
    return list(dict.fromkeys(choose(name) for name in devices.split(",") if name.strip())) or [choose()]


def choose(device: str = "auto") -> torch.device:
    """The device of this name; "auto" is the fastest one, and "cuda" the first of its kind.

    Raises:
        DeviceUnavailable: this machine has no such device.
    """
    present = available()
    wanted = device.strip().lower()
    if wanted == "auto":
        return torch.device(present[0])
    if wanted == "cpu:0":
        wanted = "cpu"
    for name in present:
        if wanted not in (name, name.split(":")[0]):
            continue
        if name.startswith("directml"):
            return torch.device(import_module("torch_directml").device(int(name.split(":")[1])))
        return torch.device(name)
    raise DeviceUnavailable(
        f"this machine has no device {device!r}", hint=f"It has: {', '.join(present)}.", device=device, available=list(present)
    )


def describe(device: torch.device) -> str:
    """The device for people: "NVIDIA H200 (cuda:0)", "CPU, 8 threads"."""
    if device.type == "cuda":
        return f"{torch.cuda.get_device_name(device)} ({device})"
    if device.type == "mps":
        return f"Apple GPU of this {platform.machine()} Mac"
    if device.type == "cpu":
        return f"CPU, {torch.get_num_threads()} threads"
    return str(device)


@cache
def is_quick(device_type: str, half: torch.dtype) -> bool:
    """Whether products in `half` are worth their error on this kind of device. Measured on the CPU, true of all GPUs."""
    if device_type != "cpu":
        return True
    supported = getattr(torch.ops.mkldnn, "_is_mkldnn_bf16_supported", lambda: False)
    if half != torch.bfloat16 or not supported():
        return False
    ratio = _product_seconds(torch.float32) / _product_seconds(half)
    log.info("matrix products in %s are %.1f times as fast as in float32", str(half).removeprefix("torch."), ratio)
    return ratio >= WORTH_IT


def _product_seconds(dtype: torch.dtype) -> float:
    a, b = torch.ones(512, 384, dtype=dtype), torch.ones(1536, 384, dtype=dtype)
    times = []
    with torch.inference_mode():
        for _ in range(5):
            start = time.perf_counter()
            torch.nn.functional.linear(a, b)
            times.append(time.perf_counter() - start)
    return min(times)


@contextmanager
def rounding(device: torch.device, *, exact: bool) -> Iterator[None]:
    """While this lasts, float32 products on an NVIDIA card are float32 all through, or TensorFloat-32 where that is enough.

    TF32 keeps 10 bits of each factor, about 60 dB: under a fast form's own error, and too much for an exact one's.
    """
    if device.type != "cuda":
        yield
        return
    matmul, convolution = torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = not exact
    try:
        yield
    finally:
        torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32 = matmul, convolution
