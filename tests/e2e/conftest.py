"""A browser for the tests of the page: an installed Chromium or Chrome, driven by Playwright.

MSST_BROWSER names it, else it is looked for. Without one the tests are skipped with a word; MSST_REQUIRE_BROWSER=1 makes that a failure.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.conftest import Server

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
PLACES = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "C:/Program Files/Google/Chrome/Application/chrome.exe",
    "C:/Program Files (x86)/Google/Chrome/Application/chrome.exe",
    "C:/Program Files (x86)/Microsoft/Edge/Application/msedge.exe",
)
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--no-first-run"]
LIMIT_MS = 30_000
DESKTOP = {"viewport": {"width": 1280, "height": 900}, "locale": "en-US"}
PHONE = {"viewport": {"width": 390, "height": 844}, "locale": "en-US", "has_touch": True, "is_mobile": True}

# Counts on the sound: every AudioBufferSourceNode that is started: its stem's node, when, from where and how much of it.
SPY = """
window.started = [];
window.contexts = [];
const start = AudioBufferSourceNode.prototype.start;
const connect = AudioNode.prototype.connect;
const nodes = new Map();
AudioNode.prototype.connect = function (to, ...rest) {
  if (this instanceof AudioBufferSourceNode) {
    if (!nodes.has(to)) nodes.set(to, nodes.size);
    this.stem = nodes.get(to);
  }
  return connect.call(this, to, ...rest);
};
AudioBufferSourceNode.prototype.start = function (when, offset, ...rest) {
  if (!window.contexts.includes(this.context)) window.contexts.push(this.context);
  const { length, sampleRate } = this.buffer;
  const [duration = length / sampleRate - offset] = rest;
  const speed = this.playbackRate.value;
  window.started.push({ stem: this.stem, when, offset, length, duration, speed, rate: sampleRate, now: this.context.currentTime });
  return start.call(this, when, offset, ...rest);
};
"""

FILLED = """() => {
  const place = document.querySelector(`#tab-${document.documentElement.dataset.tab} [data-live]`);
  return place?.childElementCount > 0 && !place.hasAttribute("aria-busy");
}"""


def find_browser() -> str | None:
    """Path of a Chromium or Chrome on this computer."""
    for name in (os.environ.get("MSST_BROWSER", ""), *NAMES, *PLACES):
        found = shutil.which(name) if name else None
        if found:
            return found
    return None


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """One browser for the tests of a file: Playwright's loop runs in this thread meanwhile, and would be in the way of other files."""
    path = find_browser()
    if path is None:
        message = "no Chromium or Chrome found: the browser tests are left out; install one or set MSST_BROWSER to its path"
        if os.environ.get("MSST_REQUIRE_BROWSER") == "1":
            pytest.fail(message)
        pytest.skip(message)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield running
        running.close()


@dataclass
class Watched:
    """What a page did that it must not do."""

    server: str
    complaints: list[str] = field(default_factory=list)
    allowed: list[str] = field(default_factory=list)  # parts of console errors that a test causes on purpose

    def follow(self, page: Any) -> None:
        page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        page.on("console", lambda message: message.type == "error" and self.complaints.append(f"console: {message.text}"))
        page.on("request", self._request)

    def _request(self, request: Any) -> None:
        if not request.url.startswith((self.server, "data:", "blob:")):
            self.complaints.append(f"foreign request: {request.url}")

    def check(self) -> None:
        left = [text for text in self.complaints if not any(part in text for part in self.allowed)]
        assert not left


@pytest.fixture
def watched(server: Server) -> Watched:
    """Console errors, exceptions and foreign requests of all pages of a test."""
    return Watched(server.url)


@pytest.fixture
def open_page(browser: Any, server: Server, watched: Watched) -> Iterator[Callable[..., Any]]:
    """open_page(path="", **options of the browser context) -> a page whose open tab has been filled."""
    contexts = []

    def opener(path: str = "", **options: Any) -> Any:
        context = browser.new_context(**{**DESKTOP, **options})
        contexts.append(context)
        context.set_default_timeout(LIMIT_MS)
        context.add_init_script(SPY)
        page = context.new_page()
        watched.follow(page)
        page.goto(f"{server.url}/{path}")
        page.wait_for_selector(".ms-nav")
        page.wait_for_function(FILLED)
        return page

    yield opener
    for context in contexts:
        context.close()
    watched.check()


@pytest.fixture(scope="session")
def broken_song(tmp_path_factory: pytest.TempPathFactory, song: Path) -> Path:
    """A name that wants to be a script, on a file that is no song."""
    path = tmp_path_factory.mktemp("broken") / "no song, $(x) & 'ä' 歌 🎵.wav"
    path.write_bytes(b"RIFF" + bytes(range(256)) * 8)
    return path


@pytest.fixture(scope="module")
def sample_job(server: Server) -> dict[str, Any]:
    """The sample song, separated once for the tests of a file: those of another may have deleted all jobs meanwhile."""
    job = httpx.post(f"{server.url}/api/v1/jobs", data={"sample": "true"}).json()
    while job["state"] in ("queued", "running"):
        job = httpx.get(f"{server.url}/api/v1/jobs/{job['id']}").json()
    assert job["state"] == "completed"
    return dict(job)


@pytest.fixture
def open_desk(open_page: Callable[..., Any], sample_job: dict[str, Any]) -> Callable[..., Any]:
    """open_desk(**options of the browser context) -> a page with the mixer of the sample song."""

    def opener(**options: Any) -> Any:
        page = open_page(f"?tab=result&job={sample_job['id']}", **options)
        page.wait_for_selector(".ms-desk")
        return page

    return opener
