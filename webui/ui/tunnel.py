"""Gradio's relay as a way in from outside."""

from __future__ import annotations

import secrets
import threading
from dataclasses import dataclass
from typing import Any

_OPENING = threading.Lock()
"""Held while a tunnel is opened: which programs are its own is known by which were not there before."""


@dataclass(frozen=True)
class GradioTunnel:
    """A public address that leads here while the relay's program runs."""

    url: str
    programs: tuple[Any, ...]  # gradio.tunneling.Tunnel

    def close(self) -> None:
        """Have the relay forget this server."""
        _end(self.programs)


def open_tunnel(port: int) -> GradioTunnel:
    """Ask the relay for an address that leads to `port` of this machine. Raises whatever Gradio raises where that does not work."""
    from gradio import tunneling
    from gradio.networking import setup_tunnel

    with _OPENING:
        before = list(tunneling.CURRENT_TUNNELS)
        try:
            url = setup_tunnel(
                local_host="127.0.0.1",
                local_port=port,
                share_token=secrets.token_urlsafe(32),
                share_server_address=None,
                share_server_tls_certificate=None,
            )
        except BaseException:
            _end([each for each in tunneling.CURRENT_TUNNELS if each not in before])
            raise
        return GradioTunnel(url, tuple(each for each in tunneling.CURRENT_TUNNELS if each not in before))


def _end(programs: Any) -> None:
    from gradio import tunneling

    for program in programs:
        process = program.proc
        program.proc = None  # its own `kill` prints
        if process is not None:
            process.terminate()
            process.wait(10)
        tunneling.CURRENT_TUNNELS.remove(program)
