"""The arrays that an ensemble is made of. N members, C channels, n samples, F frames, K = 1025 bins."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

Waves = npt.NDArray[np.float32]
"""The members' samples at one stretch of time, [N, C, n]."""

Spectra = npt.NDArray[np.complex128]
"""The members' spectra, [N, C, F, K]."""

Weights = npt.NDArray[np.float64]
"""How much each member counts, [N]: above zero, one in sum."""

Blend = Callable[[npt.NDArray[Any], Weights], npt.NDArray[Any]]
"""Makes one of many: [N, ...] -> [...], each value from the N at its own place. What it is given it leaves as it is."""
