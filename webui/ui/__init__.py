"""The page: Gradio Blocks at the app's root, whose components are scripts of our own that speak REST.

The page computes nothing and keeps nothing: what it shows is what the store on disk says, the same after a reload and on another device.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fastapi import FastAPI

    from webui.services import Services


def mount_ui(app: FastAPI, services: Services) -> None:
    """Mount the page at "/". Call it last: a route declared after it would never be reached.

    Gradio reads its environment when it is imported, so it is set here and imported below; the other doors never load it.
    """
    os.environ["GRADIO_TEMP_DIR"] = str(services.storage.tmp)
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"

    import gradio as gr

    from webui.ui.assets import Assets
    from webui.ui.language import PageLanguage
    from webui.ui.layout import build_page
    from webui.ui.theme import THEME

    assets = Assets()
    app.mount(f"/{assets.prefix}", assets.files, name="ui-static")
    app.add_middleware(PageLanguage, assets=assets, default=lambda: services.settings.language)
    gr.mount_gradio_app(
        app,
        build_page(),
        path="/",
        theme=THEME,
        ssr_mode=False,
        footer_links=[],
        run_history=False,
        enable_monitoring=False,
        show_error=False,
        max_file_size=1,  # nothing is uploaded through Gradio
    )
