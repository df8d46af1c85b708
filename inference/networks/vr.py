"""VR, the vocal removers: a network finds masks on a spectrogram of bands, its stem and all that it leaves.

`vr_classic` and `vr_cascaded` have the two generations of networks, `inference.vr` the spectrogram.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from inference.networks import Config, Setup, section
from inference.networks.vr_cascaded import CascadedNet
from inference.networks.vr_classic import SIZES, CascadedASPPNet, Size
from inference.networks.vr_fast import FastCascaded, FastClassic
from inference.networks.vr_remover import VocalRemover
from inference.vr.layouts import layout

CASCADED_SIZES = (56817, 218409)  # KiB of published files
WIDE = 218409  # the one that is twice as wide, whatever its record says

HALF = {"cpu": torch.bfloat16, "cuda": torch.float16, "mps": torch.float16, "xpu": torch.float16}
"""Masks at 77 to 83 dB in bfloat16 with random weights of published sizes: a sigmoid at the end forgives much."""


def build(config: Config) -> CascadedASPPNet | CascadedNet:
    """A network with random weights.

    Args:
        config: a record's `vr` section, or a mapping that has it: network, n_fft (or params, a band layout), nn_arch_size,
            nout, nout_lstm; or what `of_state` says of given weights.
    """
    about = section(config, "vr")
    if is_cascaded(about):
        wide = about.get("nn_arch_size") == WIDE
        width = 64 if wide else int(about.get("nout") or about.get("effective_nout") or 32)
        return CascadedNet(_n_fft(about), width, int(about.get("nout_lstm") or 128))
    size = about.get("size")
    return CascadedASPPNet(_n_fft(about), size if isinstance(size, Size) else SIZES[int(about["nn_arch_size"])])


def is_cascaded(about: Mapping[str, Any]) -> bool:
    """Whether a record means a CascadedNet (version 5.1) rather than a CascadedASPPNet (version 4)."""
    if "network" in about:
        return bool(about["network"] == "CascadedNet")
    return "nout" in about or about.get("nn_arch_size") in CASCADED_SIZES


def of_state(state: Mapping[str, Tensor]) -> dict[str, Any]:
    """What `build` must know, read off weights. A CascadedASPPNet does not tell its n_fft: that is twice its layout's bins."""
    width = state["out.weight"].shape[1]
    lstm = "stg3_full_band_net.lstm_dec2.lstm.weight_"
    if f"{lstm}hh_l0" in state:
        return {
            "network": "CascadedNet",
            "n_fft": 4 * state[f"{lstm}ih_l0"].shape[1],
            "nout": width,
            "nout_lstm": 2 * state[f"{lstm}hh_l0"].shape[1],
        }
    part = "stg3_full_band_net"
    levels = sum(f"{part}.enc{level}.conv1.conv.0.weight" in state for level in range(1, 10))
    extra = sum(f"{part}.aspp.conv{number}.conv.1.weight" in state for number in range(6, 10))
    return {"network": "CascadedASPPNet", "size": Size(width // 2, levels, extra)}


def wave_model(networks: Sequence[nn.Module], config: Config, setup: Setup) -> VocalRemover:
    """The vocal remover.

    Args:
        networks: one, with its weights.
        config: a record's `vr` section, or a mapping that has it: params (the layout's name, or it itself), primary_stem,
            secondary_stem.
        setup: how to run.
    """
    about = section(config, "vr")
    (network,) = networks
    assert isinstance(network, (CascadedASPPNet, CascadedNet))
    network.eval()
    engine = FastCascaded(network, setup.half) if isinstance(network, CascadedNet) else FastClassic(network, setup.half)
    stems = (str(about.get("primary_stem") or "Instrumental"), str(about.get("secondary_stem") or "Vocals"))
    cascaded = isinstance(network, CascadedNet)
    return VocalRemover(engine, network.offset, layout(about["params"]), stems, setup, cascaded=cascaded)


def _n_fft(about: Mapping[str, Any]) -> int:
    return int(about["n_fft"]) if about.get("n_fft") else 2 * layout(about["params"]).bins
