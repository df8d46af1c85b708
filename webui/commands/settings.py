"""`settings`: what the page shows on its Settings tab; a running server takes what is changed here within a second."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from webui.terminal import echo_json, echo_table, refusing, settings_or_exit

if TYPE_CHECKING:
    from webui.services.configuration import Configuration

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Settings of the server, kept in its home folder.")

Name = Annotated[str, typer.Argument(help="A setting's name, as `settings list` shows it.")]


@app.command("list")
def list_settings(as_json: Annotated[bool, typer.Option("--json", help="JSON, for programs.")] = False) -> None:
    """All settings; `SAID BY` is empty for defaults."""
    with refusing():
        found = _configuration().all()
        if as_json:
            echo_json(found)
            return
        echo_table(["NAME", "VALUE", "SAID BY"], [[each["name"], _in_words(each["value"]), _said_by(each)] for each in found])


@app.command("set")
def set_value(name: Name, value: Annotated[str, typer.Argument(help="The new value; several with commas.")]) -> None:
    """Change a setting."""
    with refusing():
        configuration = _configuration()
        if name == "access" and value == "keys":
            _need_a_key(configuration)
        _change(configuration, name, _parsed(configuration, name, value))


@app.command()
def unset(name: Name) -> None:
    """Take the default again."""
    with refusing():
        _change(_configuration(), name, None)


def _configuration() -> Configuration:
    from webui.services.configuration import Configuration

    settings = settings_or_exit()
    settings.home.mkdir(parents=True, exist_ok=True)
    return Configuration(settings)


def _change(configuration: Configuration, name: str, value: Any) -> None:
    configuration.change({name: value})
    shown = next(each for each in configuration.all() if each["name"] == name)
    when = "" if shown["live"] else " (from the next start on)"
    typer.echo(f"{name} is {_in_words(shown['value'] if shown['pending'] is None else shown['pending'])}{when}")


def _need_a_key(configuration: Configuration) -> None:
    from webui.services.access import Keys
    from webui.services.errors import NoKey

    if not Keys(configuration.now.home).all():
        raise NoKey("nobody could get in: there is no key", hint="Make one first: python webui.py keys add NAME")


def _parsed(configuration: Configuration, name: str, value: str) -> Any:
    """A word of the command line as the kind of value that the setting has; what it cannot be is told when it is checked."""
    shown = next((each for each in configuration.all() if each["name"] == name), None)
    if shown is None:
        return value
    if shown["kind"] == "switch":
        return {"true": True, "on": True, "yes": True, "false": False, "off": False, "no": False}.get(value.lower(), value)
    return value


def _in_words(value: Any) -> str:
    if isinstance(value, list):
        return ",".join(map(str, value))
    return "" if value is None else value if isinstance(value, str) else json.dumps(value)


def _said_by(shown: dict[str, Any]) -> str:
    if shown["env"]:
        return str(shown["env"])
    if shown["pending"] is not None:
        return f"{_in_words(shown['pending'])} from the next start on"
    return "" if shown["value"] == shown["default"] else "settings.json"
