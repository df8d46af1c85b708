"""Writes the catalogue and the configurations: one record a line, so that a change shows as what it is."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from inference.catalogue.record import ModelRecord
from tools.catalogue.facts import Published
from tools.catalogue.records import config_file

HEAD = "# Made by tools.catalogue from published facts: change those, not this.\n"


def catalogue_text(records: Sequence[ModelRecord], recommended: Mapping[str, Any]) -> str:
    """data/catalogue.json."""
    purposes = [f"  {json.dumps(purpose)}: {json.dumps(entry)}" for purpose, entry in recommended.items()]
    models = [f"  {json.dumps(_plain(record), ensure_ascii=False)}" for record in records]
    parts = (",\n".join(purposes), ",\n".join(models))
    return '{{\n "version": 1,\n "recommended": {{\n{}\n }},\n "models": [\n{}\n ]\n}}\n'.format(*parts)


def _plain(record: ModelRecord) -> dict[str, Any]:
    """Without what is not said."""
    plain = record.model_dump(mode="json", exclude_defaults=True)
    plain["weights"] = {"kind": record.weights.kind, **plain["weights"]}  # a default that tells one kind from another
    return plain


def write_catalogue(records: Sequence[ModelRecord], recommended: Mapping[str, Any], path: Path) -> None:
    """Write data/catalogue.json."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(catalogue_text(records, recommended).encode())


def write_configs(published: Sequence[Published], folder: Path) -> None:
    """Write FAMILY/MODEL.yaml for all that have a configuration, and remove those of models that are gone."""
    wanted = {}
    for model in published:
        name = config_file(model)
        if name is not None:
            wanted[folder / name] = HEAD + yaml.safe_dump(model.config, sort_keys=False, default_flow_style=None, width=140)
    for path in folder.glob("*/*.yaml"):
        if path not in wanted:
            path.unlink()
    for path, text in wanted.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
