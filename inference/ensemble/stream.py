"""Ensembles of streams: what is read is what is needed next, and memory does not know the length of the song.

member 0 --.
member 1 ---+-- in step, float32 [N, C, n] --+-- samples: blended as they are ----------------------+-- [C, n]
member 2 --'                                 +-- spectra: segments, frames, blend, overlap-add -----+
                                             +-- bands: a mix for each band, the spectra of three --+
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import numpy.typing as npt

from inference.ensemble.bands import gains, joining
from inference.ensemble.disagreement import Disagreement
from inference.ensemble.joined import joined
from inference.ensemble.kinds import Waves
from inference.ensemble.settings import EnsembleSettings, Shares
from inference.ensemble.stft import HOP, through_spectra
from inference.ensemble.waves import mean
from inference.types import Samples

BLOCK = 8 * HOP
"""Samples that are worked on at a time: few enough for the processor's cache, enough for NumPy's calls to cost nothing."""


def ensemble(
    members: Sequence[Iterable[Samples]],
    settings: EnsembleSettings | None = None,
    *,
    sample_rate: int,
    disagreement: Disagreement | None = None,
) -> Iterator[Samples]:
    """Make one sound of several, as a stream.

    Args:
        members: each a stream of float32 blocks [C, n] of any lengths, all of one sample rate and channel count (`open_aligned`
            brings files there). They may differ in length: one that has ended is silent. One of weight 0 is not read.
        settings: how; None for the mean of all.
        sample_rate: of the members, samples per second.
        disagreement: hears the members that take part, too.

    Yields:
        float32 [C, n], none empty, together exactly as long as the longest member that takes part. A single one comes out as it
        is, bit by bit.

    Raises:
        BadOption: settings for another number of members; at once, not with the first block.
        ValueError: members of different channel counts, with the first block.
    """
    settings = settings or EnsembleSettings()
    shares = settings.among(len(members))
    blocks = joined([members[number] for number in shares.members], BLOCK)
    if disagreement is not None:
        blocks = disagreement.hearing(blocks, shares.weights)
    return _blended(blocks, settings, shares, sample_rate)


def ensemble_arrays(
    members: Sequence[Samples] | Waves,
    settings: EnsembleSettings | None = None,
    *,
    sample_rate: int,
    disagreement: Disagreement | None = None,
) -> Samples:
    """As `ensemble`, of whole songs [C, T] in memory, or of an array [N, C, T] of them: float32 [C, longest T].

    Raises:
        BadOption, ValueError: as `ensemble` does.
    """
    blocks = ensemble([[member] for member in members], settings, sample_rate=sample_rate, disagreement=disagreement)
    found = list(blocks)
    return np.concatenate(found, axis=1) if found else np.zeros((members[0].shape[0], 0), np.float32)


def residual(mixture: Iterable[Samples], stem: Iterable[Samples]) -> Iterator[Samples]:
    """What a stem leaves of the mixture, as a stream: mixture minus stem, as long as the longer of the two, float32 [C, n]."""
    return (rest for _, rest in with_residual(mixture, stem))


def with_residual(mixture: Iterable[Samples], stem: Iterable[Samples]) -> Iterator[tuple[Samples, Samples]]:
    """The stem and what it leaves of the mixture in one pass: pairs of float32 [C, n] of one length, whose sums are the mixture.

    Args:
        mixture: blocks [C, n] of any lengths.
        stem: the same for a stem, such as what `ensemble` yields. Both read in step.

    Raises:
        ValueError: different channel counts.
    """
    for block in joined([mixture, stem], BLOCK):
        yield block[1], block[0] - block[1]


def _blended(blocks: Iterable[Waves], settings: EnsembleSettings, shares: Shares, sample_rate: int) -> Iterator[Samples]:
    blend = settings.chosen.blend
    if len(shares.members) == 1:
        return (block[0] for block in blocks)
    if shares.bands is not None:
        of_bands = gains(sample_rate, settings.crossovers)
        return through_spectra(_mixed(blocks, shares.bands), joining(of_bands), shares.weights)
    if settings.chosen.domain == "wave":
        return (blend(block, shares.weights) for block in blocks)
    return through_spectra(blocks, blend, shares.weights)


def _mixed(blocks: Iterable[Waves], rows: npt.NDArray[np.float64]) -> Iterator[npt.NDArray[np.float64]]:
    """A mix for each band, [3, C, n]: mixing is the same before the transform as after it, and then three are transformed, not N."""
    for block in blocks:
        yield np.stack([mean(block, row) for row in rows])
