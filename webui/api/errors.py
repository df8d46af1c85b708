"""How errors look over HTTP: `{"detail": text, "code": ..., "hint": ..., "params": {...}}` with the status of their code."""

from __future__ import annotations

import errno
import logging
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from inference.errors import DiskFull, MsstError
from webui.services.errors import BadRequest, QueueFull, TooManyTries

log = logging.getLogger(__name__)

STATUS: dict[str, int] = {
    "bad_request": 400,
    "bad_audio": 400,
    "empty_audio": 400,
    "bad_output_format": 400,
    "bad_option": 400,
    "bad_preset": 400,
    "bad_config": 400,
    "bad_weights": 400,
    "bad_job_id": 400,
    "bad_setting": 400,
    "bad_callback": 400,
    "forbidden_address": 400,
    "not_completed": 400,
    "key_needed": 401,
    "not_local": 403,
    "not_owner": 403,
    "cross_origin": 403,
    "unknown_preset": 404,
    "unknown_model": 404,
    "unknown_job": 404,
    "unknown_file": 404,
    "unknown_install": 404,
    "unknown_upload": 404,
    "unknown_key": 404,
    "job_exists": 409,
    "last_key": 409,
    "no_key": 409,
    "setting_ruled": 409,
    "model_not_installed": 409,
    "not_ready": 409,
    "preset_changed": 409,
    "not_waiting": 409,
    "cancelled": 409,
    "input_gone": 410,
    "too_large": 413,
    "unsupported_format": 415,
    "queue_full": 429,
    "too_many_tries": 429,
    "error": 500,
    "worker_died": 500,
    "time_limit": 500,
    "out_of_memory": 500,
    "device_unavailable": 500,
    "download_failed": 502,
    "share_failed": 502,
    "wrong_bytes": 502,
    "link_failed": 502,
    "disk_full": 507,
}
"""Status by code. A code that is not here would be 500 too; a test wants each to be here, so that it is thought of."""


def body(error: MsstError) -> dict[str, Any]:
    """An error as JSON."""
    params = {key: str(value) for key, value in error.params.items()}
    return {"detail": error.message, "code": error.code, "hint": error.hint, "params": params}


def install(app: FastAPI) -> None:
    """Have every error of the house answered this way."""
    app.add_exception_handler(MsstError, _msst_error)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _refused)
    app.add_exception_handler(UnicodeEncodeError, _no_text)
    app.add_exception_handler(Exception, _unexpected)


async def _msst_error(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, MsstError)
    headers = {"Retry-After": str(error.retry_after)} if isinstance(error, QueueFull | TooManyTries) else None
    return JSONResponse(body(error), status_code=STATUS.get(error.code, 500), headers=headers)


async def _invalid(_: Request, error: Exception) -> JSONResponse:
    """A request that lacks a field or has one of the wrong kind."""
    assert isinstance(error, RequestValidationError)
    problems = [f"{'.'.join(str(part) for part in e['loc'][1:]) or 'request'}: {e['msg']}" for e in error.errors()]
    content = {"detail": "; ".join(problems)[:1000], "code": "bad_request", "hint": "/docs shows what is expected.", "params": {}}
    return JSONResponse(content, status_code=422)


async def _refused(request: Request, error: Exception) -> JSONResponse:
    """What the framework itself refuses: a body that cannot be parsed, or for which there is no room; a route that is not there."""
    assert isinstance(error, HTTPException)
    cause = error.__cause__
    if isinstance(cause, OSError) and errno.errorcode.get(cause.errno or 0) in ("ENOSPC", "EDQUOT"):
        return await _msst_error(request, DiskFull("the upload cannot be stored: the disk is full", hint="Make room, then send it again."))
    content = {"detail": str(error.detail), "code": "bad_request", "hint": "/docs shows what is expected.", "params": {}}
    return JSONResponse(content, status_code=error.status_code, headers=error.headers)


async def _no_text(_: Request, __: Exception) -> JSONResponse:
    """JSON can hold halves of characters, which no file and no answer can."""
    return JSONResponse(body(BadRequest("the request holds text that is no Unicode", hint="Send whole characters.")), status_code=400)


async def _unexpected(request: Request, error: Exception) -> JSONResponse:
    log.error("unexpected error at %s %s", request.method, request.url.path, exc_info=error)
    content = {"detail": "unexpected error", "code": "error", "hint": "The server's log has the details.", "params": {}}
    return JSONResponse(content, status_code=500)
