"""The REST doors: one module a noun, each with a `router`; ROUTERS is the list of them.

The order matters where an address could be meant by two: the names of models and presets come last.
"""

from fastapi import APIRouter

from webui.api import (
    configuration,
    ensembles,
    estimates,
    health,
    installs,
    jobs,
    keys,
    models,
    own_models,
    preset_files,
    presets,
    signing,
    system,
    tasks,
    tools,
    uploads,
)

ROUTERS: list[APIRouter] = [
    tasks.router,
    health.router,
    uploads.router,
    signing.router,
    configuration.router,
    keys.router,
    system.router,
    jobs.router,
    tools.router,
    estimates.router,
    ensembles.router,
    installs.router,
    own_models.router,
    models.router,
    presets.kinds_router,
    preset_files.router,
    presets.router,
]
