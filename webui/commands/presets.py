"""`presets`: what there is, and the user's own: import, save, export, copy, rename, delete, and what they were before."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from inference.errors import BadPreset, DiskFull, MsstError, UnknownPreset
from webui.commands.shelves import shelves
from webui.terminal import FAILED, echo_json, echo_table, refusing, say_error

if TYPE_CHECKING:
    from webui.services.presets import PresetCard, PresetService

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Presets: chains and graphs of models, ensembles and effects.")

Json = Annotated[bool, typer.Option("--json", help="JSON, for programs.")]
Name = Annotated[str, typer.Argument(help="A preset's name.")]


@app.command("list")
def list_presets(
    everything: Annotated[bool, typer.Option("--all", "-a", help="Also those whose models are still to be installed.")] = False,
    as_json: Json = False,
) -> None:
    """The presets that can run now."""
    with refusing():
        cards = shelves().presets.all(runnable=not everything)
        if as_json:
            echo_json([asdict(card) for card in cards])
            return
        rows = [[card.name, "yes" if card.own else "", card.title, ", ".join(card.stems), _state(card)] for card in cards]
        echo_table(["NAME", "YOURS", "TITLE", "KEEPS", "STATE"], rows)


@app.command()
def show(name: Name) -> None:
    """What a preset says, as it is stored (JSON); on the side, what it still needs."""
    with refusing():
        presets = shelves().presets
        echo_json(presets.stored(name))
        card = presets.card(name)
        if card.problem or card.missing:
            typer.echo(_state(card), err=True)


@app.command()
def validate(files: Annotated[list[Path], typer.Argument(help="Preset files of any version.")]) -> None:
    """Check preset files. Exit status 1 if one cannot be used."""
    with refusing():
        presets, bad = shelves().presets, False
        for file in files:
            content = _read(file)
            try:
                missing = _checked(presets, content)
            except MsstError as error:
                say_error(error, str(file))
                bad = True
            else:
                first = f"; to be installed first: {', '.join(missing)}" if missing else ""
                typer.echo(f"{file}: good{first}")
    if bad:
        raise typer.Exit(FAILED)


@app.command("import")
def import_presets(
    files: Annotated[list[Path], typer.Argument(help="Preset files of any version.")],
    name: Annotated[str, typer.Option(help="What to call it; by default as it calls itself. Of one file.")] = "",
) -> None:
    """Take preset files in as your own. A name that is taken gets a number."""
    with refusing():
        if name and len(files) > 1:
            raise BadPreset("--name is for one file", hint="Import the others on their own.")
        presets = shelves().presets
        for file in files:
            card = presets.take_in(_read(file), name)
            typer.echo(f"{card.name}: {_state(card)}")


@app.command()
def save(name: Name, file: Annotated[Path, typer.Argument(help="Its file, of any version.")]) -> None:
    """Store a file as your preset of this name; what was there joins its history."""
    with refusing():
        from webui.services.presets import decode

        card = shelves().presets.save(name, decode(_read(file)))
        typer.echo(f"{card.name}: {_state(card)}")


@app.command()
def export(
    name: Name, output: Annotated[Path | None, typer.Option("--output", "-o", help="The file; by default it is shown.")] = None
) -> None:
    """A preset as a file of our own version (2.0.0), whatever version it is stored in."""
    with refusing():
        data = shelves().presets.export(name)
        if output is None:
            echo_json(data)
            return
        try:
            output.write_text(json.dumps(data, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
        except OSError as error:
            raise DiskFull(f"cannot write {output}: {error.strerror}") from error


@app.command()
def duplicate(name: Name, new: Annotated[str, typer.Argument(help="The copy's name; by default with a number.")] = "") -> None:
    """Copy a preset, also a shipped one, to change the copy."""
    with refusing():
        typer.echo(shelves().presets.duplicate(name, new).name)


@app.command()
def rename(name: Name, new: Annotated[str, typer.Argument(help="Its new name.")]) -> None:
    """Give one of your presets another name; its history goes with it."""
    with refusing():
        typer.echo(shelves().presets.rename(name, new).name)


@app.command()
def delete(name: Name) -> None:
    """Delete one of your presets; its last version stays in the history."""
    with refusing():
        shelves().presets.delete(name)


@app.command()
def history(name: Name, as_json: Json = False) -> None:
    """The earlier versions of one of your presets, newest first; also of one that was deleted."""
    with refusing():
        versions = shelves().presets.history(name)
        if as_json:
            echo_json([asdict(version) for version in versions])
            return
        rows = [[str(version.at), _time(version.at), str(version.steps), version.title] for version in versions]
        echo_table(["VERSION", "UNTIL", "STEPS", "TITLE"], rows)


@app.command()
def restore(name: Name, version: Annotated[int | None, typer.Argument(help="As `presets history` names it; the newest.")] = None) -> None:
    """Make an earlier version the present one, which joins the history."""
    with refusing():
        presets = shelves().presets
        if version is None:
            earlier = presets.history(name)
            if not earlier:
                raise UnknownPreset(f"the preset {name!r} has no earlier versions", hint="", preset=name)
            version = earlier[0].at
        card = presets.restore(name, version)
        typer.echo(f"{card.name}: {_state(card)}")


def _checked(presets: PresetService, content: bytes) -> tuple[str, ...]:
    """Models that are still to be installed, where nothing else is wrong. Raises BadPreset, UnknownModel."""
    from webui.services.presets import decode

    data = decode(content)
    presets.check(data)
    return presets.missing_of(data).not_installed


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise BadPreset(f"{file} cannot be read: {error.strerror}") from error


def _state(card: PresetCard) -> str:
    if card.problem:
        return f"cannot run: {card.problem}"
    return f"install {', '.join(card.missing)}" if card.missing else "ready"


def _time(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000).astimezone().isoformat(sep=" ", timespec="seconds")
