"""The whole REST app in this process, its models those of a hub on loopback, its jobs not running."""

from __future__ import annotations

import asyncio
import hashlib
import tempfile
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from tests.tools.hub.server import Hub, content
from tests.webui.shelf import YAML, Looked, library, record, write_catalogue
from webui.app import create_app
from webui.services import Services
from webui.settings import Settings

DATA = content(200_000, 1)
T = TypeVar("T")
SUM = hashlib.sha256(DATA).hexdigest()


@dataclass
class House:
    """The app, and what a test changes about it."""

    app: FastAPI
    services: Services
    hub: Hub
    looked: Looked

    @property
    def models(self) -> Path:
        return self.services.storage.models

    def client(self, host: str = "127.0.0.1", base: str = "http://127.0.0.1:7860") -> TestClient:
        return TestClient(self.app, base_url=base, client=(host, 50000), raise_server_exceptions=False)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    before = tempfile.tempdir
    files = {"models/one.ckpt": DATA, "models/two.ckpt": DATA[::-1], "models/two.yaml": YAML.encode()}
    with Hub(files) as hub:
        settings = Settings(home=tmp_path / "home", page=False, hub_endpoint=hub.url, hub_mirrors=(), max_upload_mb=1, max_model_mb=2)
        write_catalogue(settings.home / "models", record("one", DATA), record("two", DATA, sha256=False, config=False))
        app = create_app(settings)
        services: Services = app.state.services
        looked = Looked()
        services.library = library(services.storage.models, hub, inspect=looked)
        yield House(app, services, hub, looked)
        services.stop()
    tempfile.tempdir = before


@pytest.fixture
def client(house: House) -> TestClient:
    """A program on the server's own machine."""
    return house.client()


@pytest.fixture
def stranger(house: House) -> TestClient:
    """A program on another machine."""
    return house.client("192.0.2.7", "http://studio.example:7860")


def refused(answer: Any, status: int, code: str) -> str:
    """What an error says; it must be this one, in the form of all errors."""
    said: dict[str, Any] = answer.json()
    assert (answer.status_code, said["code"]) == (status, code), said
    assert set(said) == {"detail", "code", "hint", "params"}
    assert said["detail"]
    return str(said["detail"])


def in_loop(coroutine: Coroutine[Any, Any, T]) -> T:
    """What a coroutine returns, in a thread of its own: in this one a browser of other tests may keep a loop running."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, coroutine).result()
