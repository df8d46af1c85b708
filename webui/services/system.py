"""The machine as it is now: devices, memory, disk, addresses; and all of it as a text to send to whoever helps."""

from __future__ import annotations

import ipaddress
import os
import platform
import re
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

from inference.presets.store import StepStore
from webui import __version__

if TYPE_CHECKING:
    from webui.compute.analyst import Analyst
    from webui.compute.pool import Pool
    from webui.services.configuration import Configuration
    from webui.services.share import Share
    from webui.services.storage import Storage

DISK_KEPT = 2.0  # seconds that a look at the disk holds at least
DISK_SHARE = 20  # and so many times as long as it took: a home folder of many files is not counted all the time
DISK_PATIENCE = 2.0  # seconds that it may take
FACTS_KEPT = 5.0  # seconds that what a compute child told holds
PACKAGES = ("torch", "numpy", "av", "soundfile", "soxr", "pedalboard", "librosa", "gradio", "fastapi", "uvicorn", "dbos", "pydantic")
_USER = re.compile(r"(?<=//)[^/\s]*@")  # up to the last @: a password may have some


class System:
    """Looks at the machine.

    Args:
        configuration: the settings.
        storage: the home folder.
        pool: the compute children that separate.
        analyst: the one that listens.
        share: the public address.
    """

    def __init__(self, configuration: Configuration, storage: Storage, pool: Pool, analyst: Analyst, share: Share) -> None:
        self._configuration, self._storage, self._pool, self._analyst, self._share = configuration, storage, pool, analyst, share
        self.port: int | None = None  # where the server listens, once it does
        self._facts: dict[str, Any] = {}
        self._asked_at = 0.0
        self._disk: dict[str, Any] = {}
        self._disk_until = 0.0
        self._looking = threading.Lock()
        psutil.cpu_percent()  # counts from here on

    def now(self, *, device: str) -> dict[str, Any]:
        """All of it, as JSON. `device` is what computes, in words."""
        facts, memory = self._machine(), psutil.virtual_memory()
        return {
            "version": __version__,
            "python": platform.python_version(),
            "torch": facts.get("torch") or _version("torch"),
            "system": f"{platform.system()} {platform.release()} {platform.machine()}",
            "device": {"id": self._configuration.now.device, "name": device},
            "devices": facts.get("devices", []),
            "cpu": {"cores": psutil.cpu_count() or 1, "load": psutil.cpu_percent()},
            "memory": {
                "total": memory.total,
                "used": memory.total - memory.available,
                "server": _resident(os.getpid()),
                "workers": self._workers(),
            },
            "gpu": facts.get("gpu", []),
            "disk": self.disk(),
            "addresses": self.addresses(),
            "share": self._share.status(),
        }

    def disk(self, *, fresh: bool = False) -> dict[str, Any]:
        """Bytes by kind, free and in total; `partial` where counting took too long. Holds for some seconds."""
        with self._looking:
            began = time.monotonic()
            if fresh or began > self._disk_until:
                self._disk = self._counted()
                now = time.monotonic()
                self._disk_until = now + max(DISK_KEPT, DISK_SHARE * (now - began))
            usage = shutil.disk_usage(self._storage.home)
            return {"free": usage.free, "total": usage.total, **self._disk}

    def clean_cache(self) -> int:
        """Forget the finished steps of presets, and what was said about files; the bytes that are free again."""
        return self.freed_by("cache", self._clean_cache)

    def _clean_cache(self) -> None:
        StepStore(self._storage.steps, 0).clear()
        for kind in ("*.json", "*.png", "*.flac", "*.peaks"):  # not what is being written
            for file in self._storage.analyses.glob(kind):
                with suppress(OSError):
                    file.unlink()

    def freed_by(self, kind: str, clean: Callable[[], object]) -> int:
        """Do what makes room in a part of the disk; the bytes that are free again."""
        before = self.disk(fresh=True)[kind]
        clean()
        freed: int = before - self.disk(fresh=True)[kind]
        return max(freed, 0)

    def addresses(self) -> list[str]:
        """Where this server can be reached, from this machine first, then from its networks."""
        now = self._configuration.now
        port = self.port or now.port
        if now.host not in ("0.0.0.0", "::"):  # noqa: S104 - compared, not bound
            return [_address(now.host, port)]
        found = [_address("127.0.0.1", port), *(_address(each, port) for each in _own_addresses())]
        return list(dict.fromkeys(found))

    def is_own(self, address: str, *also: str) -> bool:
        """Whether an address leads here: to one of `addresses`, the public one, the one in the settings, or one of `also`."""
        known = [*self.addresses(), *also, self._share.url or "", str(self._configuration.now.public_url or "")]
        return any(
            base and (address == base or address.startswith((f"{base}/", f"{base}?"))) for base in (each.rstrip("/") for each in known)
        )

    def diagnostics(self, *, device: str, jobs: Iterable[str], models: Iterable[str]) -> str:
        """A text for whoever helps: versions, machine, settings, what failed lately. No keys, no passwords, no path of the user."""
        now = self.now(device=device)
        settings = [f"{each['name']}={each['value']!r} {each['env'] or ''}".rstrip() for each in self._configuration.all()]
        parts = {
            f"MSST-WebUI {__version__}": [
                f"Python {now['python']} on {now['system']}",
                ", ".join(f"{name} {found}" for name in PACKAGES if (found := _version(name))),
            ],
            "Machine": [
                f"device: {device}",
                *(f"{each['id']}: {each['name']}" for each in now["devices"]),
                f"CPU: {now['cpu']['cores']} cores, {now['cpu']['load']:.0f} % busy",
                f"memory: {_gb(now['memory']['used'])} of {_gb(now['memory']['total'])} used, server {_gb(now['memory']['server'])}",
                *(
                    f"process that {each['does']}: {_gb(each['bytes'])}, {', '.join(each['models']) or 'no model'}"
                    for each in now["memory"]["workers"]
                ),
                *(f"{each['name']}: {_gb(each['used'] or 0)} of {_gb(each['total'])} used" for each in now["gpu"]),
                "disk: "
                + ", ".join(f"{name} {_gb(now['disk'][name])}" for name in ("free", "total", "jobs", "models", "cache", "uploads")),
            ],
            "Settings": settings,
            "Installed models": list(models),
            "Jobs that failed": list(jobs),
        }
        text = "\n\n".join("\n".join((head, *(f"  {line}" for line in lines))) for head, lines in parts.items())
        return f"{hidden(text)}\n"

    def _machine(self) -> dict[str, Any]:
        """What the compute children last told."""
        if self._facts.get("gpu") and time.monotonic() - self._asked_at > FACTS_KEPT:
            self._asked_at = time.monotonic()
            self._pool.look_again()
        told = [child.facts for child in self._pool.children() if child.facts.get("devices")]
        used = [facts for facts in told if any(card["used"] for card in facts["gpu"])]
        self._facts = (used or told or [self._facts])[-1]
        return self._facts

    def _workers(self) -> list[dict[str, Any]]:
        children = [*(("separates", child) for child in self._pool.children()), *(("listens", child) for child in self._analyst.children())]
        return [
            {"pid": child.pid, "does": does, "bytes": _resident(child.pid), "job": child.job, "models": child.facts.get("models", [])}
            for does, child in children
        ]

    def _counted(self) -> dict[str, Any]:
        deadline, seen = time.monotonic() + DISK_PATIENCE, set[tuple[int, int]]()
        home = self._storage.home
        folders = {
            "jobs": [home / "inputs", home / "results", home / "logs"],
            "models": [self._storage.models],
            "cache": [home / "cache"],
            "uploads": [home / "uploads", self._storage.tmp],
        }
        counted: dict[str, Any] = {
            kind: sum(size for folder in each for size in _sizes(folder, seen, deadline)) for kind, each in folders.items()
        }
        return {**counted, "partial": time.monotonic() > deadline}


