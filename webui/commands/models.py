"""`models`: what there is, what is here, and how the user wants each of them to be used. Installing is in installing.py."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from inference.errors import BadOption
from webui.commands.options import changed
from webui.commands.shelves import shelves
from webui.services.models import model_json
from webui.terminal import FAILED, echo_json, echo_table, in_bytes, refusing

if TYPE_CHECKING:
    from inference.catalogue import ModelRecord
    from webui.services.linked import LinkReport

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="Models: find, install, add your own, link those of another program, set options."
)

Json = Annotated[bool, typer.Option("--json", help="JSON, for programs.")]
Name = Annotated[str, typer.Argument(help="A model's name, in any case.")]


@app.command("list")
def list_models(
    text: Annotated[str, typer.Option(help="Words in name, title, purpose or stems.")] = "",
    category: Annotated[str | None, typer.Option(help="vocals, karaoke, multi_stem, dereverb, denoise ...")] = None,
    stem: Annotated[str | None, typer.Option(help="A stem by any usual name.")] = None,
    family: Annotated[str | None, typer.Option(help="mel_band_roformer, vr ...")] = None,
    installed: Annotated[bool | None, typer.Option(help="Only those that are here, or that are not.")] = None,
    supported: Annotated[bool | None, typer.Option(help="Only those that can run here, or that cannot.")] = None,
    max_mb: Annotated[float | None, typer.Option(help="The largest download, in MB.", min=0)] = None,
    sort: Annotated[str, typer.Option(help="recommended, name, score (best first), speed (quickest) or size (smallest).")] = "name",
    as_json: Json = False,
) -> None:
    """Find models."""
    with refusing():
        from inference.catalogue.find import Query, find

        most = None if max_mb is None else round(max_mb * 1e6)
        query = Query(text, category, stem, family, most, installed, supported, sort)  # type: ignore[arg-type] # it checks itself
        found = find(shelves().library.catalogue, query)
        _echo_models(found, stem, as_json)


@app.command()
def show(name: Name, as_json: Json = False) -> None:
    """All that is known of a model."""
    with refusing():
        library = shelves().library
        record = library.catalogue.get(name)
        about = {**model_json(record), "aliases": list(record.aliases), "defaults": library.defaults(record.name)}
        if as_json:
            echo_json(about)
            return
        for key, value in about.items():
            if value not in (None, "", [], {}):
                typer.echo(f"{key + ':':13} {_in_words(key, value)}")


@app.command()
def recommend(
    purpose: Annotated[str | None, typer.Argument(help="What for; without it, all purposes.")] = None, as_json: Json = False
) -> None:
    """The best model for a purpose, a quick one, and more."""
    with refusing():
        from inference.catalogue.find import recommended

        catalogue = shelves().library.catalogue
        if purpose is not None:
            _echo_models(recommended(catalogue, purpose), None, as_json)
        elif as_json:
            echo_json({name: entry.model_dump() for name, entry in catalogue.recommended.items()})
        else:
            echo_table(["PURPOSE", "BEST", "QUICK"], [[name, entry.best, entry.fast] for name, entry in catalogue.recommended.items()])


@app.command()
def verify(names: Annotated[list[str], typer.Argument(help="Models.")]) -> None:
    """Read the files of models again and compare them with what was published. Exit status 1 if something is wrong."""
    with refusing():
        library, bad = shelves().library, False
        for name in names:
            found = library.verify(name)
            bad = bad or not found.whole
            unknown = "" if found.known or found.checksum is None else " (nobody has published its checksum)"
            typer.echo(f"{found.name}: {'whole' + unknown if found.whole else ' '.join(found.problems)}")
    if bad:
        raise typer.Exit(FAILED)


@app.command()
def uninstall(names: Annotated[list[str], typer.Argument(help="Models. One of your own leaves the list.")]) -> None:
    """Delete the files of models; linked ones are only forgotten."""
    with refusing():
        library = shelves().library
        for name in names:
            typer.echo(f"{name}: uninstalled, {in_bytes(library.uninstall(name))} became free")


@app.command()
def link(folder: Annotated[Path, typer.Argument(help="The models folder of UVR or MSST.")], as_json: Json = False) -> None:
    """Use models that you have already, where they are. Nothing in the folder is changed."""
    with refusing():
        from dataclasses import asdict

        report = shelves().library.link(folder)
        if as_json:
            echo_json(asdict(report))
        else:
            _echo_report(report)


@app.command()
def add(
    checkpoint: Annotated[Path, typer.Argument(help="A .ckpt, .pth, .th, .safetensors ...")],
    config: Annotated[Path | None, typer.Option(help="The YAML that was published with it.")] = None,
    layout: Annotated[str | None, typer.Option(help="Of a VR model: its band layout, by name, or a JSON file with it.")] = None,
    stems: Annotated[str | None, typer.Option(help="Of a VR model: FOUND,REST.")] = None,
    family: Annotated[str | None, typer.Option(help="Where it is not recognised.")] = None,
    name: Annotated[str, typer.Option(help="What to call it; by default as the file.")] = "",
    title: Annotated[str, typer.Option(help="What lists show.")] = "",
    purpose: Annotated[str, typer.Option(help="What it is for, in a sentence.")] = "",
    in_place: Annotated[bool, typer.Option("--in-place", help="Use the file where it is, not a copy in the home folder.")] = False,
    replace: Annotated[bool, typer.Option("--replace", help="Put it in the place of a model of yours of that name.")] = False,
) -> None:
    """Add a model of your own. It is built and its weights are checked, and nothing in it is ever run."""
    with refusing():
        from webui.services.own_models import NewModel

        new = NewModel(
            checkpoint,
            config=config,
            layout=_layout(layout),
            stems=[part.strip() for part in stems.split(",")] if stems else (),
            family=family,
            name=name,
            title=title,
            purpose=purpose,
            copy=not in_place,
            replace=replace,
        )
        added = shelves().library.add(new)
        record = added.record
        how = "recognised, it is in the catalogue" if added.known else f"{added.parameters or 0:,} parameters, all fit"
        typer.echo(f"{record.name}: {record.family}, {how}; stems: {', '.join(record.stems)}")
        for assumed in added.assumed:
            typer.echo(assumed, err=True)


@app.command()
def defaults(
    name: Name,
    options: Annotated[
        list[str] | None, typer.Argument(metavar="[KEY=VALUE]...", help="overlap=high, vr.window_size=320 ...; KEY= removes one.")
    ] = None,
    clear: Annotated[bool, typer.Option("--clear", help="Back to the model's own.")] = False,
) -> None:
    """Show or set your own options of a model, for whenever a job or a preset does not say otherwise."""
    with refusing():
        library = shelves().library
        if clear:
            library.clear_defaults(name)
        if options:
            library.set_defaults(name, changed(library.defaults(name), options))
        echo_json(library.defaults(name))


@app.command()
def disk(as_json: Json = False) -> None:
    """What the installed models take, the largest first."""
    with refusing():
        from dataclasses import asdict

        library = shelves().library
        uses, free = library.disk_use(), library.free_bytes()
        if as_json:
            echo_json({"models": [asdict(use) for use in uses], "free_bytes": free})
            return
        rows = [[use.name, in_bytes(use.bytes), in_bytes(use.converted), "linked" if use.linked else ""] for use in uses]
        ours = sum(use.converted + (0 if use.linked else use.bytes) for use in uses)
        echo_table(["MODEL", "FILES", "FAST FORM", ""], rows)
        typer.echo(f"{in_bytes(ours)} taken here, {in_bytes(free)} free")


def _echo_models(records: Iterable[ModelRecord], stem: str | None, as_json: bool) -> None:
    from inference.catalogue.find import score_of

    records = list(records)
    if as_json:
        echo_json([model_json(record) for record in records])
        return
    rows = []
    for record in records:
        score = score_of(record, stem)
        here = "yes" if record.installed else "" if record.supported else "cannot run"
        sdr = f"{score.sdr:.1f}" if score else "-"
        speed = f"{record.speed:.1f}" if record.speed else "-"
        rows.append([record.name, here, in_bytes(record.bytes), sdr, speed, ", ".join(record.stems)])
    echo_table(["NAME", "HERE", "SIZE", "SDR", "TIME", "STEMS"], rows)
    typer.echo(f"{len(rows)} models. SDR in dB (more is better); TIME against the built-in model (less is quicker).", err=True)


def _echo_report(report: LinkReport) -> None:
    said = {
        "linked": report.linked,
        "recognised; `models install` fetches the YAML that they lack": report.no_config,
        "installed before": report.already,
        "not what their names say": report.wrong,
        "not known; `models add` may use them": report.unknown,
    }
    for what, names in said.items():
        if names:
            typer.echo(f"{len(names)} {what}:")
            for name in names:
                typer.echo(f"  {name}")
    if not any(said.values()):
        typer.echo("no models found")


def _in_words(key: str, value: Any) -> str:
    if key == "bytes":
        return f"{in_bytes(value)} ({value:,} bytes)"
    if key == "memory":
        return in_bytes(value)
    if key == "scores":
        return ", ".join(f"{stem} {score['sdr']:.2f} dB" for stem, score in value.items())
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return json.dumps(value) if isinstance(value, dict) else str(value)


def _layout(text: str | None) -> str | dict[str, Any] | None:
    """A layout's name as it is; what a JSON file says where it is the name of one."""
    if text is None or not text.lower().endswith(".json") or not Path(text).is_file():
        return text
    try:
        found = json.loads(Path(text).read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as error:
        raise BadOption(f"{text} cannot be read as JSON: {error}", option="layout") from error
    if not isinstance(found, dict):
        raise BadOption(f"{text} is no band layout", hint="It is a JSON object.", option="layout")
    return found
