"""Every configuration that is shipped builds its network, with the keys and shapes of the published checkpoint."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import pytest
import torch

from inference.catalogue import load_catalogue
from inference.networks import Setup, build
from inference.networks.chunked import plan, stems_of
from tests.vectors import fingerprint, fingerprints

RECORDS = {record.weights.name: record for record in load_catalogue() if record.config_file and record.supported}  # type: ignore[union-attr]
ROFORMERS = ("bs_roformer", "mel_band_roformer")


@cache
def built(family: str, told: str) -> dict[str, Any]:
    """The fingerprint of a network; many models are of the same."""
    with torch.device("meta"):
        return fingerprint(build(family, json.loads(told)), trainable=True)


@pytest.mark.parametrize("file", RECORDS)
def test_it_builds(file: str) -> None:
    record, wanted = RECORDS[file], fingerprints()[file]
    config = record.load_config()
    told = {"model": config["model"]} if record.family in ROFORMERS else config
    assert built(record.family, json.dumps(told, sort_keys=True))["sha256"] == wanted["sha256"]


@pytest.mark.parametrize("file", [file for file, record in RECORDS.items() if record.family != "vr"])
def test_the_engine_finds_the_stems_that_the_record_has(file: str) -> None:
    record = RECORDS[file]
    config = record.load_config()
    assert {*stems_of(config), *([record.rest] if record.rest else [])} == set(record.stems)
    if "audio" in config and record.family not in ("htdemucs",):
        assert plan(config, Setup()).chunk > record.sample_rate / 2