def hidden(text: str) -> str:
    """A text without the names and passwords of addresses, and without the path of the user's folder."""
    text, home = _USER.sub("***@", text), str(Path.home())
    if len(home) > 1:  # "/" in some containers
        for written in (home, repr(home)[1:-1]):  # as it is, and as a quoted value has it: with backslashes doubled
            text = text.replace(written, "~")
    return text


def without_password(value: Any) -> Any:
    """An address, or a list of them, without its name and password."""
    if isinstance(value, list):
        return [without_password(each) for each in value]
    return _USER.sub("***@", value) if isinstance(value, str) else value


def _sizes(folder: Path, seen: set[tuple[int, int]], deadline: float) -> Iterator[int]:
    """What each file takes, a file of several names once; ends at the deadline."""
    waiting = [str(folder)]
    while waiting and time.monotonic() < deadline:
        try:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
                    elif entry.is_file(follow_symlinks=False):
                        about = entry.stat(follow_symlinks=False)
                        if about.st_nlink > 1:
                            if (about.st_dev, about.st_ino) in seen:
                                continue
                            seen.add((about.st_dev, about.st_ino))
                        yield about.st_size
        except OSError:  # deleted meanwhile
            continue


def _own_addresses() -> list[str]:
    """IPv4 addresses of this machine in its networks, those of private networks first."""
    found = {
        each.address
        for name in psutil.net_if_addrs().values()
        for each in name
        if each.family == socket.AF_INET and not ipaddress.ip_address(each.address).is_loopback
    }
    return sorted(found, key=lambda each: (not ipaddress.ip_address(each).is_private, ipaddress.ip_address(each)))


def _address(host: str, port: int) -> str:
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def _resident(pid: int) -> int:
    try:
        return int(psutil.Process(pid).memory_info().rss)
    except psutil.Error:
        return 0


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def _gb(count: int) -> str:
    return f"{count / 1e9:.2f} GB"
