"""`ensemble`: one sound of several, from files that are meant to be the same or from models that work on one song."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from inference.errors import BadOption, DiskFull
from inference.types import WRITABLE, OutputFormat
from webui.commands.files import check_there
from webui.commands.options import Device, Overlap, Pairs, Precision, Tta, options_of

if TYPE_CHECKING:
    from inference.ensemble import EnsembleSettings
    from inference.presets import ModelMember
    from webui.batch import Task
    from webui.services import Job, Services


def ensemble(
    files: Annotated[list[Path] | None, typer.Argument(help="Two files or more, of any rate, channels and length.")] = None,
    mixture: Annotated[Path | None, typer.Option(help="Instead of files: a song, which models take apart.")] = None,
    member: Annotated[
        list[str] | None, typer.Option(help="MODEL:STEM[:WEIGHT] or JSON (docs/api.md) for --mixture; once for each.")
    ] = None,
    residual: Annotated[bool, typer.Option("--residual", help="Of models: also what the ensemble leaves of the song.")] = False,
    output: Annotated[Path, typer.Option("--output", "-o", help="A folder, or the file itself.")] = Path("separated"),
    algorithm: Annotated[str, typer.Option("--algorithm", "-a", help="avg_wave, median_fft, max_fft, min_fft ... (README).")] = "avg_wave",
    weight: Annotated[list[str] | None, typer.Option("--weight", "-w", help="How much each member counts: 2,1,1.")] = None,
    band: Annotated[list[str] | None, typer.Option(help="LOW,MID,HIGH factors of a weight; once for each member; averages only.")] = None,
    crossovers: Annotated[str, typer.Option(help="Hz where the bands end.")] = "250,4000",
    output_format: Annotated[str | None, typer.Option("--format", "-f", help="wav, flac, mp3, m4a or opus.")] = None,
    subtype: Annotated[str, typer.Option(help="FLOAT, PCM_16, PCM_24, PCM_32, or a bit rate such as 320k.")] = "",
    picture: Annotated[Path | None, typer.Option(help="Write how far the members disagree over time to this SVG.")] = None,
    device: Device = None,
    precision: Precision = None,
    overlap: Overlap = None,
    tta: Tta = False,
    option: Pairs = None,
) -> None:
    """Make one sound of several."""
    from webui.compute.pool import Pool

    pool = Pool()
    pool.warm_up("separate")
    from webui.batch import Task, check, run_tasks
    from webui.services import Choice

    def plan(services: Services) -> list[Task]:
        folder, name, form = place(output, output_format, subtype, services.configuration.output)
        if name and residual:
            raise BadOption(f"{name} is one file, and --residual makes two", hint="Name a folder.")
        settings = _settings(algorithm, weight, band, crossovers)
        paths, preset = _sources(list(files or ()), mixture, list(member or ()), settings, residual=residual)
        choice, options = Choice(inline=json.dumps(preset)), options_of(precision, overlap, tta, option)
        check(services, choice=choice, options=options, files=len(paths))
        how = {"choice": choice, "output": form, "door": "cli", "device": device, "options": options}
        about = " + ".join(path.name for path in paths)
        return [Task(about, about, partial(_submit, paths, how), folder, name, partial(_tell, picture))]

    run_tasks(plan, pool)


def _sources(
    files: list[Path], mixture: Path | None, members: list[str], settings: EnsembleSettings, *, residual: bool
) -> tuple[list[Path], dict[str, Any]]:
    """The files of the job, and its preset. Raises BadOption for what does not go together."""
    from inference.presets import ensemble_of_files, ensemble_of_models

    if mixture is not None:
        if files:
            raise BadOption("either files, or --mixture with --member", hint="Leave one of them out.")
        paths, preset = [mixture], ensemble_of_models([_member(text) for text in members], settings, residual=residual)
    else:
        if members or residual:
            raise BadOption("--member and --residual are for --mixture", hint="Name the song: --mixture SONG.")
        paths, preset = files, ensemble_of_files(len(files), settings)
    check_there(paths)
    return paths, preset


def _submit(paths: list[Path], how: dict[str, Any], services: Services) -> Job:
    song, *more = paths
    return services.jobs.submit(song, file_name=song.name, more=[(path, path.name) for path in more], **how)


def place(
    output: Path, container: str | None, subtype: str, as_asked: Callable[[str, str], OutputFormat]
) -> tuple[Path, str, OutputFormat]:
    """Where the result goes: a folder, the name of the file where that was given, and its format."""
    suffix = output.suffix[1:].lower()
    if suffix not in WRITABLE or output.is_dir():
        return output, "", as_asked((container or "").lower(), subtype)
    if container and container.lower() != suffix:
        raise BadOption(f"{output.name} is no name of a {container} file", hint="Leave out --format, or name a folder.")
    return output.parent, output.name, as_asked(suffix, subtype)


def _settings(algorithm: str, weights: list[str] | None, bands: list[str] | None, crossovers: str) -> EnsembleSettings:
    from inference.ensemble import parse_settings

    return parse_settings(
        {
            "algorithm": algorithm,
            "weights": [number for text in weights or () for number in _numbers(text, "--weight")],
            "bands": [_numbers(text, "--band") for text in bands or ()],
            "crossovers": _numbers(crossovers, "--crossovers"),
        }
    )


def _numbers(text: str, option: str) -> list[float]:
    try:
        return [float(part) for part in text.split(",")]
    except ValueError as error:
        raise BadOption(f"{option} {text!r}: not numbers", hint="Separate them by commas: 2,1,1.", option=option) from error


def _member(text: str) -> ModelMember:
    """MODEL, MODEL:STEM or MODEL:STEM:WEIGHT; or its JSON, which may have options too."""
    from pydantic import TypeAdapter

    from inference.presets import ModelMember

    try:
        if text.startswith("{"):
            return TypeAdapter(ModelMember).validate_json(text)
        model, *said = text.split(":")
        if not model or len(said) > 2:
            raise ValueError(text)
        stem, weight = (*said, "", "")[:2]
        return ModelMember(model, stem, float(weight or 1))
    except ValueError as error:
        raise BadOption(f"--member {text!r} is not MODEL:STEM or MODEL:STEM:WEIGHT", hint="For example Kim:vocals:2.") from error


def _tell(picture: Path | None, services: Services, job: Job) -> None:
    """Say how far the members disagree, and draw it where that is wanted."""
    result = next((each for each in job.results if each.disagreement is not None), None)
    if result is None:
        return
    typer.echo(f"disagreement: {result.disagreement:.1f} dB (at 0 dB the members differ by as much as they have in common)", err=True)
    if picture is not None:
        try:
            picture.write_text(services.results.disagreement(job.id, result.file), encoding="utf-8")
        except OSError as error:
            raise DiskFull(f"cannot write {picture}: {error.strerror}") from error
