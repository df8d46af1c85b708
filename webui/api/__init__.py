"""The REST doors: one module a noun, each with a `router`; ROUTERS is the list of them."""

from fastapi import APIRouter

from webui.api import health, jobs, library, tasks

ROUTERS: list[APIRouter] = [tasks.router, health.router, jobs.router, library.router]
