"""Starts the server process: settings, logging, uvicorn, and the public address where one is wanted."""

from __future__ import annotations

import logging
import socket
import threading
from typing import Any

import typer
import uvicorn

from webui.opening import open_when_ready
from webui.services import Services
from webui.services.configuration import Configuration
from webui.settings import Settings
from webui.terminal import settings_or_exit

log = logging.getLogger("webui")


def serve(given: dict[str, Any], *, open_page: bool = False) -> None:
    """Serve until interrupted.

    Args:
        given: overrides the settings from the environment.
        open_page: open the page in the user's browser as soon as the server answers.
    """
    given_settings = settings_or_exit(given)
    settings = Configuration(given_settings).now
    logging.basicConfig(level=settings.log_level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    listener = _listen(settings)
    address = f"http://{_shown(settings.host)}:{listener.getsockname()[1]}"
    from webui.app import create_app

    app = create_app(given_settings)
    services: Services = app.state.services
    services.system.port = port = listener.getsockname()[1]
    services.configuration.listen(lambda _, now: logging.getLogger().setLevel(now.log_level.upper()))
    config = uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=3)
    typer.echo(f"MSST-WebUI is at {address} (Ctrl-C ends it). REST: {address}/docs")
    if settings.access == "keys" and not services.keys.all():
        typer.echo("It asks for a key, and there is none yet: make one with `python webui.py keys add NAME`.", err=True)
    if settings.share:
        services.share.start(port, lambda url: typer.echo(f"Public address: {url}"))
    server = uvicorn.Server(config)
    if open_page and settings.page:
        threading.Thread(target=open_when_ready, args=(server, address), daemon=True, name="open the page").start()
    server.run(sockets=[listener])


def _listen(settings: Settings) -> socket.socket:
    """The listening socket, taken before anything slow, so that a port in use is told at once."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    both = settings.host == "::" and socket.has_dualstack_ipv6()  # "everywhere" is for IPv4, too
    try:
        return socket.create_server((settings.host, settings.port), family=family, backlog=2048, dualstack_ipv6=both)
    except OSError as error:
        typer.echo(f"cannot listen on {settings.host}:{settings.port}: {error.strerror}. Choose another --port.", err=True)
        raise typer.Exit(2) from error


def _shown(host: str) -> str:
    if host == "0.0.0.0" or (host == "::" and socket.has_dualstack_ipv6()):  # noqa: S104 - shown, not bound
        return "127.0.0.1"
    if host == "::":
        return "[::1]"
    return f"[{host}]" if ":" in host else host
