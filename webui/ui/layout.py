"""The frame: title bar, tabs, and what is on every tab."""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType

import gradio as gr

from webui.i18n import languages, texts
from webui.services import Services
from webui.ui.components.live import live
from webui.ui.context import Ui
from webui.ui.tabs import separate

TITLE = "MSST-WebUI"
GRADIO_KEYS = ("tab.", "separate.", "preset.", "quality.")
"""Keys of the texts that Gradio's components show; all others are for the own components and for messages."""


@dataclass(frozen=True)
class Tab:
    """One tab: its id in the address, and the module whose `build(ui)` fills it. Its name is the text `tab.<id>`."""

    id: str
    module: ModuleType


TABS = (Tab("separate", separate),)


def build_page(services: Services, *, upload_age_s: int) -> tuple[gr.Blocks, gr.I18n]:
    """The whole page and the texts it is mounted with."""
    i18n = gr.I18n(**{language: _for_gradio(texts(language)) for language in languages()})
    ui = Ui(services, i18n)
    with gr.Blocks(title=TITLE, analytics_enabled=False, delete_cache=(3600, upload_age_s)) as page:
        live("titlebar")
        with gr.Tabs(elem_id="tabs"):
            for tab in TABS:
                with gr.Tab(ui.text(f"tab.{tab.id}"), id=tab.id):
                    tab.module.build(ui)
    page.queue(default_concurrency_limit=20)
    return page, i18n


def _for_gradio(all_texts: dict[str, str]) -> dict[str, str]:
    return {key: text for key, text in all_texts.items() if key.startswith(GRADIO_KEYS)}
