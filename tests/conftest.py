"""What all tests share: a real server process on loopback, with a home folder of its own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import numpy as np
import psutil
import pytest
import soundfile

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 60.0

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # a shell had the tests run in the background; what they start is to hear Ctrl-C
    signal.signal(signal.SIGINT, signal.default_int_handler)


def free_port() -> int:
    """A port nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


@dataclass
class Server:
    """The product as a user starts it: `python webui.py`, in a home folder that outlives it."""

    home: Path
    environment: dict[str, str] = field(default_factory=dict)
    arguments: tuple[str, ...] = ()
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        return self.home.parent / f"{self.home.name}.log"

    def start(self) -> None:
        """Start it and wait until it answers."""
        environment = {**os.environ, "MSST_HOME": str(self.home), "PYTHONUNBUFFERED": "1", **self.environment}
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "webui.py", "--port", str(self.port), *self.arguments],
                cwd=ROOT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + START_SECONDS
        while not self.answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the server did not start:\n{self.log.read_text(encoding='utf-8', errors='replace')[-4000:]}")
            time.sleep(0.05)

    def adopt(self, weights: Path) -> None:
        """Use converted weights from elsewhere, so that its first song need not convert them."""
        models = self.home / "models"
        models.mkdir(parents=True)
        for file in weights.iterdir():
            os.link(file, models / file.name)

    def answers(self) -> bool:
        try:
            return httpx.get(f"{self.url}/health", timeout=5).status_code == 200
        except httpx.TransportError:
            return False

    def workers(self) -> list[psutil.Process]:
        """Its compute processes."""
        assert self.process is not None
        children = psutil.Process(self.process.pid).children(recursive=True)
        return [child for child in children if _is_worker(child)]

    def kill(self) -> None:
        """As kill -9 does."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        """As Ctrl-C does."""
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.kill()

    def restart(self) -> None:
        self.stop()
        self.start()


def _is_worker(process: psutil.Process) -> bool:
    try:
        return "webui.compute.child" in process.cmdline()
    except psutil.NoSuchProcess:
        return False


@pytest.fixture(scope="session")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built-in model's weights, converted."""
    from inference.catalogue import load_catalogue
    from inference.checkpoints import load_weights

    cache = tmp_path_factory.mktemp("weights")
    for path in load_catalogue().get("spleeter_2stems").weights.paths():
        load_weights(path, cache)
    return cache


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory, weights: Path) -> Iterator[Server]:
    """One server for all tests that leave it as they found it."""
    running = Server(tmp_path_factory.mktemp("server") / "home", environment={"MSST_CALLBACK_BACKOFF": "0.2"})
    running.adopt(weights)
    running.start()
    yield running
    running.stop()


@pytest.fixture
def own_server(tmp_path: Path, weights: Path) -> Iterator[Server]:
    """A server for a test that kills or reconfigures it; the test starts it."""
    own = Server(tmp_path / "home", environment={"MSST_CALLBACK_BACKOFF": "0.2", "MSST_PAGE": "0"})
    own.adopt(weights)
    yield own
    if own.process is not None:
        own.stop()


def chord(seconds: float, sample_rate: int = 44100, channels: int = 2) -> np.ndarray:
    """Some music: a chord that swells, with a little noise; float32 [n, channels]."""
    generator = np.random.default_rng(7)
    time_axis = np.arange(round(seconds * sample_rate)) / sample_rate
    tones = sum(np.sin(2 * np.pi * pitch * time_axis + phase) for phase, pitch in enumerate((220.0, 277.2, 329.6, 440.0)))
    swell = 0.06 * (1.2 + np.sin(2 * np.pi * 0.7 * time_axis))
    mono = swell * tones + 0.005 * generator.standard_normal(len(time_axis))
    return np.stack([mono * (1 - 0.1 * channel) for channel in range(channels)], axis=1).astype(np.float32)


@pytest.fixture(scope="session")
def song(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three seconds of stereo."""
    path = tmp_path_factory.mktemp("songs") / "song.wav"
    soundfile.write(path, chord(3.0), 44100, subtype="PCM_16")
    return path
