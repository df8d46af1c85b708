"""The lists of published models, and which of their entries are one file.

models.json             name, bytes, sha256, url, model_type, and `config` or `vr`
extended_catalogue.json a repository on two hosts, and by model: name, model_type, category, subcategory, target_stem, bytes, paths
scores.json             by file name: medians per stem
vr_params.json          the band layouts that VR models name
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from inference.catalogue.weights import Repo, without_suffix

TABLES = Path(__file__).with_name("tables")
Json = dict[str, Any]


@dataclass(frozen=True)
class Published:
    """One file of weights, with all that the lists say of it."""

    file: str
    family: str
    bytes: int
    sha256: str | None = None
    repos: tuple[Repo, ...] = ()
    config: Json | None = None  # what the network is built from
    config_path: str | None = None  # of its YAML in the repository, where nobody has told the configuration
    shelf: tuple[str, str] = ("", "")  # category and subcategory of the extended list
    told: tuple[str, ...] = ()  # stems that the extended list names
    aliases: tuple[str, ...] = ()  # other names of the same file, without extension

    @property
    def name(self) -> str:
        """The file's, without its extension."""
        return without_suffix(self.file)


@dataclass(frozen=True)
class Facts:
    """All of them."""

    published: tuple[Published, ...]
    scores: Json


def table(name: str, folder: Path = TABLES) -> Any:
    """A table of this tool's, or of another folder; empty where that does not have it."""
    path = folder / f"{name}.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def read_facts(folder: Path, aliases: Mapping[str, Mapping[str, str]]) -> Facts:
    """The facts in a folder; models of both lists are merged.

    Args:
        folder: with the four files.
        aliases: names of the extended list that are files of the first one, see tables/aliases.json.

    Raises:
        ValueError: the lists contradict each other.
    """
    first, extended = _read(folder, "models"), _read(folder, "extended_catalogue")
    layouts = _read(folder, "vr_params")
    known = {entry["name"]: _checked(entry, layouts) for entry in first}
    for entry in extended["models"]:
        other = _extended(entry, extended)
        name = aliases.get(other.file, {}).get("is", other.file)
        known[name] = _merged(known[name], other) if name in known else other
    return Facts(tuple(known.values()), _read(folder, "scores"))


def _read(folder: Path, name: str) -> Any:
    return json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))


def _checked(entry: Json, layouts: Json) -> Published:
    """A file of the first list."""
    config = {"vr": entry["vr"]} if "vr" in entry else entry["config"]
    if "vr" in entry and entry["vr"]["params"] not in layouts:
        raise ValueError(f"{entry['name']} names the band layout {entry['vr']['params']!r}, which vr_params.json does not have")
    return Published(
        file=entry["name"],
        family=entry["model_type"],
        bytes=entry["bytes"],
        sha256=entry["sha256"],
        repos=(_repo(entry["url"]),),
        config=config,
    )


def _repo(url: str) -> Repo:
    match = re.fullmatch(r"https://huggingface\.co/([^/]+/[^/]+)/resolve/main/(.+)", url)
    if match is None:
        return Repo(host="url", repo="", path=url)
    return Repo(host="huggingface", repo=match[1], path=match[2])


def _extended(entry: Json, whole: Json) -> Published:
    """A file of the extended list."""
    hosts = [host for host in ("huggingface", "modelscope") if host in whole]
    repos = tuple(Repo.model_validate({"host": host, "repo": whole[host], "path": entry["path"]}) for host in hosts)
    return Published(
        file=entry["name"],
        family=entry["model_type"],
        bytes=entry["bytes"],
        repos=repos,
        config_path=entry["config_path"] or None,
        shelf=(entry["category"], entry["subcategory"]),
        told=tuple(stem for stem in entry["target_stem"].split("/") if stem),
    )


def _merged(one: Published, other: Published) -> Published:
    """What both lists say of the same file. The first one's checksum and configuration are the truth."""
    if (one.bytes, one.family) != (other.bytes, other.family):
        raise ValueError(
            f"{other.file} has {other.bytes} bytes and is of family {other.family}; as {one.file} it has {one.bytes} and is {one.family}"
        )
    alias = () if other.name == one.name else (other.name,)
    return replace(one, repos=one.repos + other.repos, shelf=other.shelf, told=other.told, aliases=one.aliases + alias)
