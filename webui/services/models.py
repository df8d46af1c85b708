"""The models there are."""

from __future__ import annotations

from typing import Any

from inference.catalogue import Catalogue, ModelRecord
from inference.catalogue.stems import canonical
from inference.families import missing_packages


def model_json(record: ModelRecord) -> dict[str, Any]:
    """A model as programs get it, from REST and from the command line."""
    plain = ("name", "title", "purpose", "category", "family", "stems", "target", "rest", "sample_rate", "speed", "memory", "licence")
    about = record.model_dump(mode="json", include={*plain, "scores"})
    return {
        **{key: about[key] for key in (*plain, "scores")},
        "usual_stems": [canonical(stem, record.stems) for stem in record.stems],
        "bytes": record.bytes,
        "sha256": record.sha256,
        "installed": record.installed,
        "supported": record.supported,
        "reason": record.unsupported,
        "reason_code": record.unsupported_code,
        "packages": missing_packages(record.family),
        "sources": [repo.url() for repo in record.hub.repos] if record.hub else [],
    }


class ModelService:
    """The catalogue, as the doors show it."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    def get(self, name: str) -> ModelRecord:
        """The record of that name. Raises UnknownModel."""
        return self._catalogue.get(name)
