"""What the commands share: settings that are refused with a reason, errors in one line, tables, JSON, and a line that is drawn over."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import typer

from inference.errors import MsstError

if TYPE_CHECKING:
    from webui.settings import Settings

FAILED, REFUSED = 1, 2
"""Exit statuses beside 0: something did not work out; the request itself cannot be."""

_BROKEN = frozenset({"error", "bad_weights", "bad_config", "download_failed", "wrong_bytes", "disk_full", "cancelled", "out_of_memory"})
"""Codes of errors that say nothing against the request."""

BAR = 30  # characters


def settings_or_exit(given: Mapping[str, Any] | None = None) -> Settings:
    """The settings, with `given` over those of the environment. Ends the command where one makes no sense."""
    from pydantic import ValidationError

    from webui.settings import Settings

    try:
        return Settings(**(given or {}))
    except ValidationError as error:
        for problem in error.errors():
            name = ".".join(str(part) for part in problem["loc"])
            typer.echo(f"MSST_{name.upper()}={problem['input']!r}: {problem['msg']}", err=True)
        raise typer.Exit(REFUSED) from error


@contextmanager
def refusing() -> Iterator[None]:
    """Errors of the services become a line and an exit status; Ctrl-C becomes one, too."""
    try:
        yield
    except MsstError as error:
        say_error(error)
        raise typer.Exit(status_of(error)) from error
    except KeyboardInterrupt as error:
        typer.echo("\nstopped", err=True)
        raise typer.Exit(FAILED) from error


def say_error(error: MsstError, about: str = "") -> None:
    """An error in a line, with its hint, and below it what does not fit where weights do not."""
    typer.echo(f"{f'{about}: ' if about else ''}{in_words(error.message, error.hint)}", err=True)
    problems = error.params.get("problems")
    for problem in problems if isinstance(problems, list | tuple) else str(problems or "").splitlines():
        typer.echo(f"  {problem}", err=True)


def status_of(error: MsstError) -> int:
    """The exit status that an error means."""
    return FAILED if error.code in _BROKEN else REFUSED


def in_words(message: str, hint: str) -> str:
    """A message and its hint as sentences."""
    end = "" if message.endswith((".", "!", "?")) else "."
    return f"{message}{end} {hint}".strip()


def echo_json(data: Any) -> None:
    """Anything as JSON, for programs."""
    typer.echo(json.dumps(data, ensure_ascii=False, indent=2, default=str))


def echo_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Columns as wide as they need to be; the last one is not filled up."""
    lines = [list(head), *map(list, rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head) - 1)]
    for line in lines:
        cells = [cell.ljust(width) for cell, width in zip(line, widths, strict=False)]
        typer.echo("  ".join([*cells, line[-1]]).rstrip())


def in_bytes(count: int | None) -> str:
    """A size for people: decimal megabytes, as disks and hubs count."""
    if count is None:
        return "-"
    return f"{count / 1e9:.2f} GB" if count >= 1e9 else f"{count / 1e6:.1f} MB"


def bar(fraction: float) -> str:
    """A bar of progress, 0 .. 1."""
    filled = round(min(max(fraction, 0.0), 1.0) * BAR)
    return f"[{'#' * filled}{'.' * (BAR - filled)}] {fraction:4.0%}"


class LiveLine:
    """A line on the terminal that each call draws over; nothing where there is no terminal."""

    def __init__(self) -> None:
        self._live = sys.stderr.isatty()

    def show(self, text: str) -> None:
        """Draw it."""
        if self._live:
            typer.echo(f"\r\033[K{text}", nl=False, err=True)

    def clear(self) -> None:
        """Leave the line empty."""
        self.show("")
