"""A small model of every family, with random weights, as a user's own catalogue would name it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from inference.catalogue import FileWeights, ModelRecord
from inference.networks import build

RATE = 44100

_ROFORMER = {
    "dim": 16,
    "depth": 1,
    "stereo": True,
    "num_stems": 1,
    "dim_head": 8,
    "heads": 2,
    "stft_n_fft": 512,
    "stft_hop_length": 256,
    "stft_win_length": 512,
    "mask_estimator_depth": 1,
}
_BANDS = {"freqs_per_bands": [8] * 8 + [64, 64, 65], "dim_freqs_in": 257}
_TRANSFORMERS = {"time_transformer_depth": 1, "freq_transformer_depth": 1}
_CONFORMERS = {"time_conformer_depth": 1, "freq_conformer_depth": 1}
_SCNET = {
    "sources": ["drums", "bass", "other", "vocals"],
    "audio_channels": 2,
    "dims": [4, 8, 12, 16],
    "nfft": 1024,
    "hop_size": 256,
    "win_size": 1024,
    "normalized": True,
    "band_SR": [0.225, 0.372, 0.403],
    "band_stride": [1, 4, 16],
    "band_kernel": [3, 4, 16],
    "conv_depths": [3, 2, 1],
    "compress": 4,
    "conv_kernel": 3,
    "num_dplayer": 2,
    "expand": 1,
}
_BANDIT = {
    "stems": ["speech", "music", "effects"],
    "n_sqm_modules": 1,
    "emb_dim": 8,
    "rnn_dim": 8,
    "bidirectional": True,
    "rnn_type": "GRU",
    "mlp_dim": 16,
    "hidden_activation": "Tanh",
    "n_bands": 8,
    "n_fft": 2048,
    "win_length": 2048,
    "hop_length": 512,
    "complex_mask": True,
    "normalized": True,
    "onesided": True,
    "center": True,
    "treat_channel_as_feature": True,
}
_HTDEMUCS = {
    "channels": 8,
    "growth": 2,
    "depth": 4,
    "nfft": 4096,
    "cac": True,
    "dconv_mode": 3,
    "dconv_comp": 8,
    "t_layers": 1,
    "t_heads": 2,
    "bottom_channels": 16,
}


def _whole(model: dict[str, Any], stems: list[str], *, target: str | None = None, chunk: int = 40_000, **more: Any) -> dict[str, Any]:
    return {
        "audio": {"chunk_size": chunk, "sample_rate": RATE, "num_channels": 2, **more.pop("audio", {})},
        "model": model,
        "training": {"instruments": stems, "target_instrument": target, **more.pop("training", {})},
        "inference": {"num_overlap": 2, "batch_size": 1},
        **more,
    }


_FOUR = ["drums", "bass", "other", "vocals"]
_VOCALS = ["vocals", "other"]

CONFIGS: dict[str, dict[str, Any]] = {
    "bs_roformer": _whole({**_ROFORMER, **_BANDS, **_TRANSFORMERS}, _VOCALS, target="vocals"),
    "bs_roformer 4 stems": _whole({**_ROFORMER, **_BANDS, **_TRANSFORMERS, "num_stems": 4}, _FOUR),
    "bs_roformer mono": _whole({**_ROFORMER, **_BANDS, **_TRANSFORMERS, "stereo": False}, _VOCALS, target="vocals"),
    "mel_band_roformer": _whole({**_ROFORMER, **_TRANSFORMERS, "num_bands": 12, "sample_rate": RATE}, _VOCALS, target="vocals"),
    "mel_band_roformer 2 stems": _whole({**_ROFORMER, **_TRANSFORMERS, "num_bands": 12, "sample_rate": RATE, "num_stems": 2}, _VOCALS),
    "bs_conformer": _whole({**_ROFORMER, **_BANDS, **_CONFORMERS}, _VOCALS, target="vocals"),
    "mel_band_conformer": _whole({**_ROFORMER, **_CONFORMERS, "num_bands": 12, "sample_rate": RATE}, _VOCALS, target="vocals"),
    "mdx23c": _whole(
        {
            "act": "gelu",
            "bottleneck_factor": 2,
            "growth": 8,
            "norm": "InstanceNorm",
            "num_blocks_per_scale": 1,
            "num_channels": 8,
            "num_scales": 2,
            "num_subbands": 4,
            "scale": [2, 2],
        },
        ["kick", "snare", "toms"],
        audio={"dim_f": 256, "dim_t": 128, "hop_length": 256, "n_fft": 512},
        chunk=256 * 127,
    ),
    "scnet": _whole(_SCNET, _FOUR),
    "scnet_masked": _whole(_SCNET, _FOUR),
    "scnet_tran": _whole(_SCNET, _FOUR),
    "bandit": _whole({**_BANDIT, "in_channel": 1, "band_specs": "musical", "fs": RATE}, _BANDIT["stems"]),  # type: ignore[arg-type]
    "bandit_v2": _whole(
        {**_BANDIT, "in_channels": 1, "band_type": "musical", "fs": 48000, "pad_mode": "reflect", "stems": ["speech", "music", "sfx"]},
        ["speech", "music", "sfx"],
        audio={"sample_rate": 48000},
    ),
    "apollo": _whole({"sr": RATE, "win": 20, "feature_dim": 16, "layer": 1}, ["restored", "addition"], target="restored"),
    "htdemucs": _whole(
        "htdemucs",  # type: ignore[arg-type]
        _FOUR,
        training={"segment": 1, "samplerate": RATE, "channels": 2},
        htdemucs=_HTDEMUCS,
    ),
    "htdemucs hdemucs": _whole(
        "hdemucs",  # type: ignore[arg-type]
        _VOCALS,
        training={"segment": 1, "samplerate": RATE, "channels": 2},
        hdemucs={"channels": 4, "depth": 6, "hybrid": True, "cac": True},
    ),
    "vr": {
        "primary_stem": "Vocals",
        "secondary_stem": "Instrumental",
        "params": "4band_v3",
        "network": "CascadedNet",
        "n_fft": 1344,
        "nn_arch_size": 31191,
        "nout": 4,
        "nout_lstm": 8,
    },
    "vr classic": {
        "primary_stem": "Instrumental",
        "secondary_stem": "Vocals",
        "params": "1band_sr44100_hl512",
        "network": "CascadedASPPNet",
        "n_fft": 2048,
        "nn_arch_size": 31191,
    },
    "vr 32000": {
        "primary_stem": "Instrumental",
        "secondary_stem": "Vocals",
        "params": "2band_32000",
        "network": "CascadedASPPNet",
        "n_fft": 1536,
        "nn_arch_size": 31191,
    },
}
"""By name: the family, and what tells it from others of its family."""


def small_model(name: str, folder: Path) -> ModelRecord:
    """The record of one of CONFIGS, its weights written to a checkpoint in `folder`."""
    family, config = name.split()[0], CONFIGS[name]
    torch.manual_seed(sum(map(ord, name)))
    network = build(family, config)
    path = folder / f"{name.replace(' ', '_')}.ckpt"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        torch.save({"state_dict": network.state_dict()}, path)
    if family == "vr":
        stems, target = (config["primary_stem"], config["secondary_stem"]), None
    else:
        stems, target = tuple(config["training"]["instruments"]), config["training"]["target_instrument"]
    return ModelRecord(
        name=path.stem,
        title=name,
        purpose="a test",
        family=family,
        stems=stems,
        target=target,
        rest=next(stem for stem in stems if stem != target) if target else None,
        sample_rate=RATE,
        weights=FileWeights(kind="file", files=(path,)),
        config=config,
    )
