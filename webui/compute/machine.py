"""What a compute child knows of the machine, once it has loaded torch; it loads nothing for that."""

from __future__ import annotations

import sys
from functools import cache
from typing import Any


def facts_of_machine() -> dict[str, Any]:
    """{"torch", "devices": [{"id", "name"}], "gpu": [{"id", "name", "total", "used"}]}; empty while torch is not loaded.

    `total` and `used` are bytes of the whole card, whoever uses them; `used` is None for a card that this process does not compute on,
    because asking would take memory there.
    """
    if "torch" not in sys.modules:
        return {}
    import torch

    return {"torch": str(torch.__version__), "devices": _devices(), "gpu": [_card(index) for index in range(torch.cuda.device_count())]}


@cache
def _devices() -> list[dict[str, str]]:
    from inference.device import available, choose, describe

    return [{"id": name, "name": describe(choose(name))} for name in available()]


def _card(index: int) -> dict[str, Any]:
    import torch

    properties = torch.cuda.get_device_properties(index)
    used = None
    if torch.cuda.memory_reserved(index):  # 0 where this process has not begun to use any card
        free, total = torch.cuda.mem_get_info(index)
        used = total - free
    return {"id": f"cuda:{index}", "name": properties.name, "total": properties.total_memory, "used": used}
