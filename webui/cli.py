"""The command line: `run` (the default) starts the server, `separate` takes songs apart here and now."""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from webui import __version__

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
    language: Annotated[str | None, typer.Option(help="Language of the page: auto, en, zh-CN.")] = None,
    version: Annotated[bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")] = False,
) -> None:
    """Start the server, unless a command follows."""
    if context.invoked_subcommand is None:
        given: dict[str, Any] = {"host": host, "port": port, "share": share or None, "language": language}
        from webui.server import serve

        serve({name: value for name, value in given.items() if value is not None})


@app.command()
def separate(
    songs: Annotated[list[Path], typer.Argument(help="Songs, or folders of songs (searched with their sub-folders).")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder for the stems.")] = Path("separated"),
    output_format: Annotated[str, typer.Option("--format", "-f", help="wav, flac, mp3, m4a or opus.")] = "wav",
    subtype: Annotated[str, typer.Option(help="FLOAT, PCM_16, PCM_24, PCM_32, or a bit rate such as 320k.")] = "",
    model: Annotated[str | None, typer.Option("--model", "-m", help="A model's name.")] = None,
    preset: Annotated[str | None, typer.Option("--preset", "-p", help="A preset's name (the default: my_preset).")] = None,
    device: Annotated[str | None, typer.Option(help="auto, cpu, cuda, cuda:0, mps ...")] = None,
    precision: Annotated[str | None, typer.Option(help="auto, exact (float32) or fast (16 bits where it is not heard).")] = None,
    overlap: Annotated[str | None, typer.Option(help="standard (the model's own), fast, high, or a number.")] = None,
    tta: Annotated[bool, typer.Option("--tta", help="Average over swapped channels and polarity: three times the work.")] = False,
) -> None:
    """Separate songs. Exit status 1 if any of them failed; the others are done."""
    logging.basicConfig(level=logging.WARNING)
    from webui.compute.pool import Pool

    pool = Pool()
    pool.warm_up("separate")  # imports torch there, while this process imports what it needs itself
    from webui.batch import Batch, separate_all

    options = {"precision": precision, "overlap": overlap, "tta": tta or None}
    chosen = {name: value for name, value in options.items() if value is not None}
    batch = Batch(songs, output, output_format, subtype, model, preset, device, chosen)
    status = separate_all(batch, pool, echo=typer.echo)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)  # all is on disk, and the job store takes any end; to wait for its threads would take a second


@app.command()
def bench(
    family: Annotated[list[str] | None, typer.Option(help="A family, or a name of tools/bench/configs.json; may be repeated. All.")] = None,
    seconds: Annotated[float | None, typer.Option(help="Length of the song; one chunk of the model by default.", min=0.1)] = None,
    repeats: Annotated[int | None, typer.Option(help="Rounds: 3, or 1 with --quick.", min=1)] = None,
    overlap: Annotated[int | None, typer.Option(help="Chunks per chunk length on all sides: 2, or 1 with --quick.", min=1, max=50)] = None,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:0, mps ...")] = "auto",
    precision: Annotated[str, typer.Option(help="exact, fast or both.")] = "both",
    peers: Annotated[str | None, typer.Option(help="A Python that has pymss; this one is used if it has it.")] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Shorter chunks, once each: a hint in minutes.")] = False,
    loop: Annotated[bool, typer.Option("--loop", help="Loading, start of work and memory of the loop instead.")] = False,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write everything that was measured to this file.")] = None,
    markdown_file: Annotated[Path | None, typer.Option("--markdown", help="Write the table to this file.")] = None,
) -> None:
    """Measure the networks on this machine, against their peers where they are installed. Takes minutes to an hour."""
    from tools.bench import BenchOptions, run_bench
    from tools.bench.loading import measure
    from webui.settings import Settings

    def say(line: str) -> None:
        typer.echo(line, err=True)

    cache = Settings().home / "bench"
    try:
        options = BenchOptions(cache, family or (), seconds, repeats, overlap, device, precision, peers, quick)
        report = measure(cache, device, say) if loop else run_bench(options, say)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    typer.echo(report.text())
    if json_file is not None:
        json_file.write_text(report.as_json(), encoding="utf-8")
    if markdown_file is not None:
        markdown_file.write_text(report.markdown(), encoding="utf-8")
