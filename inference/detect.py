"""Which family a checkpoint is of, from the names of its weights and from its configuration. Torch-free.

The names decide where they can: a family's own parts are called as nobody else's. Where two families share all names, the
configuration tells them apart.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from inference.errors import UnknownModel

PREFIXES = ("module.", "_orig_mod.", "model.", "network.", "net.", "ema_model.", "ema.", "shadow.")
"""What DataParallel, torch.compile, Lightning and keepers of moving averages put before the keys of a network."""


@dataclass(frozen=True)
class _Sign:
    """What the keys of a family have. A text with a dot at its end begins a key, one with a dot at its start is inside or at its end."""

    family: str
    has: tuple[str, ...]
    lacks: tuple[str, ...] = ()

    def fits(self, keys: Collection[str]) -> bool:
        return all(_any(keys, text) for text in self.has) and not any(_any(keys, text) for text in self.lacks)


def _any(keys: Collection[str], text: str) -> bool:
    if text.startswith("."):
        return any(text in key for key in keys)
    return any(key == text or (text.endswith(".") and key.startswith(text)) for key in keys)


_BANDS = ("layers.", "band_split.", "mask_estimators.")

SIGNS = (
    _Sign("vr", ("stg1_low_band_net.", "stg3_full_band_net.", "out.weight")),
    _Sign("bandit", ("bsrnn.",)),
    _Sign("bandit_v2", ("band_split.", "tf_model.", "mask_estim.")),
    _Sign("bs_conformer", (*_BANDS, "final_norm.", ".ff1.")),
    _Sign("bs_roformer", (*_BANDS, "final_norm."), (".ff1.",)),
    _Sign("mel_band_conformer", (*_BANDS, ".ff1."), ("final_norm.",)),
    _Sign("mel_band_roformer", _BANDS, ("final_norm.", ".ff1.")),
    _Sign("scnet_masked", ("encoder.", "separation_net.", "mask_layer.", "pos_embed_f")),
    _Sign("scnet_tran", ("encoder.", "separation_net.", ".time_layer.", "first_conv.weight")),
    _Sign("scnet", ("encoder.", "separation_net.", ".SDlayer."), ("mask_layer.", ".time_layer.")),
    _Sign("swin_upernet", ("swin_upernet_model.",)),
    _Sign("segm_models", ("unet_model.",)),
    _Sign("mdx23c", ("first_conv.", "encoder_blocks.", "bottleneck_block.", "final_conv.")),
    _Sign("htdemucs", ("encoder.", "tencoder.", "freq_emb.")),
    _Sign("apollo", ("BN.", "net.", "output.")),
    _Sign("spleeter", ("down1_conv.", "up7.")),
)

STRANGERS = (
    _Sign("Demucs before version 3 (legacy_demucs)", ("encoder.", "decoder.", "lstm.")),
    _Sign("Conv-TasNet (legacy_tasnet)", ("encoder.", "decoder.", "separator.")),
    _Sign("Demucs before version 3 (legacy_demucs)", ("encoder.", "decoder."), ("tencoder.", "separation_net.")),
)
"""Networks that are recognised and cannot run."""


def detect_family(config: Mapping[str, Any], keys: Collection[str]) -> str:
    """The family of a checkpoint.

    Args:
        config: what its YAML says; empty where there is none.
        keys: of its state dict.

    Raises:
        UnknownModel: no family has such weights; the message names what they look like.
    """
    keys = without_prefixes(given := keys)
    family = next((sign.family for sign in SIGNS if sign.fits(keys)), None)
    if family is None:
        strange = next((sign.family for sign in STRANGERS if sign.fits(given)), None)
        if strange:
            raise UnknownModel(f"these are weights of {strange}, which is not supported yet", model_type=strange, reason="strange_family")
        some = ", ".join(sorted(given)[:3])
        raise UnknownModel(
            f"these weights are of no kind of network that is known here: they have {len(given)} keys, such as {some}",
            hint="Say the model type, if it is known.",
            reason="no_family",
        )
    model = config.get("model")
    about = model if isinstance(model, Mapping) else config
    if family in ("mel_band_roformer", "bs_roformer") and "freqs_per_bands" in about and "num_bands" not in about:
        return "bs_roformer"  # some are trained without the last norm; then building says what does not fit
    if family == "bs_roformer" and "num_bands" in about and "freqs_per_bands" not in about:
        return "mel_band_roformer"
    return family


def without_prefixes(keys: Collection[str]) -> list[str]:
    """The keys with the prefixes off that wrappers put before those of the network."""
    left = list(keys)
    for _ in range(len(PREFIXES)):
        if any(sign.fits(left) for sign in SIGNS):
            return left
        prefix = next((prefix for prefix in PREFIXES if any(key.startswith(prefix) for key in left)), None)
        if prefix is None:
            return left
        left = [key.removeprefix(prefix) for key in left if key.startswith(prefix)]
    return left
