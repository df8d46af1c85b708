"""A record of the catalogue from facts, rules and tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from inference.catalogue.describe import RATE, Described, describe
from inference.catalogue.record import ModelRecord
from inference.catalogue.stems import canonical, same_stem
from inference.catalogue.weights import without_suffix
from tools.catalogue.costs import MEASURED, Costs, fingerprint
from tools.catalogue.facts import TABLES, Facts, Published, table
from tools.catalogue.shelves import shelf
from tools.catalogue.words import purpose_of, title_of

Json = dict[str, Any]


@dataclass(frozen=True)
class Tables:
    """What no list says."""

    aliases: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # files of the extended list that are files of the first
    by_hand: Mapping[str, Json] = field(default_factory=dict)  # by model: title, purpose, category, stems
    scores: Mapping[str, Mapping[str, list[str]]] = field(default_factory=dict)  # by scored name: which models it means, and which stems
    licences: Mapping[str, str] = field(default_factory=dict)
    built_in: tuple[Json, ...] = ()
    recommended: Mapping[str, Json] = field(default_factory=dict)
    costs: Costs = field(default_factory=Costs)

    @classmethod
    def read(cls, folder: Path = TABLES, costs: Path = MEASURED) -> Tables:
        """Those in a folder, by default this tool's."""
        names = ("aliases", "by_hand", "scores", "licences", "recommended")
        return cls(**{name: table(name, folder) for name in names}, built_in=tuple(table("built_in", folder)), costs=Costs.read(costs))


def make_records(facts: Facts, tables: Tables) -> list[ModelRecord]:
    """All records, by name; the built-in ones first.

    Raises:
        ValueError: two models of one name or title, or a table that names a model that does not exist.
    """
    built_in = [ModelRecord.model_validate(entry) for entry in tables.built_in]
    scores = _scores(facts, tables)
    made = [_record(model, tables, scores.get(model.name, {})) for model in facts.published]
    records = built_in + sorted(made, key=lambda record: record.name.casefold())
    _check(records, tables)
    return records


def config_file(model: Published) -> str | None:
    """Where its configuration goes, below configs/."""
    return f"{model.family}/{model.name}.yaml" if model.config is not None else None


def _record(model: Published, tables: Tables, scores: Json) -> ModelRecord:
    by_hand = tables.by_hand.get(model.name, {})
    about = _about(model, by_hand)
    category = by_hand.get("category") or shelf(model, about.stems, about.target)
    cost = tables.costs.of(fingerprint(model.family, model.config)) if model.config is not None else None
    return ModelRecord.model_validate(
        {
            "name": model.name,
            "title": by_hand.get("title") or title_of(model.name, model.family, category, about.stems),
            "purpose": by_hand.get("purpose") or purpose_of(model.name, category, about.stems, about.target, model.bytes),
            "family": model.family,
            "category": category,
            "stems": about.stems,
            "target": about.target,
            "rest": about.rest,
            "sample_rate": about.sample_rate,
            "weights": _weights(model),
            "config_file": config_file(model),
            "aliases": model.aliases,
            "scores": _by_own_stems(scores, about, category),
            "speed": cost.speed if cost else None,
            "memory": cost.memory if cost else None,
            "blocked": by_hand.get("blocked"),
            "licence": tables.licences.get(model.name),
        }
    )


def _about(model: Published, by_hand: Json) -> Described:
    """Stems and rate: by the configuration, else by what is told. The rest stem of the latter is known once the YAML is there."""
    if model.config is not None:
        return describe(model.family, model.config)
    stems = tuple(by_hand.get("stems") or model.told)
    if not stems:
        raise ValueError(f"nobody says which stems {model.file} has; tables/by_hand.json is the place")
    rate = 48000 if model.family == "bandit_v2" else RATE
    return Described(stems, stems[0] if len(stems) == 1 else None, None, rate)


def _weights(model: Published) -> Json:
    repos = [repo.model_dump() for repo in model.repos]
    hub = {"kind": "hub", "name": model.file, "bytes": model.bytes, "sha256": model.sha256, "repos": repos}
    return {**hub, "config_path": model.config_path if model.config is None else None}


def _scores(facts: Facts, tables: Tables) -> dict[str, Json]:
    """Medians by model's name; a scored name may mean another model's file, or be of no model here."""
    names = {model.name for model in facts.published}
    found: dict[str, Json] = {}
    for file, entry in facts.scores.items():
        meant = tables.scores.get(file, {without_suffix(file): []})
        for name, stems in meant.items():
            if name in names and entry["median"]:
                found[name] = {stem: score for stem, score in entry["median"].items() if not stems or stem in stems}
    return found


def _by_own_stems(scores: Json, about: Described, category: str) -> Json:
    """Under the model's own stem names where it has them, else under the usual ones."""
    found = {}
    for stem, score in scores.items():
        own = same_stem(stem, about.stems)
        if own is None and category == "karaoke":  # measured as if all singing were lead singing
            own = about.target if canonical(stem) == "vocals" else about.rest
        numbers = {key.lower(): value for key, value in score.items() if value is not None}
        if "sdr" in numbers:
            found[own or stem] = numbers
    return found


def _check(records: list[ModelRecord], tables: Tables) -> None:
    names: set[str] = set()
    for record in records:
        for name in (record.name, *record.aliases):
            if name.casefold() in names:
                raise ValueError(f"two models are called {name}")
            names.add(name.casefold())
    titles = Counter(record.title.casefold() for record in records)
    twice = sorted(title for title, count in titles.items() if count > 1)
    if twice:
        raise ValueError(f"several models have the title {twice[0]}; tables/by_hand.json can give one another")
    by_name = {record.name for record in records}
    wanted = {name for entry in tables.recommended.values() for name in (entry["best"], entry["fast"], *entry["also"])}
    wanted |= {*tables.by_hand, *tables.licences, *(name for meant in tables.scores.values() for name in meant)}
    missing = sorted(wanted - by_name)
    if missing:
        raise ValueError(f"the tables name models that do not exist: {', '.join(missing)}")
