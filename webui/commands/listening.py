"""`tools` that say something about sounds: info, key-tempo, score, quality, spectrogram. They run at once, beside whatever works."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from inference.errors import DiskFull
from webui.commands.files import check_there
from webui.commands.shelves import shelves
from webui.terminal import echo_json, echo_table, refusing

if TYPE_CHECKING:
    from webui.services.analyses import AnalysisService

Json = Annotated[bool, typer.Option("--json", help="JSON, for programs.")]
Files = Annotated[list[Path], typer.Argument(help="Files of any kind.")]


def info(files: Files, as_json: Json = False) -> None:
    """Files in figures: length, levels, loudness, bandwidth."""
    _tell(files, lambda analyses, file: analyses.info(file, _never), as_json)


def key_tempo(files: Files, as_json: Json = False) -> None:
    """Key and tempo."""
    _tell(files, lambda analyses, file: analyses.key_tempo(file, _never), as_json)


def score(
    reference: Annotated[Path, typer.Argument(help="What it should be.")],
    estimate: Annotated[Path, typer.Argument(help="What it is.")],
    as_json: Json = False,
) -> None:
    """SDR and SI-SDR of an estimate against a reference, in dB."""
    with refusing():
        check_there([reference, estimate])
        _show(_analyses().score(reference, estimate, _never), as_json)


def quality(
    song: Annotated[Path, typer.Argument(help="The song.")],
    stems: Annotated[list[Path], typer.Argument(help="Its stems.")],
    as_json: Json = False,
) -> None:
    """The stems of a song in figures, and whether together they are the song (null test)."""
    with refusing():
        check_there([song, *stems])
        found = _analyses().quality_of(song, stems, _never)
        if as_json:
            echo_json(found)
            return
        head = ["file", *(name for name in found["song"])]
        rows = [
            [path.name, *map(_said, each.values())] for path, each in zip((song, *stems), (found["song"], *found["stems"]), strict=True)
        ]
        echo_table([*head, "bleed_db"], [row if len(row) > len(head) else [*row, "-"] for row in rows])
        typer.echo(f"null test: {_said(found['null_db'])} dB")


def spectrogram(
    file: Annotated[Path, typer.Argument(help="A file of any kind.")],
    picture: Annotated[Path, typer.Argument(help="The PNG to be.")],
    width: Annotated[int, typer.Option(help="Pixels.")] = 1600,
    height: Annotated[int, typer.Option(help="Pixels.")] = 400,
) -> None:
    """A picture: time to the right, 40 Hz to 20 kHz upwards in octaves."""
    with refusing():
        check_there([file])
        data = _analyses().spectrogram(file, _never, width=width, height=height)
        try:
            picture.write_bytes(data)
        except OSError as error:
            raise DiskFull(f"cannot write {picture}: {error.strerror}") from error
    typer.echo(str(picture))


def _never() -> bool:
    return False


def _analyses() -> AnalysisService:
    return shelves().analyses


def _tell(files: list[Path], ask: Callable[[AnalysisService, Path], Mapping[str, Any]], as_json: bool) -> None:
    with refusing():
        check_there(files)
        analyses = _analyses()
        found = {str(file): ask(analyses, file) for file in files}
        if as_json:
            echo_json(found if len(files) > 1 else next(iter(found.values())))
            return
        for name, figures in found.items():
            typer.echo(name)
            _show(figures, False)


def _show(figures: Mapping[str, Any], as_json: bool) -> None:
    if as_json:
        echo_json(figures)
        return
    for name, value in figures.items():
        typer.echo(f"  {name}: {_said(value)}")


def _said(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.2f}"
    return "-" if value is None else str(value)
