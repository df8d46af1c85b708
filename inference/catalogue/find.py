"""Finding a model among hundreds: search, filters, order, recommendations. Pure functions over the catalogue.

find(catalogue, Query(text="karaoke small", installed=False, sort="size"))
recommended(catalogue, "dereverb")
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, get_args

from inference.catalogue.collection import Catalogue
from inference.catalogue.record import CATEGORIES, ModelRecord, Recommended, Score
from inference.catalogue.stems import canonical, same_stem
from inference.errors import BadOption

Sort = Literal["recommended", "name", "score", "speed", "size"]


@dataclass(frozen=True)
class Query:
    """What is looked for; what is not said does not count.

    Raises:
        BadOption: a category or an order that does not exist.
    """

    text: str = ""  # all its words must be somewhere in name, title, purpose or stems; case and accents do not matter
    category: str | None = None  # one of CATEGORIES
    stem: str | None = None  # by any usual name: "vocals" also finds "Vocals" and "Voices"
    family: str | None = None
    max_bytes: int | None = None  # of the download; the built-in model has none
    installed: bool | None = None
    supported: bool | None = None  # can run here, once installed
    sort: Sort = "name"
    also: tuple[str, ...] = ()  # other texts, one of which will do as well: what a word of another language may mean
    names: tuple[str, ...] | None = None  # these models alone

    def __post_init__(self) -> None:
        if self.category is not None and self.category not in CATEGORIES:
            raise BadOption(f"there is no category {self.category!r}", hint=f"There are: {', '.join(CATEGORIES)}.", option="category")
        if self.sort not in get_args(Sort):
            raise BadOption(f"models cannot be sorted by {self.sort!r}", hint=f"Choose {', '.join(get_args(Sort))}.", option="sort")


def find(catalogue: Iterable[ModelRecord], query: Query | None = None) -> list[ModelRecord]:
    """The models that a query means, in its order: names from A to Z, the best score, the quickest, the smallest, or the recommended first.

    What has no score or no measured speed comes last; where the recommended come first, what cannot run here does.
    """
    query = query or Query()
    texts = [folded(text).split() for text in (query.text, *query.also)] if query.text.strip() else [[]]
    wanted = None if query.names is None else {name.casefold() for name in query.names}
    found = [
        record
        for record in catalogue
        if (wanted is None or record.name.casefold() in wanted) and _fits(record, query) and any(_has(record, words) for words in texts)
    ]
    if query.sort == "recommended":
        return sorted(found, key=_by_advice(query, catalogue.recommended if isinstance(catalogue, Catalogue) else {}))
    return sorted(found, key=_ORDERS[query.sort](query))


def recommended(catalogue: Catalogue, purpose: str) -> tuple[ModelRecord, ...]:
    """Models for a purpose: the best, then a quick one (if that is another), then more.

    Raises:
        BadOption: no such purpose; the hint has those there are.
    """
    entry = catalogue.recommended.get(purpose)
    if entry is None:
        known = ", ".join(catalogue.recommended)
        raise BadOption(f"nothing is recommended for {purpose!r}", hint=f"The purposes are: {known}.", option="purpose")
    return tuple(catalogue.get(name) for name in entry.names)


def score_of(record: ModelRecord, stem: str | None = None) -> Score | None:
    """The published score of a stem, by any of its usual names; without one, of what the model is for. None if nobody measured it."""
    if stem is None:
        aims = (record.target, *record.stems) if record.category != "instrumental" else ("instrumental", *record.stems)
        stem = next((each for each in aims if each is not None), record.stems[0])
    wanted = canonical(stem, record.stems)
    for name, score in record.scores.items():
        if name.casefold() == stem.casefold() or canonical(name, record.stems) == wanted:
            return score
    return None


def has_stem(record: ModelRecord, stem: str) -> bool:
    """Whether a model finds this stem, by any of its usual names."""
    if same_stem(stem, record.stems) is not None:
        return True
    wanted = canonical(stem)
    if record.category == "instrumental" and wanted == "instrumental":
        return True
    return any(canonical(name, record.stems) == wanted for name in record.scores)  # a rest whose name comes with the YAML


def _fits(record: ModelRecord, query: Query) -> bool:
    return (
        (query.category is None or record.category == query.category)
        and (query.family is None or record.family == query.family)
        and (query.max_bytes is None or (record.bytes or 0) <= query.max_bytes)
        and (query.stem is None or has_stem(record, query.stem))
        and (query.supported is None or record.supported == query.supported)
        and (query.installed is None or record.installed == query.installed)
    )


def _has(record: ModelRecord, words: list[str]) -> bool:
    if not words:
        return True
    text = _text(record.name, record.title, record.purpose, record.family, record.category, *record.stems, *record.aliases)
    return all(word in text for word in words)


@lru_cache(maxsize=4096)
def _text(*parts: str) -> str:
    """All that is searched, each name as it is and with its parts as words."""
    whole = folded(" ".join(parts))
    return f"{whole} {re.sub('[_-]+', ' ', whole)}"


def folded(text: str) -> str:
    """Without case and accents: "Ü" and "u" are the same."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in plain if not unicodedata.combining(letter))


def _by_name(record: ModelRecord) -> tuple[Any, ...]:
    """Numbers in names count as numbers: 2_HP comes before 10_SP."""
    parts = re.split(r"(\d+)", folded(record.name))
    return tuple((0, int(part), "") if part.isdigit() else (1, 0, part) for part in parts if part)


def _by_score(query: Query) -> Callable[[ModelRecord], Any]:
    def key(record: ModelRecord) -> Any:
        score = score_of(record, query.stem)
        return (score is None, -score.sdr if score else 0.0, _by_name(record))

    return key


def _by_advice(query: Query, recommended: Mapping[str, Recommended]) -> Callable[[ModelRecord], Any]:
    """The best one of each purpose, the fast ones, the further ones, then by score."""
    ranks: dict[str, tuple[int, int]] = {}
    for purpose, entry in enumerate(recommended.values()):
        for role, names in enumerate(((entry.best,), (entry.fast,), entry.also)):
            for name in names:
                ranks[name] = min(ranks.get(name, (role, purpose)), (role, purpose))
    score = _by_score(query)
    return lambda record: (not record.supported, ranks.get(record.name, (len(ranks), 0)), score(record))


_ORDERS: dict[str, Callable[[Query], Callable[[ModelRecord], Any]]] = {
    "name": lambda _: _by_name,
    "score": _by_score,
    "speed": lambda _: lambda record: (record.speed is None, record.speed or 0.0, _by_name(record)),
    "size": lambda _: lambda record: (record.bytes or 0, _by_name(record)),
}
