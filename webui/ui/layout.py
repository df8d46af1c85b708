"""The frame: title bar, and one panel for each tab, filled by the script `static/tabs/<id>.js` when it is first opened."""

from __future__ import annotations

import gradio as gr

from webui.ui.live import live
from webui.ui.tabs import TABS

TITLE = "MSST-WebUI"


def build_page() -> gr.Blocks:
    """The whole page: places that scripts fill. It holds no state and no events; all of that goes through REST."""
    with gr.Blocks(title=TITLE, analytics_enabled=False) as page:
        live("frame")
        for tab in TABS:
            with gr.Column(elem_id=f"tab-{tab}", elem_classes="ms-tab"):
                live(tab)
    return page
