"""A home folder whose catalogue has models of a hub on loopback."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.tools.hub.server import Hub
from tools.hub import Disk, Policy, parse_endpoint
from webui.services.downloads import Downloads
from webui.services.ledger import LiveCatalogue
from webui.services.library import LibraryService

YAML = """audio:
  sample_rate: 44100
model:
  dim: !!python/tuple [1, 2]
training:
  instruments: [vocals, other]
  target_instrument: vocals
"""
QUICK = Policy(tries=3, pause=0.0, stall=60.0, proxy="none")


def record(name: str, data: bytes, *, sha256: bool = True, config: bool = True, **changes: Any) -> dict[str, Any]:
    """A model of the hub as a catalogue has it."""
    weights = {
        "kind": "hub",
        "name": f"{name}.ckpt",
        "bytes": len(data),
        "sha256": hashlib.sha256(data).hexdigest() if sha256 else None,
        "repos": [{"host": "huggingface", "repo": "owner/repo", "path": f"models/{name}.ckpt"}],
        "config_path": None if config else f"models/{name}.yaml",
    }
    plain = {
        "name": name,
        "title": name.title(),
        "purpose": "A test.",
        "family": "bs_roformer",
        "stems": ["vocals", "other"],
        "target": "vocals",
        "rest": "other",
        "sample_rate": 44100,
        "weights": weights,
        **({"config": {"model": {"dim": 1}}} if config else {}),
    }
    return {**plain, **changes}


def write_catalogue(models: Path, *records: dict[str, Any]) -> None:
    models.mkdir(parents=True, exist_ok=True)
    (models / "catalogue.json").write_text(json.dumps({"version": 1, "models": records}), encoding="utf-8")


class Looked:
    """Stands for the compute process: notes what it was asked, and finds what it is told to."""

    def __init__(self, error: Exception | None = None) -> None:
        self.orders: list[dict[str, Any]] = []
        self.error = error

    def __call__(self, order: dict[str, Any], cancelled: Callable[[], bool]) -> dict[str, Any]:
        self.orders.append(order)
        if self.error is not None:
            raise self.error
        return {"family": order["family"], "config": order["config"], "keys": 1, "parameters": 1}


def library(
    models: Path, *hubs: Hub, inspect: Any = None, parallel: int = 2, disk: Disk | None = None, policy: Policy = QUICK
) -> LibraryService:
    endpoints = tuple(parse_endpoint(hub.url) for hub in hubs)
    downloads = Downloads(endpoints, policy, parallel, disk or Disk())
    return LibraryService(models, LiveCatalogue(models), downloads, inspect or Looked())
