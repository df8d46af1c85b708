"""Bring your own model: a checkpoint with its YAML, or a vocal remover's .pth with its band layout.

known by its checksum? ─ yes ─> the shipped record
          └ no ─> copy (or leave in place) ─ a compute child reads it safely, finds its family, builds it, fills it strictly,
                  converts it ─> a record of the user's own
"""

from __future__ import annotations

import shutil
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from inference.catalogue import (
    WEIGHTS_SUFFIXES,
    Catalogue,
    FileWeights,
    InstalledModel,
    ModelRecord,
    describe,
    parse_config,
    read_config,
    without_suffix,
)
from inference.errors import BadWeights, Cancelled, DiskFull
from tools.hub import Disk, sha256_of
from tools.whole import put
from webui.services.errors import BadRequest
from webui.services.inspector import Inspect
from webui.services.installer import file_stem, remove_file
from webui.services.ledger import Ledger
from webui.services.storage import hard_link, safe_name

STEMS_OF_VR = ("Instrumental", "Vocals")
"""Of a vocal remover about which nobody says more: its network finds the first one."""


@dataclass(frozen=True)
class NewModel:
    """What a user says about a model of their own. Only the checkpoint is needed, and a YAML or a layout where it is not known already."""

    checkpoint: Path
    config: Path | str | None = None  # a YAML file, or its text
    layout: str | Mapping[str, Any] | None = None  # of a vocal remover: its name, or it itself
    stems: Sequence[str] = ()  # of a vocal remover: the one that its network finds, and the rest
    family: str | None = None  # None to find it out
    name: str = ""  # the file's where it is empty
    title: str = ""
    purpose: str = ""
    copy: bool = True  # into the home folder; else the file is used where it is
    replace: bool = False  # a model of one's own that has the name


@dataclass(frozen=True)
class Added:
    """What became of it."""

    record: ModelRecord
    known: bool  # whether it was recognised as a model of the catalogue
    parameters: int | None  # of its networks; None for a known one, which was not looked at
    assumed: tuple[str, ...] = ()  # what nobody said and was taken for granted, in sentences


