"""`bench`: how fast the networks are on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from webui.terminal import settings_or_exit


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

    def say(line: str) -> None:
        typer.echo(line, err=True)

    cache = settings_or_exit().home / "bench"
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
