"""CascadedNet, the network of the newer vocal removers (version 5.1): U-Nets with an LSTM, the bands apart twice, then together.

    magnitudes --+--> low  [U-Net] --+--> low  [U-Net] --+
                 +--> high [U-Net] --+--> high [U-Net] --+--> all bins [U-Net] --> mask
                 +-------------------+-------------------+

The low band's networks are twice as wide as the high band's. Every network sees the magnitudes and all that came before it.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn

from inference.networks.vr_layers import BinMean, Conv, doubled, filled_up, joined

DILATIONS = ((4, 2), (8, 4), (12, 6))  # along bins, along frames
WIDTHS = (1, 2, 4, 6, 8)  # of the levels of a U-Net, in multiples of its own


class CascadedNet(nn.Module):
    """The mask of the primary stem from the mixture's magnitudes.

    Args:
        n_fft: twice the bins of the combined spectrogram.
        width: channels of the last stage's first layer, `nout` in published records.
        lstm_width: channels of the LSTMs, both directions together, `nout_lstm` in published records.
    """

    offset = 64  # frames at each end of a window whose masks are not to be used

    def __init__(self, n_fft: int, width: int = 32, lstm_width: int = 128) -> None:
        super().__init__()
        self.bins = n_fft // 2
        half, quarter, rows = width // 2, width // 4, self.bins // 4  # rows of a half band at the LSTM
        self.stg1_low_band_net = nn.Sequential(UNet(2, half, rows, lstm_width), Conv(half, quarter, 1))
        self.stg1_high_band_net = UNet(2, quarter, rows, lstm_width // 2)
        self.stg2_low_band_net = nn.Sequential(UNet(quarter + 2, width, rows, lstm_width), Conv(width, half, 1))
        self.stg2_high_band_net = UNet(quarter + 2, half, rows, lstm_width // 2)
        self.stg3_full_band_net = UNet(3 * width // 4 + 2, width, self.bins // 2, lstm_width)
        self.out = nn.Conv2d(width, 2, 1, bias=False)
        self.aux_out = nn.Conv2d(3 * width // 4, 2, 1, bias=False)  # used in training only

    def forward(self, magnitudes: Tensor) -> Tensor:
        """[B, 2, bins + 1, frames] -> masks 0 .. 1 of the same shape; frames are a multiple of 16."""
        x = magnitudes[:, :, : self.bins]
        low, high = x[:, :, : self.bins // 2], x[:, :, self.bins // 2 :]
        low1, high1 = self.stg1_low_band_net(low), self.stg1_high_band_net(high)
        low2 = self.stg2_low_band_net(torch.cat([low, low1], 1))
        high2 = self.stg2_high_band_net(torch.cat([high, high1], 1))
        before = torch.cat([x, torch.cat([low1, high1], 2), torch.cat([low2, high2], 2)], 1)
        return filled_up(torch.sigmoid(self.out(self.stg3_full_band_net(before))), magnitudes.shape[2])


class UNet(nn.Module):
    """Four times down to half the bins and frames, the pyramid, and up again, with an LSTM before the last step."""

    def __init__(self, before: int, width: int, lstm_rows: int, lstm_width: int) -> None:
        super().__init__()
        widths = [width * multiple for multiple in WIDTHS]
        self.enc1 = Conv(before, width)
        self.enc2, self.enc3, self.enc4, self.enc5 = (Encoder(*pair) for pair in pairwise(widths))
        self.aspp = Pyramid(widths[4])
        self.dec4 = Decoder(widths[3] + widths[4], widths[3])
        self.dec3 = Decoder(widths[2] + widths[3], widths[2])
        self.dec2 = Decoder(widths[1] + widths[2], widths[1])
        self.lstm_dec2 = Recurrent(widths[1], lstm_rows, lstm_width)
        self.dec1 = Decoder(widths[0] + widths[1] + 1, widths[0])

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, bins, frames] -> [B, width, bins, frames]."""
        first = self.enc1(x)
        second = self.enc2(first)
        third = self.enc3(second)
        fourth = self.enc4(third)
        x = self.aspp(self.enc5(fourth))
        x = self.dec2(self.dec3(self.dec4(x, fourth), third), second)
        found: Tensor = self.dec1(torch.cat([x, self.lstm_dec2(x)], 1), first)
        return found


class Encoder(nn.Module):
    """A convolution that halves the size, and one more."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self.conv1 = Conv(before, after, stride=2, activation=nn.LeakyReLU)
        self.conv2 = Conv(after, after, activation=nn.LeakyReLU)

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, bins, frames] -> [B, D, bins / 2, frames / 2]."""
        found: Tensor = self.conv2(self.conv1(x))
        return found


class Decoder(nn.Module):
    """Doubles the size and takes the skip in."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self.conv1 = Conv(before, after)

    def forward(self, x: Tensor, skip: Tensor) -> Tensor:
        """[B, C, bins, frames] and its skip at twice the size -> [B, D, 2 bins, 2 frames]."""
        found: Tensor = self.conv1(joined(doubled(x), skip))
        return found


class Pyramid(nn.Module):
    """The mean over all bins, a 1 x 1 convolution, and three dilated convolutions, side by side."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = BinMean(channels, channels)
        self.conv2 = Conv(channels, channels, 1)
        self.conv3, self.conv4, self.conv5 = (Conv(channels, channels, dilation=dilation) for dilation in DILATIONS)
        self.bottleneck = Conv(5 * channels, channels, 1)
        self.dropout = nn.Dropout2d(0.1)

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, bins, frames] -> the same shape."""
        branches = [branch(x) for branch in (self.conv1, self.conv2, self.conv3, self.conv4, self.conv5)]
        found: Tensor = self.dropout(self.bottleneck(torch.cat(branches, 1)))
        return found


class Recurrent(nn.Module):
    """All channels as one, and along its frames an LSTM in both directions."""

    def __init__(self, channels: int, rows: int, width: int) -> None:
        super().__init__()
        self.conv = Conv(channels, 1, 1)
        self.lstm = nn.LSTM(rows, width // 2, bidirectional=True)
        self.dense = nn.Sequential(nn.Linear(width, rows), nn.BatchNorm1d(rows), nn.ReLU())

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, bins, frames] -> [B, 1, bins, frames]."""
        frames = self.conv(x)[:, 0].permute(2, 0, 1)  # [frames, B, bins]
        found, _ = self.lstm(frames)
        dense: Tensor = self.dense(found.flatten(0, 1))
        return dense.reshape(frames.shape).permute(1, 2, 0)[:, None]
