"""Twenty people look at one queue for five minutes: nobody misses anything, and neither the server nor the page grows.

MSST_WATCH_SECONDS shortens it for trying it out; `-o log_cli=true --log-level=INFO` shows the figures.
"""

from __future__ import annotations

import logging
import os
import time
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from tests.conftest import Server

pytestmark = [pytest.mark.browser, pytest.mark.slow]

log = logging.getLogger(__name__)

SESSIONS = 20
JOBS = 20
SECONDS = float(os.environ.get("MSST_WATCH_SECONDS", "300"))
SEEN_WITHIN_S = 12.0  # the longest pause between two looks at an idle list, and some time to draw it
ORDER = ("queued", "running", "completed")

# Writes down every state and progress that the page's one copy of the list has shown, by job.
WATCH = """async () => {
  const { jobs } = await import(new URL(window.MSST.assets + "jobs.js", document.baseURI).href);
  window.seen = {};
  jobs.subscribe(({ list }) => {
    for (const job of list ?? []) (window.seen[job.id] ??= []).push([job.state, job.progress]);
  });
}"""


@pytest.fixture
def page_server(tmp_path: Path, weights: Path) -> Any:
    server = Server(tmp_path / "home")
    server.adopt(weights)
    server.start()
    yield server
    server.stop()


def heap(page: Any) -> int:
    """Bytes that the page's scripts hold, after a collection."""
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    used: int = session.send("Runtime.getHeapUsage")["usedSize"]
    session.detach()
    return used


def memory(server: Server) -> int:
    """Bytes of the server's own process."""
    assert server.process is not None
    return int(psutil.Process(server.process.pid).memory_info().rss)


@pytest.mark.timeout(SECONDS + 300)
def test_twenty_sessions_miss_nothing_and_nothing_grows(page_server: Server, browser: Any) -> None:
    contexts = [browser.new_context() for _ in range(SESSIONS)]
    pages = [context.new_page() for context in contexts]
    for number, page in enumerate(pages):
        page.goto(f"{page_server.url}/?tab={'jobs' if number % 2 else 'separate'}")
        page.wait_for_selector(".ms-nav")
        page.evaluate(WATCH)

    started = time.monotonic()
    ids: list[str] = []
    early: tuple[int, int] | None = None
    while time.monotonic() - started < SECONDS:
        elapsed = time.monotonic() - started
        if len(ids) < JOBS and elapsed >= len(ids) * SECONDS / (JOBS + 2):
            answer = httpx.post(f"{page_server.url}/api/v1/jobs", data={"sample": "true", "format": "flac"}, timeout=60)
            assert answer.status_code == 202, answer.text
            ids.append(answer.json()["id"])
        if early is None and elapsed >= SECONDS / 4:
            early = memory(page_server), heap(pages[0])
        pages[0].wait_for_timeout(200)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not all(state(page_server, job) == "completed" for job in ids):
        time.sleep(0.5)
    pages[0].wait_for_timeout(SEEN_WITHIN_S * 1000)

    for page in pages:
        seen = page.evaluate("window.seen")
        assert set(seen) == set(ids)
        for job in ids:
            places = [ORDER.index(each) for each, _ in seen[job]]
            assert places == sorted(places)
            assert ORDER[places[-1]] == "completed"
            running = [progress for each, progress in seen[job] if each == "running"]
            assert running == sorted(running)
    assert early is not None
    late = memory(page_server), heap(pages[0])
    log.info("server %.1f -> %.1f MB, page %.2f -> %.2f MB", *(each / 1e6 for pair in zip(early, late, strict=True) for each in pair))
    assert late[0] < early[0] * 1.08 + 4e6
    assert late[1] < early[1] * 1.15 + 2e6
    for context in contexts:
        context.close()


def state(server: Server, job: str) -> str:
    return str(httpx.get(f"{server.url}/api/v1/jobs/{job}").json()["state"])
