"""The page: Gradio Blocks at the app's root, with own components for what must live longer than a browser session.

The page computes nothing and keeps nothing: it hands songs to the job service and shows what the store on disk says.
"""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fastapi import FastAPI

    from webui.services import Services

logger = logging.getLogger(__name__)

UPLOAD_AGE_S = 24 * 3600
"""Uploads older than this are swept; a submitted song is linked into its job and does not need its upload any more."""


def mount_ui(app: FastAPI, services: Services) -> None:
    """Mount the page at "/". Call it last: a route declared after it would never be reached.

    Gradio reads its environment when it is imported, so it is set here and imported below; the other doors never load it.
    """
    uploads = services.settings.home / "tmp" / "uploads"
    uploads.mkdir(parents=True, exist_ok=True)
    os.environ["GRADIO_TEMP_DIR"] = str(uploads)  # on the disk of the jobs, so that a song is linked and not copied
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"

    import gradio as gr

    from webui.ui.assets import Assets
    from webui.ui.language import PageLanguage
    from webui.ui.layout import build_page
    from webui.ui.theme import THEME

    assets = Assets()
    page, i18n = build_page(services, upload_age_s=UPLOAD_AGE_S)
    app.mount(f"/{assets.prefix}", assets.files, name="ui-static")
    app.add_middleware(PageLanguage, assets=assets, default=lambda: services.settings.language)
    gr.mount_gradio_app(
        app,
        page,
        path="/",
        theme=THEME,
        i18n=i18n,
        ssr_mode=False,
        footer_links=[],
        run_history=False,
        enable_monitoring=False,
        show_error=False,
        max_file_size=services.settings.max_upload_bytes,
    )
    services.configuration.listen(lambda _, now: setattr(page, "max_file_size", now.max_upload_bytes))
    logger.debug("page mounted; uploads go to %s", uploads)
