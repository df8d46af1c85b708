"""How long a job will take, before it starts and while it waits.

What this machine did before says it best; where it did nothing of the kind, the catalogue's measured costs do, which are relative to the
built-in model; and where nobody knows, nobody is told a number.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from inference.errors import UnknownModel
from inference.presets.schema import Preset, SeparateStep
from webui.services.speeds import Speeds, kind_of, predict

if TYPE_CHECKING:
    from inference.catalogue import Catalogue
    from webui.services.job import Spec

Basis = Literal["history", "calibrated", "guess", "unknown"]
BUILT_IN = "spleeter_2stems"
TYPICAL = (
    0.08  # seconds that the built-in model takes for a second of song, on the two CPU cores on which the catalogue's costs were measured
)
LOADING = 4.0  # seconds until a network is there
CALIBRATED, GUESS = 2.0, 4.0  # how far such an estimate may be off, either way
OVERLAP_COST = {"fast": 0.7, "standard": 1.0, "high": 2.0}
TTA_COST = 3.0


@dataclass(frozen=True)
class Estimate:
    """Seconds of work."""

    seconds: float | None = None
    low: float | None = None
    high: float | None = None
    basis: Basis = "unknown"

    def to_json(self) -> dict[str, Any]:
        """Rounded: more digits would be a lie."""
        rounded = {name: None if value is None else round(value, 1) for name, value in vars(self).items() if name != "basis"}
        return {**rounded, "basis": self.basis}


UNKNOWN = Estimate()
_ORDER: tuple[Basis, ...] = ("history", "calibrated", "guess", "unknown")


class Estimator:
    """Estimates, from what is remembered and what is known of the models.

    Args:
        speeds: what was.
        catalogue: what models cost.
        device_words: says where models run, in words.
    """

    def __init__(self, speeds: Speeds, catalogue: Catalogue, device_words: Callable[[], str]) -> None:
        self._speeds, self._catalogue, self._device_words = speeds, catalogue, device_words

    def of_preset(self, preset: Preset, durations: Sequence[float], *, device: str, options: Mapping[str, Any]) -> Estimate:
        """For songs of so many seconds, one after the other."""
        if not durations:
            return UNKNOWN
        return _sum([self._one(preset, duration, device, options) for duration in durations])

    def of_spec(self, spec: Spec) -> Estimate:
        """For a job as it was submitted."""
        if not spec.duration:
            return UNKNOWN
        options = {**spec.defaults, **spec.options}
        return self._one(Preset.model_validate(spec.preset), spec.duration, spec.device, options)

    def _one(self, preset: Preset, duration: float, device: str, options: Mapping[str, Any]) -> Estimate:
        known = predict(self._speeds.samples(kind_of(parts_of(preset), device, options)), duration)
        if known:
            return Estimate(*known, basis="history")
        steps = separations(preset)
        return _sum([self._model(step.model, duration, device, {**options, **step.options}) for step in steps]) if steps else UNKNOWN

    def _model(self, name: str, duration: float, device: str, options: Mapping[str, Any]) -> Estimate:
        known = predict(self._speeds.samples(kind_of([name], device, options)), duration)
        if known:
            return Estimate(*known, basis="history")
        factor = cost_of(options)
        plain = predict(self._speeds.samples(kind_of([name], device, {})), duration)
        if plain:
            return _within(plain[0] * factor, CALIBRATED, "calibrated")
        try:
            speed = self._catalogue.get(name).speed
        except UnknownModel:
            return UNKNOWN
        if speed is None:
            return UNKNOWN
        built_in = predict(self._speeds.samples(kind_of([BUILT_IN], device, {})), max(duration, 30.0))
        if built_in:
            return _within(LOADING + built_in[0] / max(duration, 30.0) * duration * speed * factor, CALIBRATED, "calibrated")
        words = self._device_words().lower()
        if device != "cpu" and words != "auto" and "cpu" not in words:
            return UNKNOWN  # what a CPU takes says nothing about a graphics card
        return _within(LOADING + TYPICAL * duration * speed * factor, GUESS, "guess")


def starts(
    running: Sequence[float | None], waiting: Sequence[tuple[str, float | None]], parallel: int
) -> tuple[dict[str, float | None], float | None]:
    """Seconds until each waiting job starts, by its id, and until all are done; None where nobody knows.

    Args:
        running: seconds that each running job will still take.
        waiting: ids in the order of the line, with the seconds that each takes.
        parallel: how many run at once.
    """
    free: list[float | None] = [*running, *[0.0] * max(parallel - len(running), 0)]
    found: dict[str, float | None] = {}
    for job_id, takes in waiting:
        if any(each is None for each in free):
            found[job_id] = None  # an unknown one may end at any time
            continue
        place = min(range(len(free)), key=lambda at: free[at] or 0.0)
        found[job_id] = free[place]
        free[place] = None if takes is None else (free[place] or 0.0) + takes
    known = [each for each in free if each is not None]
    return found, (max(known, default=0.0) if len(known) == len(free) else None)


def separations(preset: Preset) -> list[SeparateStep]:
    """The steps of a preset that run a model."""
    return [step for step in preset.needed() if isinstance(step, SeparateStep)]


def parts_of(preset: Preset) -> list[str]:
    """What the work of a preset is made of: its models, or without any its kinds of steps."""
    models = [f"{step.model}{_signature(step.options)}" for step in separations(preset)]
    return models or [f"step:{step.kind}" for step in preset.needed()]


def _signature(options: Mapping[str, Any]) -> str:
    return json.dumps(options, sort_keys=True) if options else ""


def cost_of(options: Mapping[str, Any]) -> float:
    """How many times the plain work such options are, about."""
    overlap = options.get("overlap", "standard")
    factor = OVERLAP_COST.get(overlap, 1.0) if isinstance(overlap, str) else max(float(overlap), 1.0) / 2
    return factor * (TTA_COST if options.get("tta") else 1.0) * float(options.get("shifts") or 1)


def _within(seconds: float, factor: float, basis: Basis) -> Estimate:
    return Estimate(seconds, seconds / factor, seconds * factor, basis)


def _sum(parts: Sequence[Estimate]) -> Estimate:
    """One after the other; as unsure as the least sure."""
    if any(part.seconds is None for part in parts):
        return UNKNOWN
    basis = max((part.basis for part in parts), key=_ORDER.index)
    return Estimate(sum(p.seconds or 0 for p in parts), sum(p.low or 0 for p in parts), sum(p.high or 0 for p in parts), basis)
