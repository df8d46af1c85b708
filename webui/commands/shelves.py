"""Models and presets of the home folder, for commands that run no job."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from webui.terminal import settings_or_exit

if TYPE_CHECKING:
    from webui.services import Services


def shelves() -> Services:
    """The services, not started: a server on the same home folder goes on, and notices what is changed here."""
    logging.basicConfig(level=logging.ERROR)
    from webui.services import Services

    return Services(settings_or_exit())
