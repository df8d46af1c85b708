"""`separate`: songs and folders in, stems in a folder out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from inference.errors import BadOption, BadPreset, MsstError
from webui.commands.files import check_there
from webui.commands.options import Device, Overlap, Pairs, Precision, Stems, Tta, options_of

if TYPE_CHECKING:
    from webui.batch import Task
    from webui.services import Choice, Job, Services

AUDIO_SUFFIXES = frozenset(
    f".{name}"
    for name in "wav wave flac ogg oga opus mp3 m4a aac mp4 m4v mov mkv webm avi wma wmv aif aiff aifc caf au ac3 mka ts 3gp".split()
)
"""Files of these kinds are taken from a folder; a file named outright is tried whatever it is called."""


def separate(
    songs: Annotated[list[Path] | None, typer.Argument(help="Songs, or folders of songs (searched with their sub-folders).")] = None,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Folder for the stems; where it lies in a folder of songs, it is not searched.")
    ] = Path("separated"),
    output_format: Annotated[
        str, typer.Option("--format", "-f", help="wav, flac, mp3, m4a or opus (the default: as the settings say, wav).")
    ] = "",
    subtype: Annotated[str, typer.Option(help="FLOAT, PCM_16, PCM_24, PCM_32, or a bit rate such as 320k.")] = "",
    model: Annotated[str | None, typer.Option("--model", "-m", help="A model's name.")] = None,
    stems: Stems = None,
    preset: Annotated[str | None, typer.Option("--preset", "-p", help="A preset's name, or its file (the default: my_preset).")] = None,
    purpose: Annotated[
        str | None, typer.Option(help="What for, instead of model or preset: vocals, karaoke, four_stems ... (models recommended).")
    ] = None,
    quality: Annotated[str | None, typer.Option(help="Of a purpose: best or fast; by default the best that is installed.")] = None,
    link: Annotated[list[str] | None, typer.Option(help="The address of a song to fetch; repeatable.")] = None,
    sample: Annotated[bool, typer.Option("--sample", help="The sample song, to try things out.")] = False,
    more: Annotated[
        list[Path] | None,
        typer.Option("--with", metavar="FILE", help="A further file that goes with the one song: the preset's file2, file3 ... in turn."),
    ] = None,
    title: Annotated[str, typer.Option(help="What to call the job of the one song.")] = "",
    device: Device = None,
    precision: Precision = None,
    overlap: Overlap = None,
    tta: Tta = False,
    option: Pairs = None,
    extra_output: Annotated[
        bool, typer.Option(help="All stems side by side; else the preset's main one, and the others in a folder extra_output below.")
    ] = True,
) -> None:
    """Separate songs. Exit status 1 if any of them failed; the others are done."""
    from webui.compute.pool import Pool

    pool = Pool()
    pool.warm_up("separate")  # imports torch there, while this process imports what it needs itself
    from inference.catalogue import sample_song
    from webui.batch import check, run_tasks
    from webui.services.references import SAMPLE_NAME

    def plan(services: Services) -> list[Task]:
        how: dict[str, Any] = {
            "choice": chosen(preset, model, purpose, quality, stems or ()),
            "output": services.configuration.output(output_format.lower(), subtype),
            "door": "cli",
            "device": device,
            "options": options_of(precision, overlap, tta, option),
            "extra_output": extra_output,
            "more": [(file, file.name) for file in more or ()],
            "title": title,
        }
        check_there(more or ())
        check(services, choice=how["choice"], options=how["options"], files=1 + len(how["more"]))
        tasks = [_task(path, path.name, folder, how) for each in songs or () for path, folder in _found(each, output)]
        tasks += [_linked(url, output, how) for url in link or ()]
        tasks += [_task(sample_song(), SAMPLE_NAME, output, how)] if sample else []
        if len(tasks) > 1 and (more or title):
            raise BadOption(
                f"{'--with' if more else '--title'} is for one song, and there are {len(tasks)}", hint="Separate it on its own."
            )
        return tasks

    run_tasks(plan, pool)


def chosen(
    preset: str | None, model: str | None, purpose: str | None = None, quality: str | None = None, stems: Sequence[str] = ()
) -> Choice:
    """Preset (by its name, or by a file that is there), model or purpose, the default preset where none was named.

    Raises:
        BadPreset: the file cannot be read.
        BadOption: what does not go together.
    """
    from webui.services import Choice
    from webui.services.presets import DEFAULT_PRESET

    if purpose is not None and (preset or model):
        raise BadOption("either a purpose, or a preset or model", hint="Leave one of them out.", option="purpose")
    if quality is not None and purpose is None:
        raise BadOption("--quality belongs to --purpose", hint="Name a purpose too.", option="quality")
    if stems and model is None:
        raise BadOption("--stem belongs to --model", hint="Name a model too.", option="stem")
    if purpose is not None:
        return Choice(purpose=purpose, quality=quality)
    path = Path(preset) if preset else None
    if path is not None and model is None and path.suffix.lower() == ".json" and path.is_file():
        try:
            return Choice(inline=path.read_text(encoding="utf-8-sig"))
        except (OSError, UnicodeDecodeError) as error:
            raise BadPreset(f"{path.name} cannot be read: {error}") from error
    return Choice(preset=preset or (None if model else DEFAULT_PRESET), model=model, stems=tuple(stems))


def _task(path: Path, name: str, folder: Path, how: dict[str, Any]) -> Task:
    from webui.batch import Task

    return Task(str(path), name, partial(_submit, path, name, how), folder)


def _linked(url: str, folder: Path, how: dict[str, Any]) -> Task:
    from webui.batch import Task

    return Task(url, url.rpartition("/")[2] or url, partial(_submit_link, url, how), folder)


def _submit_link(url: str, how: dict[str, Any], services: Services) -> Job:
    from webui.services.errors import QueueFull

    services.jobs.check(choice=how["choice"], files=1 + len(how["more"]))  # a full queue is said before the song is fetched
    try:
        upload = services.uploads.fetch_now(url)
    except QueueFull as error:  # of uploads, which somebody has to remove: to wait would be in vain
        raise MsstError(error.message, hint=error.hint) from error
    try:
        path, name = services.uploads.file(upload.id)
        return services.jobs.submit(path, file_name=name, **how)
    finally:
        services.uploads.delete(upload.id)


def _submit(path: Path, name: str, how: dict[str, Any], services: Services) -> Job:
    if not path.is_file():
        raise MsstError("there is no such file")
    return services.jobs.submit(path, file_name=name, **how)


def _found(path: Path, output: Path) -> Iterator[tuple[Path, Path]]:
    """The songs that an argument means, each with the folder for its stems. What lies in a folder for stems within it is no song."""
    if not path.is_dir():
        yield path, output
        return
    songs, stems = path.resolve(), output.resolve()
    made = path / stems.relative_to(songs) if songs in stems.parents else None
    for file in sorted(path.rglob("*")):
        if file.is_file() and file.suffix.lower() in AUDIO_SUFFIXES and (made is None or made not in file.parents):
            yield file, output / file.parent.relative_to(path)
