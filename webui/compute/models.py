"""The models of a compute child: those that stay loaded between jobs, and what one job asks of them."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from inference.catalogue import Catalogue, ModelRecord
    from inference.options import Options
    from inference.separator import Separator

MAX_WARM_MODELS = 2
"""Models that stay loaded, the least recently used one leaving first; more only while a running job still needs them."""


class WarmModels:
    """Loaded models by name and device, for as long as their files are the ones that were loaded."""

    def __init__(self) -> None:
        self._warm: OrderedDict[tuple[str, str], tuple[Separator, list[Any]]] = OrderedDict()  # with what the weights were

    @property
    def names(self) -> list[str]:
        """The models that are loaded, the most recently used one last."""
        return list(dict.fromkeys(name for name, _ in self._warm))

    def get(self, record: ModelRecord, device: str, options: Options, cache: Path, *, still_needed: Collection[str] = ()) -> Separator:
        """The model, loaded where it is not, set to `options`. Those of the names in `still_needed` do not leave for it."""
        from inference.separator import Separator

        key = (record.name, device)
        files = [_file(path) for path in record.weights.paths()]
        separator, loaded = self._warm.get(key, (None, None))
        if separator is None or (separator.record, loaded) != (record, files):  # or a repaired, replaced or new model of that name
            self._warm.pop(key, None)
            separator = None  # before another one is loaded
            self._make_room(still_needed)
            separator = Separator(record, cache=cache, device=device, options=options)
            self._warm[key] = separator, files  # as they were before they were read: one that changed meanwhile is loaded again
        self._warm.move_to_end(key)
        separator.configure(options)
        return separator

    def _make_room(self, still_needed: Collection[str]) -> None:
        leaving = [key for key in self._warm if key[0] not in still_needed]
        for key in leaving[: max(len(self._warm) - MAX_WARM_MODELS + 1, 0)]:
            del self._warm[key]


class JobModels:
    """The models of one job, with the options that are in force for each of its steps.

    What the user set for the model is stronger than the server's settings, what a step of a preset says is stronger than that, and what
    the job says explicitly is the strongest.

    Args:
        warm: where loaded models are.
        catalogue: what models there are.
        device: where to run them.
        cache: the folder of converted weights.
        settings: options of the server.
        explicit: options of the job.
        planned: the models that the job's steps will ask for, one for each step.
    """

    def __init__(
        self,
        warm: WarmModels,
        catalogue: Catalogue,
        *,
        device: str,
        cache: Path,
        settings: Mapping[str, Any],
        explicit: Mapping[str, Any],
        planned: Iterable[str],
    ) -> None:
        self._warm, self._catalogue, self._device, self._cache = warm, catalogue, device, cache
        self._settings, self._explicit = settings, explicit
        self._planned = Counter(name for name in map(self._spelled, planned) if name)

    def give(self, name: str, asked: Mapping[str, Any]) -> Separator:
        """The loaded model for a step that asks for these options. Raises UnknownModel, BadOption, and what loading raises."""
        record = self._catalogue.get(name)
        self._planned[record.name] -= 1
        needed = {name for name, steps in self._planned.items() if steps > 0}
        return self._warm.get(record, self._device, self.options(name, asked), self._cache, still_needed=needed)

    def options(self, name: str, asked: Mapping[str, Any]) -> Options:
        """The options in force."""
        from inference.options import parse_options

        return parse_options(merged(self._settings, self._catalogue.defaults(name), asked, self._explicit))

    def identity(self, name: str, asked: Mapping[str, Any]) -> Any:
        """All that this model's stems depend on beside the sound, as JSON."""
        record = self._catalogue.get(name)
        return {
            "model": record.name,
            "family": record.family,
            "stems": [*record.stems, record.target, record.rest],
            "config": record.load_config(),
            "weights": [_file(path) for path in record.weights.paths()],
            "options": asdict(self.options(name, asked)),
        }

    def speed(self, name: str, asked: Mapping[str, Any]) -> float | None:
        """Time per second of audio with these options, the built-in model's being 1; None where nobody has measured it."""
        speed, options = self._catalogue.get(name).speed, self.options(name, asked)
        if speed is None:
            return None
        return speed * (3 if options.tta else 1) * options.shifts * (2 if options.overlap == "high" else 1)

    def _spelled(self, name: str) -> str:
        return self._catalogue.get(name).name if name in self._catalogue else ""


def merged(*layers: Mapping[str, Any]) -> dict[str, Any]:
    """Options from the weakest to the strongest; those in groups ("vr") one by one."""
    result: dict[str, Any] = {}
    for layer in layers:
        for key, value in layer.items():
            group = result.get(key)
            result[key] = merged(group, value) if isinstance(group, Mapping) and isinstance(value, Mapping) else value
    return result


def _file(path: Path) -> list[Any]:
    """What tells a file from another one of its name; a changed file has another time."""
    about = path.stat() if path.is_file() else None
    return [path.name, about.st_size, about.st_mtime_ns] if about else [path.name, None, None]
