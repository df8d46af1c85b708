"""What somebody wants to know before they start a job: how long it will take, what has to be downloaded first, and what waits before it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from inference.options import parse_options
from inference.presets.schema import Preset, single_model
from webui.services.errors import BadRequest
from webui.services.job import Choice
from webui.services.purposes import preset_for

if TYPE_CHECKING:
    from webui.services.configuration import Configuration
    from webui.services.estimates import Estimator
    from webui.services.joblist import JobList
    from webui.services.models import ModelService
    from webui.services.presets import PresetService
    from webui.services.purposes import PurposeService

LONGEST = 7 * 86400.0  # seconds of one song


class Forecaster:
    """Answers that, also where models are not installed."""

    def __init__(
        self,
        configuration: Configuration,
        presets: PresetService,
        models: ModelService,
        purposes: PurposeService,
        estimator: Estimator,
        joblist: JobList,
    ) -> None:
        self._configuration, self._presets, self._models, self._purposes = configuration, presets, models, purposes
        self._estimator, self._joblist = estimator, joblist

    def of(self, choice: Choice, durations: Sequence[float], options: Mapping[str, Any]) -> dict[str, Any]:
        """The forecast for songs of so many seconds.

        Raises:
            UnknownPreset, BadPreset, UnknownModel, BadOption, BadRequest: such a job cannot be.
        """
        if not all(math.isfinite(each) and 0 <= each <= LONGEST for each in durations):
            raise BadRequest("a song of an impossible length", hint="duration is in seconds.")
        parse_options(options)
        preset = self._preset(choice)
        settings = self._configuration.now
        defaults = {"precision": settings.precision, "overlap": settings.overlap}
        estimate = self._estimator.of_preset(preset, durations, device=settings.device, options={**defaults, **options})
        records = [self._models.get(name) for name in preset.models]
        models = [{"name": each.name, "title": each.title, "bytes": each.bytes, "installed": each.installed} for each in records]
        return {
            **estimate.to_json(),
            "models": models,
            "missing_bytes": sum(each.bytes or 0 for each in records if not each.installed),
            "queue_seconds": self._joblist.queue_seconds(),
        }

    def _preset(self, choice: Choice) -> Preset:
        if choice.purpose is not None:
            return preset_for(self._purposes.record(choice.purpose, choice.quality), choice.purpose)
        if choice.model is not None:
            return single_model(self._models.get(choice.model).name)
        if choice.inline is not None:
            return self._presets.load_inline(choice.inline)
        return self._presets.load(choice.preset or "")
