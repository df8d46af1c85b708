"""The names of the network families, and where they live. Torch-free: lists of models must know what can run without loading it."""

from __future__ import annotations

from importlib.util import find_spec

FAMILIES: dict[str, str] = {
    "bs_roformer": "inference.networks.bs_roformer",
    "mel_band_roformer": "inference.networks.mel_band_roformer",
    "bs_conformer": "inference.networks.bs_conformer",
    "mel_band_conformer": "inference.networks.mel_band_conformer",
    "mdx23c": "inference.networks.mdx23c",
    "scnet": "inference.networks.scnet",
    "scnet_masked": "inference.networks.scnet_masked",
    "scnet_tran": "inference.networks.scnet_tran",
    "htdemucs": "inference.networks.htdemucs",
    "bandit": "inference.networks.bandit",
    "bandit_v2": "inference.networks.bandit_v2",
    "apollo": "inference.networks.apollo",
    "vr": "inference.networks.vr",
    "spleeter": "inference.networks.spleeter",
    "segm_models": "inference.networks.segm_models",
    "swin_upernet": "inference.networks.swin_upernet",
}

NOT_YET = ("torchseg", "bs_mamba2", "scnet_unofficial", "conformer", "moises_light", "legacy_demucs", "legacy_tasnet")
"""Types that exist elsewhere and are known by name only, as all `*_experimental` ones are."""

OPTIONAL: dict[str, tuple[str, ...]] = {
    "segm_models": ("segmentation_models_pytorch", "timm"),
    "swin_upernet": ("transformers",),
}
"""Families that need packages which are not installed from the start."""


def is_known(family: str) -> bool:
    """Whether networks of this type exist anywhere, as far as we know."""
    return family in FAMILIES or family in NOT_YET or family.endswith("_experimental")


def missing_packages(family: str) -> list[str]:
    """Python packages that networks of this family need and that are not installed."""
    return [package for package in OPTIONAL.get(family, ()) if find_spec(package) is None]


def why_unsupported(family: str) -> str:
    """Why networks of this family cannot run here, in a sentence; empty where they can."""
    if family not in FAMILIES:
        return f"Networks of type {family} are not supported yet."
    missing = missing_packages(family)
    if missing:
        return f"Networks of type {family} need what is not installed: pip install {' '.join(missing)}"
    return ""
