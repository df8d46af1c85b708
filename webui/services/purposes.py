"""What people want of a song, and the models that do it: the catalogue's recommendations, with what is installed here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from inference.catalogue import ModelRecord
from inference.catalogue.find import recommended, score_of
from inference.catalogue.stems import canonical
from inference.errors import ModelNotInstalled
from inference.presets.schema import Output, Preset, SeparateStep, single_model
from webui.services.errors import BadRequest

if TYPE_CHECKING:
    from inference.catalogue import Catalogue

Quality = Literal["best", "fast"]
QUALITIES: tuple[Quality, ...] = ("best", "fast")


class PurposeService:
    """Chooses models by purpose."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    def all(self) -> list[dict[str, Any]]:
        """Every purpose with its best and its fast model, the best of those that are installed, and more."""
        return [self._card(name) for name in self._catalogue.recommended]

    def record(self, purpose: str, quality: str | None = None) -> ModelRecord:
        """The model for a purpose, installed or not. Without a quality: the best one that is installed, or else the best one.

        Raises:
            BadOption: no such purpose.
            BadRequest: no such quality.
        """
        records = recommended(self._catalogue, purpose)
        if not quality:
            return _installed(records) or records[0]
        if quality not in QUALITIES:
            raise BadRequest(f"there is no quality {quality[:50]!r}", hint=f"There are: {', '.join(QUALITIES)}.")
        entry = self._catalogue.recommended[purpose]
        return self._catalogue.get(entry.best if quality == "best" else entry.fast)

    def installed(self, purpose: str, quality: str | None = None) -> ModelRecord:
        """As `record`, which must be installed. Raises also ModelNotInstalled, with `models` in its params."""
        record = self.record(purpose, quality)
        if not record.installed:
            raise ModelNotInstalled(
                f"the model {record.name} is not installed", hint="Install it, then try again.", model=record.name, models=record.name
            )
        return record

    def _card(self, name: str) -> dict[str, Any]:
        records = recommended(self._catalogue, name)
        entry = self._catalogue.recommended[name]
        best, fast = self._catalogue.get(entry.best), self._catalogue.get(entry.fast)
        now = _installed(records)
        return {
            "name": name,
            "best": model_card(best, name),
            "fast": model_card(fast, name),
            "now": model_card(now, name) if now else None,
            "also": [model_card(each, name) for each in records if each not in (best, fast)],
        }


def preset_for(record: ModelRecord, purpose: str) -> Preset:
    """The preset that serves a purpose with a model: all its stems; the one that the purpose names comes first and is the main one."""
    main = next((stem for stem in record.stems if canonical(stem, record.stems) == purpose), None)
    if main is None:
        return single_model(record.name)
    step = SeparateStep(name="step1", model=record.name)
    others = (Output(source=f"step1.{stem}") for stem in record.stems if stem != main)
    return Preset(name=record.name, steps=(step,), outputs=(Output(source=f"step1.{main}", main=True), *others))


def model_card(record: ModelRecord, purpose: str = "") -> dict[str, Any]:
    """A model in few words, with its published score (SDR in dB) for the purpose, if there is one."""
    named = next((stem for stem in record.stems if canonical(stem, record.stems) == purpose), None)
    score = score_of(record, named)
    return {
        "name": record.name,
        "title": record.title,
        "bytes": record.bytes,
        "installed": record.installed,
        "supported": record.supported,
        "stems": list(record.stems),
        "speed": record.speed,
        "score": score.sdr if score else None,
    }


def _installed(records: tuple[ModelRecord, ...]) -> ModelRecord | None:
    return next((each for each in records if each.installed and each.supported), None)
