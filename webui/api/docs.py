"""The routes in the browser, to be read and tried at /docs. FastAPI's own page loads its scripts from another host; this one from here."""

from __future__ import annotations

from pathlib import Path

import fastapi_offline
from fastapi import APIRouter, FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles

DOCS = "/docs"
FILES = f"{DOCS}/files"
PARAMETERS = {"validatorUrl": None}  # else a public address would be sent to a checker elsewhere

router = APIRouter(include_in_schema=False)


@router.get(DOCS, response_class=HTMLResponse)
def docs() -> HTMLResponse:
    """The page. Its addresses are relative: a proxy may have taken a prefix off."""
    return get_swagger_ui_html(
        openapi_url="./openapi.json",
        title="MSST-WebUI",
        swagger_js_url=f".{FILES}/swagger-ui-bundle.js",
        swagger_css_url=f".{FILES}/swagger-ui.css",
        swagger_favicon_url="data:,",
        swagger_ui_parameters=PARAMETERS,
    )


def install(app: FastAPI) -> None:
    """Serve the page, and the files of Swagger UI that it is made of."""
    app.include_router(router)
    app.mount(FILES, StaticFiles(directory=Path(fastapi_offline.__file__).parent / "static"), name="docs-files")
