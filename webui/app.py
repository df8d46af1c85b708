"""The only place where services, REST and page meet."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from webui import __version__
from webui.api import ROUTERS, docs, errors, own_models, unmatched
from webui.api.guard import KeyGuard
from webui.api.limits import BodyLimit
from webui.api.origins import OwnNames, SameOrigin
from webui.api.slow import LISTENERS, SlowThreads
from webui.services import Services
from webui.services.access import Tries
from webui.settings import Settings
from webui.ui.tunnel import open_tunnel


def create_app(settings: Settings | None = None) -> FastAPI:
    """The whole server as an ASGI app; its jobs run while its lifespan does.

    Args:
        settings: by default from the environment.
    """
    services = Services(settings or Settings())
    tempfile.tempdir = str(services.storage.tmp)  # uploads wait on the disk where they will stay, not in a small or in-memory /tmp

    slow, listening = SlowThreads(), SlowThreads(LISTENERS)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await asyncio.to_thread(services.start)
        services.warm_up()
        yield
        slow.stop()
        listening.stop()
        await asyncio.to_thread(services.stop)

    app = FastAPI(
        title="MSST-WebUI",
        version=__version__,
        description="Take songs apart: upload, poll or be called back, download, clean up.",
        lifespan=lifespan,
        docs_url=None,  # see webui.api.docs
        redoc_url=None,
        servers=[{"url": "."}],  # where openapi.json lies: also below a prefix that a proxy takes off
    )
    app.state.services = services
    app.state.slow, app.state.listening = slow, listening
    app.state.tries = tries = Tries()
    app.add_middleware(
        BodyLimit,
        limit=lambda: services.settings.max_upload_bytes,
        special={own_models.router.prefix: lambda: services.settings.max_model_bytes},
    )

    def public_url() -> str:
        return str(services.settings.public_url or "")

    def keys_needed() -> bool:
        return services.settings.access == "keys"

    app.add_middleware(SameOrigin, public_url=public_url)
    app.add_middleware(OwnNames, public_url=public_url, open=lambda: services.settings.share or services.share.active or keys_needed())
    app.add_middleware(KeyGuard, keys=services.keys, tries=tries, needed=keys_needed)
    services.share.opener = open_tunnel
    errors.install(app)
    for router in ROUTERS:
        app.include_router(router)
    docs.install(app)
    unmatched.install(app)
    if services.settings.page:
        from webui.ui import mount_ui

        mount_ui(app, services)  # after the routes: the page's mount takes every path that is left
    return app
