"""Many channels to two, for the codecs that hold no more.

Channels are taken in the order of WAV and FLAC files. The weights are those of ITU-R BS.775: centre and surround at -3 dB, the
bass channel (LFE) left out, nothing scaled down afterwards.
"""

from __future__ import annotations

import numpy as np

from inference.types import Samples

_HALF = 0.5**0.5  # -3 dB
_LEFT, _RIGHT, _CENTRE, _BASS = (1.0, 0.0), (0.0, 1.0), (_HALF, _HALF), (0.0, 0.0)
_BACK_LEFT, _BACK_RIGHT, _BACK_CENTRE = (_HALF, 0.0), (0.0, _HALF), (0.5, 0.5)

# channels -> the (left, right) weights of each
_LAYOUTS = {
    3: (_LEFT, _RIGHT, _CENTRE),
    4: (_LEFT, _RIGHT, _BACK_LEFT, _BACK_RIGHT),
    5: (_LEFT, _RIGHT, _CENTRE, _BACK_LEFT, _BACK_RIGHT),
    6: (_LEFT, _RIGHT, _CENTRE, _BASS, _BACK_LEFT, _BACK_RIGHT),
    7: (_LEFT, _RIGHT, _CENTRE, _BASS, _BACK_CENTRE, _BACK_LEFT, _BACK_RIGHT),
    8: (_LEFT, _RIGHT, _CENTRE, _BASS, _BACK_LEFT, _BACK_RIGHT, _BACK_LEFT, _BACK_RIGHT),
}


def to_stereo(block: Samples) -> Samples:
    """A block [C, n] of three channels or more as [2, n]; above 8, the odd ones are averaged to the left, the even to the right."""
    layout = _LAYOUTS.get(block.shape[0])
    if layout is None:
        return np.stack([block[0::2].mean(axis=0), block[1::2].mean(axis=0)]).astype(np.float32, copy=False)
    stereo: Samples = np.asarray(layout, np.float32).T @ block
    return stereo
