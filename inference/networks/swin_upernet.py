"""A Swin transformer with an UperNet head between the two ends of MDX23C: an optional extra, see `segm_models`.

Liu et al., "Swin Transformer", 2021; Xiao et al., "Unified Perceptual Parsing for Scene Understanding", 2018. The network is that of the
package transformers, in the size called large, made from numbers: nothing is downloaded. Version 5 of the package gave its weights
other names; here the state dict has those of version 4, with which the checkpoints were published.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from inference.networks import Config, Setup
from inference.networks.chunked import ChunkModel
from inference.networks.segm_models import PictureSeparation, optional
from inference.networks.segm_models import wave_model as picture_model

NAME = "swin_upernet_model"
LARGE = {"embed_dim": 192, "depths": [2, 2, 18, 2], "num_heads": [6, 12, 24, 48], "window_size": 12, "drop_path_rate": 0.3}
HEAD = {
    "hidden_size": 512,
    "pool_scales": [1, 2, 3, 6],
    "use_auxiliary_head": True,
    "auxiliary_in_channels": 768,
    "auxiliary_channels": 256,
    "auxiliary_num_convs": 1,
}
NEW_TO_OLD = (
    (r"backbone\.swin\.", "backbone."),
    (r"attention\.q_proj\.", "attention.self.query."),
    (r"attention\.k_proj\.", "attention.self.key."),
    (r"attention\.v_proj\.", "attention.self.value."),
    (r"attention\.o_proj\.", "attention.output.dense."),
    (r"attention\.relative_position_bias\.", "attention.self."),
    (r"mlp\.fc1\.", "intermediate.dense."),
    (r"mlp\.fc2\.", "output.dense."),
)
NOT_PUBLISHED = "backbone.layernorm."  # made by version 5, never used
TABLE, INDEX = "relative_position_bias_table", "relative_position_index"


class SwinUperNet(PictureSeparation):
    """The published network."""

    def __init__(self, config: Config, library: Any) -> None:
        def make(channels: int) -> nn.Module:
            backbone = library.SwinConfig(**LARGE, num_channels=channels, out_features=["stage1", "stage2", "stage3", "stage4"])
            made: nn.Module = library.UperNetForSemanticSegmentation(
                library.UperNetConfig(backbone_config=backbone, **HEAD, num_labels=channels)
            )
            return made

        super().__init__(config, NAME, make)
        self._own = {_published(key): key for key in self.get_submodule(NAME).state_dict(prefix=f"{NAME}.")}
        self._register_state_dict_hook(_to_published)  # type: ignore[no-untyped-call]
        self._register_load_state_dict_pre_hook(self._from_published)  # type: ignore[no-untyped-call]

    def answer(self, network: nn.Module, picture: Tensor) -> Tensor:
        """[B, features, frames, bins] -> the same."""
        found: Tensor = network(picture).logits
        return found

    def _from_published(self, state: dict[str, Tensor], prefix: str, *_unused: object) -> None:
        """Give the weights the names that the installed package knows, and those that it alone has."""
        own = self.get_submodule(NAME).state_dict(prefix=f"{NAME}.")
        for published, key in self._own.items():
            if prefix + published in state:
                state[prefix + key] = state.pop(prefix + published)
            elif NOT_PUBLISHED in published:
                state[prefix + key] = torch.zeros(own[key].shape)
        for key in [key for key in state if key.endswith(INDEX) and key.removeprefix(prefix) not in own]:
            del state[key]


def build(config: Config) -> SwinUperNet:
    """The published network of a config.

    Raises:
        UnknownModel: the library is not installed.
    """
    library = optional("transformers", "swin_upernet", ("transformers",))
    return SwinUperNet(config, library)


def wave_model(networks: Sequence[nn.Module], config: Config, setup: Setup) -> ChunkModel:
    """The model of the one network."""
    return picture_model(networks, config, setup)


def _published(key: str) -> str:
    """The name of version 4 for a weight."""
    for new, old in NEW_TO_OLD:
        key = re.sub(new, old, key)
    return key


def _to_published(_module: nn.Module, state: dict[str, Tensor], prefix: str, _metadata: object) -> None:
    """Rename a state, leave out what was not published, and add the tables of places that version 4 kept in it."""
    for key in [key for key in state if key.startswith(f"{prefix}{NAME}.")]:
        value, published = state.pop(key), prefix + _published(key.removeprefix(prefix))
        if NOT_PUBLISHED in published:
            continue
        state[published] = value
        if published.endswith(TABLE):
            index = published.removesuffix(TABLE) + INDEX
            state.setdefault(index, _places(round((value.shape[0] ** 0.5 + 1) / 2)))


def _places(window: int) -> Tensor:
    """For two places in a window, the row of the bias table: [window ** 2, window ** 2]."""
    rows = torch.arange(window, device="cpu").repeat_interleave(window)
    columns = torch.arange(window, device="cpu").repeat(window)
    down, right = (line[:, None] - line[None] + window - 1 for line in (rows, columns))
    return down * (2 * window - 1) + right
