"""Separate: songs in, one job a song. The queue beside it and the mixer below it read the store, not this tab."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any

import gradio as gr

from inference.errors import MsstError
from inference.types import WRITABLE, OutputFormat
from webui.services import Choice
from webui.services.job import Door
from webui.ui.components.errors import explain
from webui.ui.components.live import live
from webui.ui.components.song_files import Upload, song_files
from webui.ui.context import Ui

DOOR: Door = "ui"
NO_MODEL = ""
_QUICK = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
_LABELS = {"wav": "WAV", "flac": "FLAC", "mp3": "MP3", "m4a": "M4A", "opus": "Opus"}


@dataclass(frozen=True)
class Form:
    """The fields of the tab, in the order in which handlers get them."""

    songs: gr.File
    preset: gr.Radio
    model: gr.Dropdown
    container: gr.Radio
    subtype: gr.Dropdown

    @property
    def options(self) -> list[gr.components.Component]:
        """All but the songs."""
        return [self.preset, self.model, self.container, self.subtype]


def build(ui: Ui) -> None:
    """Fill the tab."""
    with gr.Row(elem_classes="ms-columns"):
        with gr.Column(scale=5, min_width=320):
            form, sample, start = _form(ui)
            news = live("news", value={})
        with gr.Column(scale=4, min_width=320):
            live("queue")
    live("mixer")
    _connect(ui, form, sample, start, news)


def _form(ui: Ui) -> tuple[Form, gr.Button, gr.Button]:
    songs = song_files(label=ui.text("separate.songs"), height=150, elem_id="songs")
    sample = gr.Button(ui.text("separate.sample"), variant="secondary", size="md", elem_id="sample")
    presets = preset_choices(ui)
    preset = gr.Radio(presets, value=presets[0][1] if presets else None, label=ui.text("separate.preset"), elem_id="preset")
    container = gr.Radio(
        [(_LABELS.get(name, name), name) for name in WRITABLE],
        value=next(iter(WRITABLE)),
        label=ui.text("separate.format"),
        info=ui.text("separate.format.info"),
        elem_id="format",
    )
    with gr.Accordion(ui.text("separate.more"), open=False, elem_id="more"):
        subtype = gr.Dropdown(
            [(ui.text(f"quality.{name}"), name) for name in WRITABLE["wav"]],
            value=WRITABLE["wav"][0],
            label=ui.text("separate.quality"),
            elem_id="quality",
        )
        model = gr.Dropdown(
            model_choices(ui),
            value=NO_MODEL,
            label=ui.text("separate.model"),
            info=ui.text("separate.model.info"),
            elem_id="model",
        )
    start = gr.Button(ui.text("separate.start.none"), variant="primary", size="lg", interactive=False, elem_id="start")
    return Form(songs, preset, model, container, subtype), sample, start


def preset_choices(ui: Ui) -> list[tuple[Any, str]]:
    """(title, name) of every preset; shipped ones have a translated title, a person's own keeps the name it was given."""
    known = ui.i18n.translations["en"]
    return [
        (ui.text(f"preset.{preset.name}") if f"preset.{preset.name}" in known else preset.title, preset.name)
        for preset in ui.services.presets.all()
    ]


def model_choices(ui: Ui) -> list[tuple[Any, str]]:
    """(title, name) of every installed model, after "as chosen above"."""
    models = [(model.title, model.name) for model in ui.services.models.all() if getattr(model, "installed", True)]
    return [(ui.text("separate.model.none"), NO_MODEL), *models]


def _connect(ui: Ui, form: Form, sample: gr.Button, start: gr.Button, news: gr.HTML) -> None:
    def count(songs: list[Upload], request: gr.Request) -> Any:
        key = {0: "none", 1: "one"}.get(len(songs), "many")
        return gr.update(value=ui.say(request, f"separate.start.{key}", count=len(songs)), interactive=bool(songs))

    def qualities(container: str, request: gr.Request) -> Any:
        names = WRITABLE[container]
        return gr.update(choices=[(ui.say(request, f"quality.{name}"), name) for name in names], value=names[0])

    def begin(songs: list[Upload], preset: str, model: str, container: str, subtype: str, request: gr.Request) -> Any:
        return None, submit(ui, request, songs, _choice(preset, model), (container, subtype))

    def begin_sample(preset: str, model: str, container: str, subtype: str, request: gr.Request) -> Any:
        return submit(ui, request, [None], _choice(preset, model), (container, subtype))

    def refresh() -> Any:
        return gr.update(choices=preset_choices(ui)), gr.update(choices=model_choices(ui))

    form.songs.change(count, form.songs, start, **_QUICK)
    form.container.change(qualities, form.container, form.subtype, **_QUICK)
    start.click(begin, [form.songs, *form.options], [form.songs, news], trigger_mode="once", **_QUICK)
    sample.click(begin_sample, form.options, news, trigger_mode="once", **_QUICK)
    gr.on(None, refresh, outputs=[form.preset, form.model], **_QUICK)  # at page load: what was installed since the start


def _choice(preset: str, model: str) -> Choice:
    return Choice(model=model) if model else Choice(preset=preset)


def submit(ui: Ui, request: gr.Request, songs: list[Upload] | list[None], choice: Choice, output: tuple[str, str]) -> dict[str, object]:
    """Hand every song to the job service (None stands for the sample). A song that is refused does not keep the others back.

    Returns:
        News for the page: the ids of the new jobs, what went wrong with which file, and a number that makes each news different.
    """
    jobs: list[str] = []
    problems: list[dict[str, str]] = []
    for song in songs:
        try:
            written = OutputFormat(*output)
            if song is None:
                title = ui.say(request, "separate.sample.title")
                job = ui.services.jobs.submit_sample(choice=choice, output=written, door=DOOR, title=title)
            else:
                job = ui.services.jobs.submit(song.path, file_name=song.name, choice=choice, output=written, door=DOOR)
            jobs.append(job.id)
        except MsstError as error:
            problems.append({"file": song.name if song else "", "text": explain(ui, request, error)})
    return {"jobs": jobs, "problems": problems, "turn": secrets.token_hex(4)}
