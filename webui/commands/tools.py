"""`tools` that make files: convert, cut, join, speed-key, mix, gain, replace. Each is a job like a separation.

Those that say something are in listening.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from inference.errors import BadOption
from webui.commands.ensemble import place
from webui.commands.files import check_there
from webui.commands.separate import chosen

if TYPE_CHECKING:
    from webui.batch import Task
    from webui.services import Job, Services
    from webui.services.tools import Order

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Tools: convert, cut, join, mix, measure and compare sounds.")

Files = Annotated[list[Path], typer.Argument(help="Files of any kind.")]
Output = Annotated[Path, typer.Option("--output", "-o", help="A folder, or for one result the file itself.")]
Form = Annotated[str | None, typer.Option("--format", "-f", help="wav, flac, mp3, m4a or opus.")]
Subtype = Annotated[str, typer.Option(help="FLOAT, PCM_16, PCM_24, PCM_32, or a bit rate such as 320k.")]
Title = Annotated[str, typer.Option(help="What to call the job; of mix and join, also its result.")]
Speed = Annotated[float, typer.Option(help="0.5 to 2; 2 is in half the time.")]
Semitones = Annotated[float, typer.Option(help="-12 to 12; higher by so much.")]
Formants = Annotated[bool, typer.Option("--formants", help="Leave the colour of a voice where it is.")]
HERE = Path("made")


@dataclass(frozen=True)
class Target:
    """Where results go, as what, and what their job is called."""

    output: Path
    container: str | None
    subtype: str
    title: str


@app.command()
def convert(
    files: Files,
    rate: Annotated[int | None, typer.Option(help="Samples per second.")] = None,
    channels: Annotated[int | None, typer.Option(help="1 to 8.")] = None,
    output: Output = HERE,
    output_format: Form = None,
    subtype: Subtype = "",
    title: Title = "",
) -> None:
    """Another format, sample rate or number of channels."""
    _each("convert", files, {"rate": rate, "channels": channels}, Target(output, output_format, subtype, title))


@app.command()
def cut(
    files: Files,
    start: Annotated[float, typer.Option(help="Seconds.")] = 0.0,
    end: Annotated[float | None, typer.Option(help="Seconds; by default the sound's end.")] = None,
    fade_in: Annotated[float, typer.Option(help="Seconds.")] = 0.0,
    fade_out: Annotated[float, typer.Option(help="Seconds.")] = 0.0,
    output: Output = HERE,
    output_format: Form = None,
    subtype: Subtype = "",
    title: Title = "",
) -> None:
    """A part, exact to the sample."""
    settings = {"start": start, "end": end, "fade_in": fade_in, "fade_out": fade_out}
    _each("cut", files, settings, Target(output, output_format, subtype, title))


@app.command()
def join(
    files: Files,
    gap: Annotated[float, typer.Option(help="Seconds of silence between two.")] = 0.0,
    crossfade: Annotated[float, typer.Option(help="Seconds that two overlap.")] = 0.0,
    curve: Annotated[str, typer.Option(help="equal_power for different sounds, equal_gain for sounds that are alike.")] = "equal_power",
    output: Output = HERE,
    output_format: Form = None,
    subtype: Subtype = "",
    title: Title = "",
) -> None:
    """One after the other."""
    _together("join", files, {"gap": gap, "crossfade": crossfade, "curve": curve}, Target(output, output_format, subtype, title))


@app.command("speed-key")
def speed_key(
    files: Files,
    speed: Speed = 1.0,
    semitones: Semitones = 0.0,
    formants: Formants = False,
    output: Output = HERE,
    output_format: Form = None,
    subtype: Subtype = "",
    title: Title = "",
) -> None:
    """Faster or slower, higher or lower, each without the other."""
    _each("speed-key", files, {"speed": speed, "semitones": semitones, "formants": formants}, Target(output, output_format, subtype, title))


@app.command()
def mix(
    files: Files,
    gain: Annotated[list[str] | None, typer.Option("--gain", "-g", help="dB of each file in turn: 0,-6,off.")] = None,
    pan: Annotated[list[str] | None, typer.Option("--pan", help="-1 (left) to 1 (right) of each file in turn: 0,-0.5,0.5.")] = None,
    speed: Speed = 1.0,
    semitones: Semitones = 0.0,
    formants: Formants = False,
    output: Output = HERE,
    output_format: Form = None,
    subtype: Subtype = "",
    title: Title = "",
) -> None:
    """All at once: the sum, each with its level and its place between the loudspeakers."""

    def settings() -> dict[str, Any]:
        gains, pans = _list(gain, "--gain", len(files)), _list(pan, "--pan", len(files))
        parts = [{"gain_db": level, "pan": where or 0.0} for level, where in zip(gains, pans, strict=True)]
        return {"parts": parts, "speed": speed, "semitones": semitones, "formants": formants}

    _together("mix", files, settings, Target(output, output_format, subtype, title))


@app.command()
def gain(
    files: Files,
    db: Annotated[float | None, typer.Option(help="Louder by so much; -60 to 24.")] = None,
    lufs: Annotated[float | None, typer.Option(help="As loud as this: -14 for streaming.")] = None,
    peak_db: Annotated[float | None, typer.Option(help="With --lufs: true peak that is not to be passed.")] = None,
    output: Output = HERE,
    output_format: Form = None,
    subtype: Subtype = "",
    title: Title = "",
) -> None:
    """Louder or quieter, by dB or to a loudness."""
    settings = {name: value for name, value in {"db": db, "lufs": lufs, "peak_db": peak_db}.items() if value is not None}
    _each("gain", files, settings, Target(output, output_format, subtype, title))


@app.command()
def replace(
    song: Annotated[Path, typer.Argument(help="The song.")],
    stem_file: Annotated[Path, typer.Argument(metavar="STEM", help="A stem of it, as long as it.")],
    start: Annotated[float, typer.Option(help="Seconds.")],
    end: Annotated[float, typer.Option(help="Seconds.")],
    stem: Annotated[str, typer.Option(help="Which stem of the model or preset takes its place: vocals ...")],
    model: Annotated[str | None, typer.Option("--model", "-m", help="A model's name.")] = None,
    preset: Annotated[str | None, typer.Option("--preset", "-p", help="A preset's name, or its file.")] = None,
    purpose: Annotated[str | None, typer.Option(help="What for, instead of model or preset: vocals, karaoke ...")] = None,
    quality: Annotated[str | None, typer.Option(help="Of a purpose: best or fast; by default the best that is installed.")] = None,
    fade: Annotated[float, typer.Option(help="Seconds at each end of the part.")] = 0.05,
    output: Output = HERE,
    output_format: Form = None,
    subtype: Subtype = "",
    title: Title = "",
) -> None:
    """Separate a part of a song again and put it into a stem."""
    from inference.presets.replace import Region

    def make(services: Services, order: Order) -> Job:
        inputs = (song, song.name), (stem_file, stem_file.name)
        return services.tools.replace_files(*inputs, chosen(preset, model, purpose, quality), Region(start, end, fade), order, stem=stem)

    _run([([song, stem_file], make)], Target(output, output_format, subtype, title))


def _each(tool: str, files: Sequence[Path], settings: dict[str, Any], target: Target) -> NoReturn:
    _run([([file], _tool(tool, [file], settings)) for file in files], target)


def _together(tool: str, files: list[Path], settings: Any, target: Target) -> NoReturn:
    _run([(files, _tool(tool, files, settings))], target)


def _tool(tool: str, files: Sequence[Path], settings: Any) -> Any:
    """What submits it; the settings may be a function, whose errors are then told like all others."""

    def make(services: Services, order: Order) -> Job:
        said = settings() if callable(settings) else settings
        return services.tools.run(tool, [(file, file.name) for file in files], said, order)

    return make


def _run(orders: list[tuple[list[Path], Any]], target: Target) -> NoReturn:
    """Do all of them, each a job."""
    from webui.compute.pool import Pool

    pool = Pool()
    pool.warm_up("separate")
    from webui.batch import Task, run_tasks
    from webui.services.tools import Order

    def submit(files: list[Path], make: Any, order: Order, services: Services) -> Job:
        check_there(files)
        job: Job = make(services, order)
        return job

    def plan(services: Services) -> list[Task]:
        folder, name, form = place(target.output, target.container, target.subtype, services.configuration.output)
        if name and len(orders) > 1:
            raise BadOption(f"{name} is one file, and there are {len(orders)} results", hint="Name a folder.")
        if target.title and len(orders) > 1:
            raise BadOption(f"--title is for one job, and there are {len(orders)}", hint="Do it with one file.")
        order = Order(form, "cli", title=target.title)
        abouts = [" + ".join(file.name for file in files) for files, _ in orders]
        return [
            Task(about, about, partial(submit, files, make, order), folder, name)
            for about, (files, make) in zip(abouts, orders, strict=True)
        ]

    run_tasks(plan, pool)


def _list(said: list[str] | None, option: str, count: int) -> list[float | None]:
    """Numbers of an option, "off" for none; 0 for each file where nothing is said."""
    words = [word.strip() for text in said or () for word in text.split(",")]
    if not words:
        return [0.0] * count
    if len(words) != count:
        raise BadOption(f"{option}: {len(words)} values for {count} files", hint="Say one for each, in their order.", option=option)
    try:
        return [None if word == "off" else float(word) for word in words]
    except ValueError as error:
        raise BadOption(f"{option} {','.join(words)!r}: not numbers", hint="For example 0,-6,off.", option=option) from error
