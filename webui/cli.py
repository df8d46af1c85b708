"""The command line: `run` (the default) starts the server; every other command is a module of `webui.commands`."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from webui import __version__
from webui.commands import bench, ensemble, installing, jobs, keys, listening, models, presets, separate, settings, system, tools

app = typer.Typer(
    add_completion=False,
    no_args_is_help=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="MSST-WebUI: take songs apart. Without a command it starts the server.",
)


def main() -> None:
    """Run the command line."""
    app()


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"MSST-WebUI {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def run(
    context: typer.Context,
    host: Annotated[str | None, typer.Option(help="Address to listen on; 0.0.0.0 opens the server to the network.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on.", min=0, max=65535)] = None,
    share: Annotated[bool, typer.Option("--share", help="Open a public address through Gradio's relay.")] = False,
    open_page: Annotated[bool, typer.Option("--open", help="Open the page in the browser when the server answers.")] = False,
    access: Annotated[str | None, typer.Option(help="Who is let in: open, or keys (see `keys add`).")] = None,
    language: Annotated[str | None, typer.Option(help="Language of the page: auto, en, zh-CN, zh-TW, ja, ko.")] = None,
    version: Annotated[bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")] = False,
) -> None:
    """Start the server, unless a command follows."""
    if context.invoked_subcommand is None:
        given: dict[str, Any] = {"host": host, "port": port, "share": share or None, "access": access, "language": language}
        from webui.server import serve

        serve({name: value for name, value in given.items() if value is not None}, open_page=open_page)


app.command()(separate.separate)
app.command()(ensemble.ensemble)
models.app.command()(installing.install)
models.app.command()(installing.repair)
app.add_typer(models.app, name="models")
app.add_typer(presets.app, name="presets")
for command in (listening.info, listening.key_tempo, listening.score, listening.quality, listening.spectrogram):
    tools.app.command()(command)
app.add_typer(tools.app, name="tools")
app.add_typer(jobs.app, name="jobs")
app.add_typer(settings.app, name="settings")
app.add_typer(keys.app, name="keys")
app.add_typer(system.app, name="system")
app.command()(bench.bench)
