"""Key and tempo of a file, in one pass."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from inference.audio import AudioSource, resample
from tools.analysis.key import RATE, KeyMeter
from tools.analysis.tempo import TempoMeter

OnWork = Callable[[float], None]


def key_tempo(path: Path, on_work: OnWork = lambda _: None) -> dict[str, Any]:
    """What `Key` says, and `tempo` and `tempo_alternative` in beats per minute.

    Raises:
        MsstError: a file that cannot be read.
    """
    key, tempo = KeyMeter(), TempoMeter()
    with AudioSource(path) as source:
        info = source.info

        def heard() -> Any:
            for block in source:
                yield block.mean(axis=0, keepdims=True)
                on_work(min(source.frames / info.frames, 1.0) if info.frames else 0.0)

        for block in resample(heard(), channels=1, source_rate=info.sample_rate, target_rate=RATE):
            key.push(block)
            tempo.push(block)
    found = tempo.finish()
    return {**asdict(key.finish()), "tempo": found.tempo, "tempo_alternative": found.alternative}
