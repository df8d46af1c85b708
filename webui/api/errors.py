"""How errors look over HTTP: `{"detail": text, "code": ..., "hint": ..., "params": {...}}` with the status of their code."""

from __future__ import annotations

import logging
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse

from inference.errors import MsstError
from webui.services.errors import QueueFull

log = logging.getLogger(__name__)

STATUS: dict[str, int] = {
    "bad_request": 400,
    "bad_audio": 400,
    "empty_audio": 400,
    "bad_output_format": 400,
    "bad_option": 400,
    "bad_preset": 400,
    "bad_config": 400,
    "bad_job_id": 400,
    "bad_callback": 400,
    "forbidden_address": 400,
    "not_completed": 400,
    "unknown_preset": 404,
    "unknown_model": 404,
    "unknown_job": 404,
    "unknown_file": 404,
    "job_exists": 409,
    "model_not_installed": 409,
    "input_gone": 410,
    "too_large": 413,
    "unsupported_format": 415,
    "queue_full": 429,
    "download_failed": 502,
    "wrong_bytes": 502,
    "disk_full": 507,
}
"""Status by code; what is not here is the server's own fault: 500."""


def body(error: MsstError) -> dict[str, Any]:
    """An error as JSON."""
    params = {key: str(value) for key, value in error.params.items()}
    return {"detail": error.message, "code": error.code, "hint": error.hint, "params": params}


def install(app: FastAPI) -> None:
    """Have every error of the house answered this way."""
    app.add_exception_handler(MsstError, _msst_error)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(Exception, _unexpected)


async def _msst_error(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, MsstError)
    headers = {"Retry-After": str(error.retry_after)} if isinstance(error, QueueFull) else None
    return JSONResponse(body(error), status_code=STATUS.get(error.code, 500), headers=headers)


async def _invalid(_: Request, error: Exception) -> JSONResponse:
    """A request that lacks a field or has one of the wrong kind."""
    assert isinstance(error, RequestValidationError)
    problems = [f"{'.'.join(str(part) for part in e['loc'][1:]) or 'request'}: {e['msg']}" for e in error.errors()]
    content = {"detail": "; ".join(problems)[:1000], "code": "bad_request", "hint": "/docs shows what is expected.", "params": {}}
    return JSONResponse(content, status_code=422)


async def _unexpected(request: Request, error: Exception) -> JSONResponse:
    log.error("unexpected error at %s %s", request.method, request.url.path, exc_info=error)
    content = {"detail": "unexpected error", "code": "error", "hint": "The server's log has the details.", "params": {}}
    return JSONResponse(content, status_code=500)
