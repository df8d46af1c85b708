"""Ensembles: one sound from several, by models or from files, that are meant to be the same.

    EnsembleSettings, parse_settings   settings.py      algorithm, weights, weights for bands
    ALGORITHMS                         algorithms.py    what there is to choose from
    ensemble, ensemble_arrays          stream.py        streams or arrays to one
    residual, with_residual            stream.py        what it leaves of the mixture
    open_aligned                       files.py         files of different rates, channels and lengths
    Disagreement                       disagreement.py  how far the members differ, over time, and its picture

    with open_aligned([Path("a.wav"), Path("b.flac")]) as files:
        for block in ensemble(files.members, EnsembleSettings("median_fft"), sample_rate=files.sample_rate):
            writer.write(block)

Neither torch nor a codec is loaded by importing this package.
"""

from inference.ensemble.algorithms import ALGORITHMS, Algorithm
from inference.ensemble.disagreement import Disagreement
from inference.ensemble.files import AlignedFiles, open_aligned
from inference.ensemble.settings import EnsembleSettings, parse_settings
from inference.ensemble.stream import ensemble, ensemble_arrays, residual, with_residual

__all__ = [
    "ALGORITHMS",
    "Algorithm",
    "AlignedFiles",
    "Disagreement",
    "EnsembleSettings",
    "ensemble",
    "ensemble_arrays",
    "open_aligned",
    "parse_settings",
    "residual",
    "with_residual",
]
