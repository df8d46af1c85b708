"""What a tab gets to build itself with."""

from __future__ import annotations

from dataclasses import dataclass

import gradio as gr
from gradio.i18n import I18nData

from webui.i18n import translate
from webui.services import Services
from webui.ui.language import language_of


@dataclass(frozen=True)
class Ui:
    """The services and the texts."""

    services: Services
    i18n: gr.I18n

    def text(self, key: str) -> I18nData:
        """A label in the reader's language; for what is built once for all readers."""
        return self.i18n(key)

    def say(self, request: gr.Request, key: str, *, default: str | None = None, **params: object) -> str:
        """A message in the language of the reader who sent `request`; for what a handler answers."""
        language = language_of(request.headers, self.services.settings.language)
        return translate(language, key, default=default, **params)
