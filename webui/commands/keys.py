"""`keys`: who is let in where `access` is `keys`; also the way back in for whoever locked themselves out."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from webui.terminal import echo_json, echo_table, refusing, settings_or_exit

if TYPE_CHECKING:
    from webui.services.access import Keys

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="Keys of the server, for when it asks for one (`settings set access keys`)."
)


@app.command("list")
def list_keys(as_json: Annotated[bool, typer.Option("--json", help="JSON, for programs.")] = False) -> None:
    """The keys there are; the keys themselves are stored nowhere."""
    with refusing():
        found = _keys().all()
        if as_json:
            echo_json([{name: value for name, value in asdict(key).items() if name != "hash"} for key in found])
            return
        echo_table(["ID", "MADE", "LAST USED", "NAME"], [[key.id, _day(key.created_at), _day(key.used_at), key.name] for key in found])


@app.command()
def add(name: Annotated[str, typer.Argument(help="Who or what is going to use it.")]) -> None:
    """Make a key and show it, this once."""
    with refusing():
        key, secret = _keys().make(name)
        typer.echo(f"key {key.id} for {key.name!r}; it is not shown again:", err=True)
        typer.echo(secret)


@app.command()
def remove(key: Annotated[str, typer.Argument(help="Its id, as `keys list` shows it.")]) -> None:
    """Take a key away. The last one, too: the server then lets nobody in while `access` is `keys`."""
    with refusing():
        _keys().remove(key, keep_one=False)
        typer.echo(f"key {key} is removed")


def _keys() -> Keys:
    from webui.services.access import Keys

    settings = settings_or_exit()
    settings.home.mkdir(parents=True, exist_ok=True)
    return Keys(settings.home)


def _day(at: float | None) -> str:
    return datetime.fromtimestamp(at).strftime("%Y-%m-%d %H:%M") if at else "-"
