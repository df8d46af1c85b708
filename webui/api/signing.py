"""The sign-in page: a key in, a cookie out. Without Gradio, which needs to be signed in for."""

from __future__ import annotations

import html
import re
from string import Template
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from webui.api.deps import BaseUrl, ServicesDep
from webui.api.errors import STATUS
from webui.api.guard import SIGN_IN, sender_of
from webui.i18n import best_language, translate
from webui.services import Services
from webui.services.access import SESSION_SECONDS, Tries
from webui.services.errors import KeyNeeded, TooManyTries

router = APIRouter(include_in_schema=False)

LANGUAGE_COOKIE = "msst_language"  # set by the page's switch
_INSIDE = re.compile(r"/(?![/\\])[^\x00-\x20\\]*")
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
_PAGE = Template("""<!doctype html>
<html lang="$language"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex"><title>$title</title><style>
:root { color-scheme: light dark; --accent: light-dark(#0f766e, #2dd4bf); --ink: light-dark(#17212b, #e8edf2); }
:root { font: 15px/1.45 system-ui, -apple-system, "Segoe UI", Roboto, "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif; }
body { display: grid; place-items: center; min-height: 100vh; margin: 0; background: light-dark(#f4f6f8, #0d1218); color: var(--ink); }
main { box-sizing: border-box; width: min(25rem, 100vw - 24px); padding: 26px; border-radius: 14px; }
main { border: 1px solid light-dark(#d8dfe6, #2a3542); background: light-dark(#fff, #161d26); }
h1 { margin: 0 0 4px; font-size: 22px; font-weight: 700; letter-spacing: -.01em; }
p { margin: 0; }
label { display: block; margin: 20px 0 5px; font-size: 14px; font-weight: 600; }
input, button { box-sizing: border-box; width: 100%; min-height: 44px; padding: 6px 12px; border-radius: 9px; }
input, button { font: inherit; font-size: 16px; }
input { border: 1px solid light-dark(#767f89, #7f8b98); background: light-dark(#fff, #10161d); color: inherit; }
button { margin-top: 14px; border: 0; background: var(--accent); color: light-dark(#fff, #042f2b); font-weight: 600; cursor: pointer; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
[aria-invalid] { border-color: light-dark(#b42318, #ff9d92); }
[role=alert] { margin-top: 12px; padding: 9px 14px; border: 1px solid light-dark(#b42318, #ff9d92); border-radius: 10px; }
[role=alert] { background: light-dark(#fdecea, #3a1a18); }
small { display: block; margin-top: 18px; color: light-dark(#4a5a6a, #a3b1bf); font-size: 13.5px; }
</style></head><body><main><h1>$title</h1><p>$lead</p>
<form method="post" action="./$action"><input type="hidden" name="next" value="$next">
<label for="key">$label</label>
<input id="key" name="key" type="password" autocomplete="current-password" required autofocus spellcheck="false"$invalid>
$alert<button type="submit">$button</button></form><small>$hint</small></main></body></html>
""")


@router.get(SIGN_IN, response_class=HTMLResponse)
def page(services: ServicesDep, request: Request, wanted: Annotated[str, Query(alias="next")] = "/") -> HTMLResponse:
    """The page that asks for a key."""
    return _page(services, request, wanted)


@router.post(SIGN_IN)
def sign_in(
    services: ServicesDep,
    request: Request,
    caller: BaseUrl,
    key: Annotated[str, Form()] = "",
    wanted: Annotated[str, Form(alias="next")] = "/",
) -> Response:
    """Let a browser in that knows a key."""
    tries: Tries = request.app.state.tries
    secret, sender = key.strip(), sender_of(request.scope)
    try:
        session = services.keys.sign_in(secret)
    except KeyNeeded as error:
        try:
            tries.wrong(sender, secret)
        except TooManyTries as too_many:
            answer = _page(services, request, wanted, error="signin.wait", status=STATUS[too_many.code])
            answer.headers["retry-after"] = str(too_many.retry_after)
            return answer
        return _page(services, request, wanted, error="signin.wrong", status=STATUS[error.code])
    done = RedirectResponse(f".{_inside(wanted)}", 303, {"cache-control": "no-store"})
    give_cookie(done, services, session, caller)
    return done


@router.post("/signout")
def sign_out(services: ServicesDep, request: Request) -> Response:
    """Forget this browser."""
    if said := request.cookies.get(services.keys.cookie):
        services.keys.sign_out(said)
    done = RedirectResponse(f".{SIGN_IN}", 303)
    done.delete_cookie(services.keys.cookie, path="/")
    return done


def give_cookie(answer: Response, services: Services, session: str, caller: str) -> None:
    """Have the browser that gets `answer` be signed in; no script of any page can read what it keeps."""
    secure = caller.startswith("https://")
    answer.set_cookie(services.keys.cookie, session, max_age=int(SESSION_SECONDS), path="/", secure=secure, httponly=True, samesite="lax")


def _page(services: Services, request: Request, wanted: str, *, error: str = "", status: int = 200) -> HTMLResponse:
    default = services.settings.language
    saved = request.cookies.get(LANGUAGE_COOKIE) or (default if default != "auto" else None)
    language = best_language(request.headers.get("accept-language", ""), saved=saved)

    def text(key: str) -> str:
        return html.escape(translate(language, key, seconds=TooManyTries.retry_after))

    shown = {key: text(f"signin.{key}") for key in ("title", "lead", "label", "button", "hint")}
    alert = f'<p role="alert" id="wrong">{text(error)}</p>' if error else ""
    content = _PAGE.substitute(
        shown,
        language=language,
        action=SIGN_IN[1:],
        next=html.escape(_inside(wanted)),
        alert=alert,
        invalid=' aria-invalid="true" aria-describedby="wrong"' if error else "",
    )
    headers = {
        "cache-control": "no-store",
        "content-security-policy": _POLICY,
        "referrer-policy": "same-origin",
        "vary": "Accept-Language, Cookie",
    }
    return HTMLResponse(content, status, headers)


def _inside(wanted: str) -> str:
    """Where to go on to: a path of this server, whatever was asked for."""
    return wanted if _INSIDE.fullmatch(wanted) and not wanted.startswith(SIGN_IN) else "/"
