"""`models install` and `models repair`: downloads followed with a line of progress. Ctrl-C leaves what has arrived for the next time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from inference.errors import BadOption
from webui.commands.shelves import shelves
from webui.terminal import FAILED, LiveLine, bar, in_bytes, in_words, refusing

if TYPE_CHECKING:
    from webui.services.downloads import DownloadChoice
    from webui.services.installs import Install
    from webui.services.library import LibraryService

Endpoints = Annotated[
    list[str] | None, typer.Option("--endpoint", help="hub, hf-mirror, modelscope or an address; in this order instead of the settings'.")
]
Url = Annotated[str, typer.Option(help="The weights from this address before all others; of one model.")]


def install(
    names: Annotated[list[str], typer.Argument(help="Models.")],
    endpoint: Endpoints = None,
    url: Url = "",
    trust_anew: Annotated[bool, typer.Option("--trust-anew", help="Forget the checksum of an earlier one: published again.")] = False,
) -> None:
    """Download models, check them, and have them ready."""
    with refusing():
        choice = _choice(names, endpoint, url)
        library = shelves().library
        for name in names:
            library.catalogue.get(name)  # one that does not exist is said before the first begins
        started = [library.install(name, choice, trust_anew=trust_anew).name for name in names]
        ended = _follow(library, started)
    _finish(ended)


def repair(names: Annotated[list[str], typer.Argument(help="Models.")], endpoint: Endpoints = None, url: Url = "") -> None:
    """Verify models, and download again what is wrong."""
    with refusing():
        choice = _choice(names, endpoint, url)
        library = shelves().library
        started = []
        for name in names:
            begun = library.repair(name, choice)
            if begun is None:
                typer.echo(f"{name}: whole")
            else:
                started.append(begun.name)
        ended = _follow(library, started)
    _finish(ended)


def _choice(names: Sequence[str], endpoints: Sequence[str] | None, url: str) -> DownloadChoice:
    """Where to download from. Raises BadOption for one address of several models."""
    from webui.services.downloads import DownloadChoice

    if url and len(names) > 1:
        raise BadOption("--url is the address of one model", hint="Name the others in a command of their own.")
    return DownloadChoice(tuple(endpoints or ()), url)


def _follow(library: LibraryService, names: Sequence[str]) -> list[Install]:
    """Wait for installations, and show how far they are."""
    line, seen = LiveLine(), 0
    told: set[str] = set()
    try:
        while len(told) < len(set(names)):
            seen, changed = library.installs.changes(seen, wait=0.5)
            for each in changed:
                if each.ended and each.name not in told:
                    told.add(each.name)
                    line.clear()
                    _say(each)
            line.show(_progress([library.installs.get(name) for name in names]))
    finally:
        line.clear()
        library.stop()  # after Ctrl-C: ends what is under way; what has arrived stays
    return [library.installs.get(name) for name in names]


def _progress(installs: Sequence[Install]) -> str:
    """All of them in one line."""
    active = [each for each in installs if not each.ended and each.state != "queued"]
    total = sum(each.total or 0 for each in installs)
    done = sum(each.done for each in installs)
    shown = ", ".join(each.name for each in active)[:40] or "waiting"
    speed = sum(each.speed for each in active)
    left = max((each.seconds_left or 0.0 for each in active), default=0.0)
    more = f" {in_bytes(round(speed))}/s, {left:.0f} s left" if speed else f" {active[0].state}" if active else ""
    return f"{shown} {bar(done / total if total else 0.0)}{more}"


def _say(install: Install) -> None:
    if install.state == "installed":
        typer.echo(f"{install.name}: installed")
    elif install.error:
        typer.echo(f"{install.name}: {in_words(install.error['message'], install.error['hint'])}", err=True)
    else:
        typer.echo(f"{install.name}: {install.state}", err=True)


def _finish(ended: Sequence[Install]) -> None:
    if any(each.state != "installed" for each in ended):
        raise typer.Exit(FAILED)
