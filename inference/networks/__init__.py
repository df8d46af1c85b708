"""The network families: one file each, found by name.

A family's module has two functions, and may have tables:

    build(config) -> nn.Module                         the network with the published state-dict keys, ready for published weights
    wave_model(networks, config, setup) -> WaveModel   what the loop runs: audio in, stems out, made from networks with their weights
    HALF = {"cpu": torch.bfloat16}                     kinds of device with a fast form, and the type of its products there
    AT_ONCE = {"cuda": 2}                              kinds of device that are faster with more chunks in a call, and how many

Most are made by `chunked.ChunkModel` from an engine: the network once more, laid out for speed.
To add a family, write its file and add its line to FAMILIES in `inference/families.py`. Nothing else knows families by name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from inference.errors import UnknownModel
from inference.families import FAMILIES as FAMILIES
from inference.families import NOT_YET as NOT_YET
from inference.families import is_known
from inference.options import Options
from inference.overlap_add import Plan

Config = Mapping[str, Any]
"""What a model's record or its YAML says about the network: sections and numbers, by the family's own names."""


@dataclass(frozen=True)
class Setup:
    """How a model is to run."""

    options: Options = field(default_factory=Options)
    half: torch.dtype | None = None  # type of the matrix products and convolutions; None is float32, the exact form


class Survey(Protocol):
    """Hears the whole song before the work starts."""

    def hear(self, block: Tensor) -> None:
        """The next samples of the song at the model's rate, [groups, channels, n]: a group is the channels that go in together."""
        ...

    def finish(self) -> None:
        """That was all: the model now knows what it must know, until the next survey."""
        ...


class WaveModel(Protocol):
    """A network as the separator sees it. Also an `nn.Module`, so that it can be moved to a device."""

    sample_rate: int
    channels: int  # audio channels of one song: 1 or 2
    stems: tuple[str, ...]  # what it can find, in order
    plan: Plan  # how a song is cut for it

    def to(self, device: torch.device) -> WaveModel:
        """The model on that device."""
        ...

    def modules(self) -> Iterator[nn.Module]:
        """The model and all its parts, for whoever watches its progress."""
        ...

    def survey(self) -> Survey | None:
        """Something that must hear the song first, where the setup needs that; it must stay on the CPU."""
        ...

    def remember(self, other: WaveModel) -> None:
        """Take over what the other one's survey heard; it is of the same weights and options."""
        ...

    def shorter(self, samples: int) -> int | None:
        """The longest chunk of at most so many samples that it can work on; None if it knows only its own."""
        ...

    def separate(self, mixture: Tensor, stems: Sequence[str], lengths: Sequence[int]) -> Tensor:
        """[B, channels, chunk] -> [B, len(stems), channels, n], computing no more than these stems need.

        Items of a batch are independent of each other: the other channels of the same song, other chunks.
        `lengths` and n are those of `overlap_add.Network`. May be called under `torch.inference_mode` only.
        """
        ...


def build(model_type: str, config: Config) -> nn.Module:
    """A network of this family with random weights and the published state-dict keys.

    Raises:
        UnknownModel: no such family.
    """
    network: nn.Module = _family(model_type).build(config)
    return network


def wave_model(model_type: str, networks: Sequence[nn.Module], config: Config, setup: Setup | None = None) -> WaveModel:
    """The model that the separator runs, from the family's networks with their weights loaded.

    Raises:
        UnknownModel: no such family.
    """
    model: WaveModel = _family(model_type).wave_model(networks, config, setup or Setup())
    return model


def half_type(model_type: str, device: torch.device) -> torch.dtype | None:
    """The type of the products in the family's fast form on this kind of device; None where it has none.

    Raises:
        UnknownModel: no such family.
    """
    table: Mapping[str, torch.dtype] = getattr(_family(model_type), "HALF", {})
    return table.get(device.type)


def at_once(model_type: str, device: torch.device) -> int:
    """Chunks in a call of the network that this kind of device likes best, where nobody says how many, and memory allows.

    Raises:
        UnknownModel: no such family.
    """
    table: Mapping[str, int] = getattr(_family(model_type), "AT_ONCE", {})
    return table.get(device.type, 1)


def section(config: Config, name: str) -> Config:
    """A section of a config; the config itself where it has no such section and so is the section."""
    found = config.get(name, config)
    return found if isinstance(found, Mapping) else config


def _family(model_type: str) -> Any:
    path = FAMILIES.get(model_type)
    if path is None:
        known = is_known(model_type)
        raise UnknownModel(
            f"networks of type {model_type!r} are not supported yet" if known else f"there are no networks of type {model_type!r}",
            hint=f"Supported are: {', '.join(sorted(FAMILIES))}.",
            model_type=model_type,
        )
    return import_module(path)
