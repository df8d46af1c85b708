"""Texts of the page and of its messages: a folder a language, in it flat JSON files of short keys, one for each area of the page.

`en` is the source. Another language may lag behind: what it lacks is shown in English. A text may hold placeholders, `{name}`;
the same rule fills them here and in the browser (static/text.js): a text whose placeholders cannot all be filled counts as missing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

SOURCE = "en"
NAMES = {"en": "English", "zh-CN": "简体中文", "zh-TW": "繁體中文", "ja": "日本語", "ko": "한국어"}
"""What a language calls itself; a language without an entry is shown by its tag."""

_FOLDER = Path(__file__).parent
_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_TRADITIONAL = {"hant", "tw", "hk", "mo"}


@lru_cache(maxsize=1)
def languages() -> tuple[str, ...]:
    """Tags of all languages that have a folder here, the source first, then as NAMES has them."""
    order = {tag: place for place, tag in enumerate(NAMES)}
    found = {file.parent.name for file in _FOLDER.glob("*/*.json")} - {SOURCE}
    return (SOURCE, *sorted(found, key=lambda tag: (order.get(tag, len(order)), tag)))


@lru_cache(maxsize=16)
def own_texts(language: str) -> Mapping[str, str]:
    """The texts of one language's folder alone: key to text.

    Raises:
        KeyError: there is no such language.
        ValueError: two files have the same key.
    """
    if language not in languages():
        raise KeyError(language)
    loaded: dict[str, str] = {}
    for file in sorted((_FOLDER / language).glob("*.json")):
        area: dict[str, str] = json.loads(file.read_text(encoding="utf-8"))
        if twice := area.keys() & loaded.keys():
            raise ValueError(f"{language}/{file.name} repeats {', '.join(sorted(twice))}")
        loaded |= area
    return loaded


def texts(language: str) -> dict[str, str]:
    """All texts in `language`, with English where its folder lacks a key."""
    return {**own_texts(SOURCE), **own_texts(language)}


def placeholders(text: str) -> frozenset[str]:
    """Names of the placeholders of a text."""
    return frozenset(_PLACEHOLDER.findall(text))


def translate(language: str, key: str, /, *, default: str | None = None, **params: object) -> str:
    """The text of `key` in `language`, its placeholders filled from `params`.

    Args:
        language: one of `languages()`.
        key: the text's short name.
        default: what to say where no text of this key can be filled; the key itself if None.
        params: the values, by the names of the placeholders.
    """
    text = texts(language).get(key)
    if text is None or not placeholders(text) <= params.keys():
        return key if default is None else default
    return _PLACEHOLDER.sub(lambda found: str(params[found[1]]), text)


def best_language(accept_language: str = "", *, saved: str | None = None) -> str:
    """The language for a reader: the saved choice if it still exists, else the best match of an Accept-Language header.

    >>> best_language("fr-FR, zh;q=0.8, en;q=0.5")
    'zh-CN'
    """
    if saved in languages():
        return str(saved)
    for tag in _by_preference(accept_language):
        for candidate in _candidates(tag):
            if candidate in languages():
                return candidate
    return SOURCE


def _by_preference(accept_language: str) -> list[str]:
    """Tags of an Accept-Language header, the most wanted first; what is not understood is left out."""
    weighted: list[tuple[float, str]] = []
    for part in accept_language.split(","):
        tag, _, quality = part.strip().partition(";")
        found = re.fullmatch(r"\s*q=(\d(?:\.\d+)?)\s*", quality)
        weight = float(found[1]) if found else 1.0
        if tag.strip() and weight > 0:
            weighted.append((weight, tag.strip()))
    return [tag for _, tag in sorted(weighted, key=lambda pair: -pair[0])]


def _candidates(tag: str) -> list[str]:
    """Files to try for a language tag. Chinese goes by script: a reader of one script is served the other rather than English."""
    primary, *rest = tag.lower().replace("_", "-").split("-")
    if primary == "zh":
        return ["zh-TW", "zh-CN"] if _TRADITIONAL & set(rest) else ["zh-CN", "zh-TW"]
    return [tag, primary]
