"""Bandit and Bandit v2 once more, laid out for speed; `bandit_layers` has the published form.

Nearly all of the work is in the RNNs, and torch's are as fast as loops of our own with packed products (measured on a CPU with AVX2:
0.20 against 0.21 seconds of processor time for 64 steps of 128 rows). What differs:

- The RNNs take so many rows at a time that their gates stay small, whatever the batch.
- Only the masks of the stems asked for are computed. Their norms, which all stems share but for their weights, are computed once.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from inference.networks import Config, Setup, section
from inference.networks.bandit_layers import MaskEstimation, NormMLP, ResidualRNN, Separation, SequenceModel
from inference.networks.chunked import ChunkModel, plan
from inference.networks.packed import PackedLinear

ROWS = 128  # sequences that an RNN takes at a time on a CPU


class FastBandit(nn.Module):
    """As `Separation`, but only the stems asked for, and under `torch.inference_mode` only.

    Args:
        published: the network with its weights. It is not changed.
    """

    def __init__(self, published: Separation) -> None:
        super().__init__()
        core = published.core()
        sequence = core.get_submodule("tf_model")
        assert isinstance(sequence, SequenceModel)
        self.in_channel = published.config.in_channel
        self.stft, self.istft = published.stft, published.istft
        self.band_split = core.get_submodule("band_split")
        self.rnns = nn.ModuleList([_Rows(layer) for layer in sequence.rnns()])
        self.masks = nn.ModuleList([_Mask(mask) for mask in core.get_submodule("mask_estim").children()])

    def forward(self, mixture: Tensor, stems: Sequence[int]) -> Tensor:
        """[B, C, T] -> [B, len(stems), C, T]."""
        batch, channels, length = mixture.shape
        spectrum = self.stft(mixture.reshape(-1, self.in_channel, length))
        x = self.band_split(spectrum)
        for layer in self.rnns:
            x = layer(x.contiguous()).transpose(1, 2)
        x = F.layer_norm(x, x.shape[-1:])
        found = [self.istft(spectrum * self.masks[stem](x), length).reshape(batch, channels, length) for stem in stems]
        return torch.stack(found, 1)


class _Rows(nn.Module):
    """An RNN along the second last axis, added to its input."""

    def __init__(self, published: ResidualRNN) -> None:
        super().__init__()
        self.norm, self.rnn = published.norm, published.rnn
        self.fc = PackedLinear(published.fc.weight.detach(), published.fc.bias.detach())

    def forward(self, x: Tensor) -> Tensor:
        """Change x [..., n, features], which must be contiguous, and return it."""
        rows = x.view(-1, *x.shape[-2:])
        for part in torch.split(rows, ROWS if x.device.type == "cpu" else len(rows)):
            part.copy_(self.fc(self.rnn(self.norm(part))[0], part))
        return x


class _Mask(nn.Module):
    """The mask of one stem from normalised features, [B, bands, frames, features] -> [B, channels, bins, frames]."""

    def __init__(self, published: nn.Module) -> None:
        super().__init__()
        assert isinstance(published, MaskEstimation)
        self.edges, self.bins, self.channels = published.bands.edges, published.bins, published.channels
        self.complex, self.weighted = published.complex, published.weighted
        self.layers = nn.ModuleList([_Mlp(layer) for layer in published.norm_mlp])
        for index in range(len(self.edges) if self.weighted else 0):
            self.register_buffer(f"weights{index}", published.get_buffer(f"freq_weights/{index}").float()[:, None], persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        batch, _, frames, _ = x.shape
        total = torch.zeros(batch, frames, self.channels, self.bins, 2 if self.complex else 1, device=x.device)
        for index, (layer, (start, end)) in enumerate(zip(self.layers, self.edges, strict=True)):
            mask = layer(x[:, index]).view(batch, frames, self.channels, end - start, -1)
            band = total[:, :, :, start:end]
            if self.weighted:
                band.addcmul_(mask, self.get_buffer(f"weights{index}"))
            else:
                band.add_(mask)
        joined = torch.view_as_complex(total) if self.complex else total[..., 0]
        return joined.permute(0, 2, 3, 1)


class _Mlp(nn.Module):
    """The mask of one band, with the weights of its norm folded into the product behind it."""

    def __init__(self, published: nn.Module) -> None:
        super().__init__()
        assert isinstance(published, NormMLP)
        (hidden, activation), (output, _) = published.hidden, published.output
        assert isinstance(hidden, nn.Linear)
        assert isinstance(output, nn.Linear)
        weight, norm = hidden.weight.detach(), published.norm
        self.hidden = PackedLinear(weight * norm.weight.detach(), hidden.bias.detach() + weight @ norm.bias.detach())
        self.activation = activation
        self.output = PackedLinear(output.weight.detach(), output.bias.detach())

    def forward(self, x: Tensor) -> Tensor:
        found: Tensor = F.glu(self.output(self.activation(self.hidden(x))))
        return found


def chunk_model(network: Separation, config: Config, setup: Setup) -> ChunkModel:
    """The wave model of either version."""
    own = network.config
    audio, training = section(config, "audio"), section(config, "training")
    names = tuple(training.get("instruments") or ())
    return ChunkModel(
        FastBandit(network.eval()),
        names if len(names) == len(own.stems) else own.stems,
        plan(config, setup, sample_rate=own.fs),
        setup,
        config,
        sample_rate=own.fs,
        channels=max(int(audio.get("num_channels", 2)), own.in_channel),
    )
