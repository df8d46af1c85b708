"""`system`: the machine behind the server, what to send to whoever helps, and room on the disk."""

from __future__ import annotations

from typing import Annotated

import typer

from webui.commands.shelves import shelves
from webui.terminal import echo_json, in_bytes, refusing

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="The machine: what it is, how it is doing, and room on its disk.")


@app.command()
def show() -> None:
    """Versions, memory, disk and addresses as JSON."""
    with refusing():
        services = shelves()
        echo_json(services.system.now(device=services.device))


@app.command()
def diagnostics() -> None:
    """A text for whoever helps: no keys, no passwords."""
    with refusing():
        typer.echo(shelves().diagnostics(), nl=False)


@app.command()
def clean(
    uploads: Annotated[bool, typer.Option("--uploads", help="Delete uploads that nobody has used for an hour, instead.")] = False,
) -> None:
    """Forget the finished steps of presets, and what was said about files."""
    with refusing():
        services = shelves()
        typer.echo(f"{in_bytes(services.clean_uploads() if uploads else services.system.clean_cache())} freed")
