"""Models of a hub on loopback, for the tests of the library."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tools.hub.server import Hub, content
from tests.webui.shelf import YAML, record, write_catalogue
from webui.services.library import LibraryService

DATA = content(200_000, 1)
SUM = hashlib.sha256(DATA).hexdigest()
FILES = {"models/one.ckpt": DATA, "models/two.ckpt": DATA[::-1], "models/two.yaml": YAML.encode()}


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """HOME/models, with one model of known checksum and configuration and one of neither."""
    write_catalogue(tmp_path / "models", record("one", DATA), record("two", DATA, sha256=False, config=False))
    return tmp_path / "models"


@pytest.fixture
def hub() -> Iterator[Hub]:
    with Hub(dict(FILES)) as running:
        yield running


def installed(service: LibraryService, name: str) -> bytes:
    return service.catalogue.get(name).weights.paths()[0].read_bytes()
