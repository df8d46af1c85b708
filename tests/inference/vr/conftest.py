"""Networks here are small."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True, scope="module")
def _quickly(one_thread: None) -> None:
    pass
