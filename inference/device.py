"""Which device does the work."""

from __future__ import annotations

import platform

import torch

from inference.errors import DeviceUnavailable


def available() -> tuple[str, ...]:
    """The devices of this machine by torch's names, the fastest first: "cuda:0", "mps", "xpu:0", "cpu"."""
    names = [f"cuda:{index}" for index in range(torch.cuda.device_count())]
    if torch.backends.mps.is_available():
        names.append("mps")
    if hasattr(torch, "xpu") and torch.xpu.is_available():
        names += [f"xpu:{index}" for index in range(torch.xpu.device_count())]
    return (*names, "cpu")


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
        if wanted in (name, name.split(":")[0]):
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
