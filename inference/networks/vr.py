"""VR, the vocal removers: a network finds masks on a spectrogram of bands, its stem and all that it leaves.

`vr_classic` and `vr_cascaded` have the two generations of networks, `inference.vr` the spectrogram.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from inference.networks import Config, section
from inference.networks.vr_cascaded import CascadedNet
from inference.networks.vr_classic import SIZES, CascadedASPPNet, Size

CASCADED_SIZES = (56817, 218409)  # KiB of published files
WIDE = 218409  # the one that is twice as wide, whatever its record says


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


def _n_fft(about: Mapping[str, Any]) -> int:
    return int(about["n_fft"])
