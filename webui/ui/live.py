"""Own components: an empty place in Gradio's page that a script of static/ fills and keeps alive.

They show what the server's store says (jobs, results), so they are the same after a reload and on another device.
"""

from __future__ import annotations

import gradio as gr

_LOAD = """
const place = element.querySelector('[data-live]');
import(new URL(window.MSST.assets + 'main.js', document.baseURI).href)
  .then((main) => main.fill(place))
  .catch((error) => { console.error(error); place.textContent = window.MSST.texts['page.broken']; });
"""


def live(name: str) -> gr.HTML:
    """A place for the component `name` of static/main.js; also part of its element's id."""
    return gr.HTML(
        html_template=f'<div data-live="{name}" class="ms ms-{name}"></div>',
        js_on_load=_LOAD,
        apply_default_css=False,
        elem_id=f"live-{name}",
        elem_classes="ms-live",
    )