class Adder:
    """Adds models of users' own.

    Args:
        ledger: where they are noted.
        catalogue: what is known.
        inspect: looks at weights.
        disk: the file system.
    """

    def __init__(self, ledger: Ledger, catalogue: Catalogue, inspect: Inspect, disk: Disk) -> None:
        self._ledger, self._catalogue, self._inspect, self._disk = ledger, catalogue, inspect, disk

    def add(self, new: NewModel, cancelled: Callable[[], bool] = lambda: False) -> Added:
        """Add a model.

        Raises:
            BadRequest: there is no such file, or the name is taken.
            BadWeights: unsafe, damaged, or they do not fit; `problems` in its params lists how.
            BadConfig: the YAML cannot be used, or is missing.
            UnknownModel: a network that is not supported.
            DiskFull: no room.
        """
        path = new.checkpoint.expanduser().absolute()
        if not path.is_file():
            raise BadRequest(f"there is no file {str(path)[:300]!r}", reason="no_file")
        if path.suffix.lower() not in WEIGHTS_SUFFIXES:
            endings = ", ".join(WEIGHTS_SUFFIXES)
            raise BadRequest(f"{path.name} is no file of weights", hint=f"They end in {endings}.", reason="no_weights", suffixes=endings)
        digest = _hashed(path, cancelled)
        known = self._catalogue.by_sha256(digest)
        if known is not None and (known.has_config or known.installed):
            return self._add_known(known, path, digest, new)
        return self._add_new(new, path, digest, cancelled)

    def _add_known(self, record: ModelRecord, path: Path, digest: str, new: NewModel) -> Added:
        """A file of the catalogue under any name. Raises DiskFull."""
        if not record.installed:
            file = self._place(path, file_stem(record.name))[0] if new.copy else path
            entry = InstalledModel(
                files=(file,), bytes=record.bytes, sha256=digest, source=str(path), linked=not new.copy, installed_at=time.time()
            )
            self._ledger.put(record.name, entry)
        return Added(self._catalogue.get(record.name), known=True, parameters=None)

    def _add_new(self, new: NewModel, path: Path, digest: str, cancelled: Callable[[], bool]) -> Added:
        name = self._free_name(new, path)
        config, assumed = _config(new)
        before = self._ledger.entry(name)
        file, made = self._place(path, f"{safe_name(name)}-{digest[:8]}") if new.copy else (path, False)
        try:
            order = {"files": [str(file)], "cache": str(self._ledger.models), "name": name, "family": new.family, "config": config}
            found = self._inspect(order, cancelled)
            about = describe(found["family"], found["config"])
            record = ModelRecord(
                name=name,
                title=new.title.strip() or name,
                purpose=new.purpose.strip() or "Your own model.",
                family=found["family"],
                stems=about.stems,
                target=about.target,
                rest=about.rest,
                sample_rate=about.sample_rate,
                weights=FileWeights(kind="file", files=(file,)),
                config=found["config"],
            )
            size = file.stat().st_size
            self._ledger.put(
                name,
                InstalledModel(files=(file,), bytes=size, sha256=digest, source=str(path), linked=not new.copy, installed_at=time.time()),
            )
            self._ledger.put_own(record)
        except BaseException:
            if made:
                remove_file(file, self._ledger.models)
            raise
        for old in before.files if before else ():
            if old != file and self._ledger.ours(old):
                remove_file(old, self._ledger.models)
        return Added(self._catalogue.get(name), known=False, parameters=int(found["parameters"]), assumed=assumed)

    def _free_name(self, new: NewModel, path: Path) -> str:
        name = without_suffix((new.name or path.name).strip())
        if not name or safe_name(name) in ("", ".", "..") or len(name) > 200:
            raise BadRequest(f"{name[:100]!r} is no name for a model", hint="Choose one of up to 200 letters.", reason="bad_name")
        if name in self._catalogue:
            taken = self._catalogue.get(name).name
            if not self._ledger.is_own(taken):
                raise BadRequest(
                    f"the catalogue has a model {taken!r} already, and this file is another one",
                    hint="Choose another name.",
                    reason="name_in_catalogue",
                    name=taken,
                )
            if not new.replace:
                raise BadRequest(
                    f"you have a model {taken!r} already", hint="Choose another name, or replace it.", reason="name_taken", name=taken
                )
        return name

    def _place(self, path: Path, stem: str) -> tuple[Path, bool]:
        """A copy in our own folder, a hard link where the file system has them, and whether it is new. Raises DiskFull."""
        folder = self._ledger.files
        target = folder / f"{stem}{path.suffix.lower()}"
        temporary = folder / f".{target.name}.{uuid.uuid4().hex}"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            try:
                hard_link(path, temporary)
            except OSError:
                needed, free = path.stat().st_size, self._disk.free(folder)
                if free < needed:
                    raise DiskFull(
                        f"no room for {target.name}: {needed / 1e6:.0f} MB are needed and {free / 1e6:.0f} MB are free",
                        hint="Make room, or use the file where it is.",
                    ) from None
                shutil.copyfile(path, temporary)
            new = not target.exists()
            put(temporary, target)
        except OSError as error:
            raise DiskFull(f"cannot write {target.name}: {error}", hint=f"Is there room in {folder}?") from error
        finally:
            with suppress(OSError):
                temporary.unlink()
        return target, new


def _config(new: NewModel) -> tuple[dict[str, Any], tuple[str, ...]]:
    """What the network is to be built from, and what of it was taken for granted."""
    if isinstance(new.config, Path):
        config = read_config(new.config.expanduser())
    else:
        config = parse_config(new.config, "the YAML") if new.config else {}
    if new.layout is None:
        return config, ()
    stems, assumed = tuple(new.stems), ()
    about = dict(config["vr"] if isinstance(config.get("vr"), Mapping) else config)
    about["params"] = new.layout if isinstance(new.layout, str) else dict(new.layout)
    if not stems and "primary_stem" not in about:
        stems = STEMS_OF_VR
        said = f"Nobody said what the network finds: {stems[0]} was assumed, and {stems[1]} for the rest."
        assumed = (said,)  # type: ignore[assignment]
    if stems:
        if len(stems) != 2 or stems[0] == stems[1]:
            raise BadRequest(
                f"a vocal remover has two stems, not {len(stems)}", hint="The one that its network finds, and the rest.", reason="two_stems"
            )
        about["primary_stem"], about["secondary_stem"] = stems
    return {"vr": about}, assumed


def _hashed(path: Path, cancelled: Callable[[], bool]) -> str:
    def check(_: int) -> None:
        if cancelled():
            raise Cancelled

    try:
        return sha256_of(path, check)
    except OSError as error:
        raise BadWeights(f"{path.name} cannot be read: {error.strerror}", file=path.name) from error
