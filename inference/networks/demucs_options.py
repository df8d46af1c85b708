"""What a Demucs network is made of: the constructor keywords of published configs, with their published defaults.

Keywords that only matter when weights are first drawn or trained (init of scales, learning rates, weight decay, sparsity of
attention that is switched off, Wiener filters of networks that do not mask) are left out: a config may have them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, TypeVar

from inference.errors import UnknownModel

Made = TypeVar("Made")


@dataclass(frozen=True)
class HybridOptions:
    """Of HDemucs, and of the two U-Nets of HTDemucs."""

    sources: tuple[str, ...]  # stems, in order
    audio_channels: int = 2
    channels: int = 48  # of the first layer
    channels_time: int | None = None  # the same in the branch of the waveform, where it differs
    growth: float = 2  # channels of a layer by those of the layer above
    nfft: int = 4096  # samples of an STFT frame; the hop is a quarter
    cac: bool = True  # complex as channels: spectrograms are found, not masks
    wiener_iters: int = 0  # with masks: below 0 for the mixture's phase without a filter
    depth: int = 6
    rewrite: bool = True  # a second, gated convolution in each layer
    hybrid: bool = True  # a branch for the waveform beside that for the spectrogram
    hybrid_old: bool = False  # borders of the STFT as in the first trained models
    multi_freqs: tuple[float, ...] = ()  # limits (0 .. 1) between bands of the spectrogram with layers of their own
    multi_freqs_depth: int = 2  # so many layers have them
    freq_emb: float = 0.2  # weight of the embedding of frequencies behind the first layer; 0 for none
    emb_scale: float = 10
    emb_smooth: bool = True
    kernel_size: int = 8
    time_stride: int = 2  # of layers behind the one that joins all frequencies
    stride: int = 4
    context: int = 1  # neighbours on each side that a decoder's gated convolution sees
    context_enc: int = 0
    norm_starts: int = 4  # layers from here on are normalised
    norm_groups: int = 4
    dconv_mode: int = 1  # residual branches: 1 in encoders, 2 in decoders, 3 in both
    dconv_depth: int = 2
    dconv_comp: float = 4  # channels by those inside a residual branch
    dconv_attn: int = 4  # residual branches from here on have attention
    dconv_lstm: int = 4  # and an LSTM
    dconv_init: float = 1e-4
    rescale: float = 0.1  # reference deviation for initial weights
    num_subbands: int = 1  # parts of the spectrogram laid beside each other as channels
    samplerate: int = 44100
    segment: float = 40  # seconds it was trained on


@dataclass(frozen=True)
class TransformerOptions:
    """Of the transformer across both branches of HTDemucs; in a config their names begin with `t_`."""

    layers: int = 5
    emb: str = "sin"  # of positions in the waveform's branch: sin, cape or scaled
    hidden_scale: float = 4.0
    heads: int = 8
    dropout: float = 0.0
    max_positions: int = 10000
    norm_in: bool = True
    norm_in_group: int = 0  # groups of a group norm instead
    group_norm: int = 0  # groups of group norms instead of layer norms inside
    norm_first: bool = True
    norm_out: int = 1  # groups of a group norm behind each layer, with norm_first
    max_period: float = 10000.0
    layer_scale: bool = True
    gelu: bool = True
    weight_pos_embed: float = 1.0
    sin_random_shift: int = 0  # in training
    cape_mean_normalize: bool = True
    cape_augment: bool = True  # in training
    cape_glob_loc_scale: tuple[float, ...] = (5000.0, 1.0, 1.4)
    sparse_self_attn: bool = False
    sparse_cross_attn: bool = False
    cross_first: bool = False

    def __post_init__(self) -> None:
        if self.sparse_self_attn or self.sparse_cross_attn:
            raise UnknownModel("HTDemucs with sparse attention is not supported", hint="No published model has it.")
        if self.emb not in ("sin", "cape", "scaled"):
            raise UnknownModel(f"HTDemucs knows no position embedding {self.emb!r}; it is sin, cape or scaled")


def chosen(kind: type[Made], keywords: Mapping[str, Any], prefix: str = "", **given: Any) -> Made:
    """The options of this kind that `keywords` (names begin with `prefix`) and `given` set; None keeps the default."""
    found = {}
    for field in fields(kind):  # type: ignore[arg-type]
        value = given.get(field.name, keywords.get(prefix + field.name))
        if value is not None:
            found[field.name] = tuple(value) if isinstance(value, list) else value
    return kind(**found)
