"""What each algorithm means, written down plainly in float64: whole songs, one frame and one bin after the other, no shared code."""

from __future__ import annotations

import cmath
import math

import numpy as np

WINDOW = np.array([math.sin(math.pi * n / 2048) ** 2 for n in range(2048)])


def analysed(song: np.ndarray) -> np.ndarray:
    """[T] -> [frames, 1025]: frames around the samples 0, 1024, 2048, ... until each sample is in two of them."""
    padded = np.concatenate([np.zeros(1024), song, np.zeros(4096)])
    count = math.ceil(len(song) / 1024) + 1
    return np.array([np.fft.fft(padded[1024 * k : 1024 * k + 2048] * WINDOW)[:1025] for k in range(count)])


def made(spectrum: np.ndarray, length: int) -> np.ndarray:
    """[frames, 1025] -> [T]: overlap-add with the same window, divided by the sum of the squared windows."""
    total, squares = np.zeros(1024 * len(spectrum) + 2048), np.zeros(1024 * len(spectrum) + 2048)
    for k, half in enumerate(spectrum):
        full = np.concatenate([half, np.conj(half[1023:0:-1])])
        full[0], full[1024] = full[0].real, full[1024].real
        total[1024 * k : 1024 * k + 2048] += np.fft.ifft(full).real * WINDOW
        squares[1024 * k : 1024 * k + 2048] += WINDOW**2
    return total[1024 : 1024 + length] / squares[1024 : 1024 + length]


def by_spectra(choose, members: np.ndarray, weights: list[float]) -> np.ndarray:
    """choose(bins [N, ...], weights) for each channel of [N, C, T]."""
    return np.stack(
        [made(choose(np.stack([analysed(song) for song in songs]), weights), songs.shape[-1]) for songs in members.swapaxes(0, 1)]
    )


def mean(values: np.ndarray, weights: list[float]) -> np.ndarray:
    return sum(weight * value for weight, value in zip(weights, values, strict=True)) / sum(weights)


def middle_of(column: list[float], weights: list[float]) -> float:
    """Weighted median: sorted, the value where half of the weight is reached; where it is met exactly, the mean with the next."""
    ranked = sorted((value, weight) for value, weight in zip(column, weights, strict=True) if weight > 0)
    half, reached = sum(weights) / 2, 0.0
    for place, (value, weight) in enumerate(ranked):
        reached += weight
        if abs(reached - half) < 1e-9 * half:
            return (value + ranked[place + 1][0]) / 2
        if reached > half:
            return value
    raise AssertionError


def median(values: np.ndarray, weights: list[float]) -> np.ndarray:
    if len(set(weights)) == 1:
        return np.median(values, axis=0)
    flat = values.reshape(len(values), -1)
    return np.array([middle_of(list(column), weights) for column in flat.T]).reshape(values.shape[1:])


def by_size(values: np.ndarray, choose) -> np.ndarray:
    return np.take_along_axis(values, choose(np.abs(values), axis=0)[None], axis=0)[0]


def true_median(bins: np.ndarray, weights: list[float]) -> np.ndarray:
    size, phase = median(np.abs(bins), weights), mean(bins, weights)
    return np.array([s * cmath.exp(1j * cmath.phase(p)) if p else 0 for s, p in zip(size.ravel(), phase.ravel(), strict=True)]).reshape(
        size.shape
    )


def in_turn(bins: np.ndarray, wins) -> np.ndarray:
    current = bins[0]
    for each in bins[1:]:
        current = np.where(wins(np.abs(each), np.abs(current)), each, current)
    return current


DEFINITIONS = {
    "avg_wave": mean,
    "median_wave": median,
    "min_wave": lambda x, w: by_size(x, np.argmin),
    "max_wave": lambda x, w: by_size(x, np.argmax),
    "avg_fft": lambda x, w: by_spectra(mean, x, w),
    "median_fft": lambda x, w: by_spectra(true_median, x, w),
    "median_fft_compat": lambda x, w: by_spectra(lambda bins, _: np.median(bins, axis=0), x, w),
    "min_fft": lambda x, w: by_spectra(lambda bins, _: by_size(bins, np.argmin), x, w),
    "max_fft": lambda x, w: by_spectra(lambda bins, _: by_size(bins, np.argmax), x, w),
    "uvr_max_spec": lambda x, w: by_spectra(lambda bins, _: in_turn(bins, np.greater_equal), x, w),
    "uvr_min_spec": lambda x, w: by_spectra(lambda bins, _: in_turn(bins, np.less_equal), x, w),
}


def padded(songs: list[np.ndarray]) -> np.ndarray:
    """Songs [C, any] -> float64 [N, C, longest]."""
    longest = max(song.shape[1] for song in songs)
    return np.stack([np.pad(song.astype(np.float64), ((0, 0), (0, longest - song.shape[1]))) for song in songs])


def bands(rate: float, low: float, high: float) -> np.ndarray:
    """[3, 1025]: raised cosines in octaves, one octave wide."""

    def above(pitch: float, crossover: float) -> float:
        octaves = math.log2(pitch / crossover) if pitch else -99
        return 0.0 if octaves <= -0.5 else 1.0 if octaves >= 0.5 else 0.5 - 0.5 * math.cos(math.pi * (octaves + 0.5))

    rows = [(above(k * rate / 2048, low), above(k * rate / 2048, high)) for k in range(1025)]
    return np.array([(1 - first, first - second, second) for first, second in rows]).T


def banded_mean(members: np.ndarray, each: list[tuple[float, float, float]], of_bands: np.ndarray) -> np.ndarray:
    """The weights [N, 3] of the members in three bands, on [N, C, T]."""
    shares = np.array(each) / np.sum(each, axis=0)  # [N, 3]
    return by_spectra(lambda bins, _: sum(bins[i] * (shares[i] @ of_bands) for i in range(len(bins))), members, [])
