"""The Demucs family: HTDemucs and HDemucs. The layers are in the demucs_* files beside this one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from inference.errors import UnknownModel
from inference.networks import Config, Setup, WaveModel, section
from inference.networks.chunked import ChunkModel, plan
from inference.networks.demucs_fast import FastDemucs, lays_out
from inference.networks.demucs_network import HDemucs, HTDemucs
from inference.networks.demucs_options import HybridOptions, TransformerOptions, chosen

KINDS = ("htdemucs", "hdemucs")

HALF = {"cpu": torch.bfloat16, "cuda": torch.float16}
"""44 to 48 dB in bfloat16. On a CPU it is worth it where the processor has products in bfloat16: without, they are 10 times slower."""


def build(config: Config) -> HDemucs:
    """The published network.

    Args:
        config: `model` names the kind, a section of that name holds its keywords, and `training` its sources and their sound.

    Raises:
        UnknownModel: a kind or an option that is not supported.
    """
    kind, keywords = _kind(config)
    training = section(config, "training")
    given: dict[str, Any] = {"sources": tuple(training.get("instruments") or keywords["sources"])}
    for name, key in (("audio_channels", "channels"), ("samplerate", "samplerate"), ("segment", "segment")):
        if key in training:
            given[name] = training[key]
    if kind == "hdemucs":
        return HDemucs(chosen(HybridOptions, keywords, **given))
    fixed = {"hybrid": True, "hybrid_old": False, "dconv_attn": 10**6, "dconv_lstm": 10**6}  # HTDemucs has no such options
    usual = {"depth": 4, "dconv_comp": 8, "dconv_init": 1e-3, "multi_freqs_depth": 3, "segment": 10}
    options = chosen(HybridOptions, {**usual, **keywords}, **{**given, **fixed})
    transformer = chosen(TransformerOptions, keywords, "t_")
    bottom = int(keywords.get("bottom_channels") or 0)
    return HTDemucs(options, transformer, bottom, use_train_segment=bool(keywords.get("use_train_segment", True)))


def _kind(config: Config) -> tuple[str, Config]:
    """Which network it is, and its keywords."""
    about = section(config, "model") if isinstance(config.get("model"), dict) else config
    kind = str(about.get("model", "htdemucs"))
    if kind not in KINDS:
        hint = f"Supported are: {', '.join(KINDS)}."
        raise UnknownModel(f"Demucs networks of kind {kind!r} are not supported yet", hint=hint, model_type=kind)
    return kind, section(about, kind)


class _AsPublished(nn.Module):
    """The published network as an engine."""

    def __init__(self, published: nn.Module) -> None:
        super().__init__()
        self.published = published

    def forward(self, mixture: Tensor, stems: Sequence[int]) -> Tensor:
        found: Tensor = self.published(mixture)
        return found[:, list(stems)]


def wave_model(networks: Sequence[nn.Module], config: Config, setup: Setup) -> WaveModel:
    """The model from its network."""
    (network,) = networks
    assert isinstance(network, HDemucs)
    options = network.options
    rate = int(options.samplerate)
    chunk = int(rate * options.segment)
    made = plan(config, setup, faded=False, chunk=chunk, sample_rate=rate)
    engine = FastDemucs(network.eval(), setup.half) if lays_out(network) else _AsPublished(network.eval())
    return ChunkModel(engine, network.options.sources, made, setup, config, sample_rate=rate, channels=options.audio_channels)
