"""What went wrong, in the reader's words."""

from __future__ import annotations

import gradio as gr

from inference.errors import MsstError
from webui.ui.context import Ui


def explain(ui: Ui, request: gr.Request, error: MsstError) -> str:
    """The text of `error.<code>` and its hint in the reader's language; the error's own words where there is none."""
    message = ui.say(request, f"error.{error.code}", default=error.message, **error.params)
    hint = ui.say(request, f"error.{error.code}.hint", default=error.hint, **error.params)
    return f"{message} {hint}".strip()
