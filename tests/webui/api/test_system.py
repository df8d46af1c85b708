"""The machine, the public address, QR codes, diagnostics and the cache, over HTTP."""

from __future__ import annotations

import io
import json
import os
import socket
import threading
import xml.etree.ElementTree
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.tools.hub.server import eventually
from tests.webui.api.conftest import House, refused
from webui import server
from webui.services import system
from webui.services.configuration import Configuration
from webui.services.joblist import JobPage
from webui.settings import Settings


@dataclass
class Relay:
    """A tunnel without a network."""

    url: str = "https://abc.gradio.live"
    ports: list[int] = field(default_factory=list)
    closed: int = 0
    fails: Exception | None = None
    go: threading.Event = field(default_factory=threading.Event)

    def open(self, port: int) -> Relay:
        self.ports.append(port)
        assert self.go.wait(10)
        if self.fails:
            raise self.fails
        return self

    def close(self) -> None:
        self.closed += 1


@pytest.fixture
def relay(house: House) -> Relay:
    found = Relay()
    found.go.set()
    house.services.share.opener = found.open
    house.services.system.port = 7861
    return found


def test_the_machine_is_described(client: TestClient, house: House) -> None:
    found = client.get("/api/v1/system").json()
    assert found["memory"]["total"] > found["memory"]["server"] > 1e6
    assert found["cpu"]["cores"] == os.cpu_count()
    assert 0 <= found["cpu"]["load"] <= 100
    assert found["torch"]
    assert (found["gpu"], found["memory"]["workers"]) == ([], [])  # nothing computes yet
    disk = found["disk"]
    assert disk["total"] > disk["free"] > 0
    assert disk["partial"] is False
    assert found["addresses"] == ["http://127.0.0.1:7860"]
    assert found["share"] == {"state": "off", "url": None, "error": None}


def test_the_disk_is_counted_by_kind_and_a_song_of_two_names_once(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    storage, look = house.services.storage, house.services.system.disk
    before = look(fresh=True)
    upload = storage.tmp / "song.wav"
    upload.write_bytes(b"\0" * 5000)
    (storage.home / "inputs" / "a").mkdir()
    os.link(upload, storage.home / "inputs" / "a" / "song.wav")
    (storage.models / "m.ckpt").write_bytes(b"\0" * 70)
    (storage.home / "results" / "loop").symlink_to(storage.home)
    assert look() == before | {"free": look()["free"]}  # it holds for a while
    after = look(fresh=True)
    assert [after[kind] - before[kind] for kind in ("jobs", "models", "uploads", "cache")] == [5000, 70, 0, 0]
    monkeypatch.setattr(system, "DISK_PATIENCE", 0.0)
    assert look(fresh=True)["partial"] is True


def test_the_addresses_are_those_of_the_networks(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    open_one = house.services.settings.model_copy(update={"host": "0.0.0.0"})
    monkeypatch.setattr(Configuration, "now", open_one)
    monkeypatch.setattr(system, "_own_addresses", lambda: ["192.168.1.7", "10.0.0.3"])
    house.services.system.port = 8000
    assert house.services.system.addresses() == ["http://127.0.0.1:8000", "http://192.168.1.7:8000", "http://10.0.0.3:8000"]


def test_the_public_address_is_opened_and_closed(house: House, relay: Relay) -> None:
    client = house.client()
    assert client.post("/api/v1/share").status_code == 202
    assert house.services.share.wait(10) == "open"
    assert relay.ports == [7861]
    assert client.get("/api/v1/share").json() == {"state": "open", "url": relay.url, "error": None}
    assert client.get("/api/v1/system").json()["share"]["url"] == relay.url
    refused(client.post("/api/v1/share"), 403, "not_owner")  # whoever comes through the relay seems to be on this machine
    assert client.delete("/api/v1/share").json() == {"state": "off", "url": None, "error": None}
    assert relay.closed == 1
    assert client.post("/api/v1/share").status_code == 202


def test_no_public_address_is_told_and_can_be_tried_again(house: House, relay: Relay) -> None:
    relay.fails = RuntimeError("Could not get share link from Gradio API Server.\nmore of it")
    client = house.client()
    client.post("/api/v1/share")
    assert house.services.share.wait(10) == "failed"
    told = client.get("/api/v1/share").json()
    assert (told["state"], told["url"], told["error"]["code"]) == ("failed", None, "share_failed")
    assert told["error"]["message"].endswith("Could not get share link from Gradio API Server.")
    relay.fails = None
    client.post("/api/v1/share")
    assert house.services.share.wait(10) == "open"


def test_an_address_that_comes_too_late_is_closed_again(house: House, relay: Relay) -> None:
    relay.go.clear()
    client = house.client()
    assert client.post("/api/v1/share").json()["state"] == "starting"
    client.delete("/api/v1/share")
    relay.go.set()
    eventually(lambda: relay.closed == 1)
    assert client.get("/api/v1/share").json()["state"] == "off"


def test_a_stranger_opens_nothing(stranger: TestClient, relay: Relay) -> None:
    refused(stranger.post("/api/v1/share"), 403, "not_owner")
    assert relay.ports == []


def test_gradio_s_relay_is_given_up_where_there_is_no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    import httpx
    from gradio import tunneling

    from webui.ui.tunnel import open_tunnel

    def no_network(*_: Any, **__: Any) -> None:
        raise httpx.ConnectError("no network")

    monkeypatch.setattr(httpx, "get", no_network)
    with pytest.raises(RuntimeError, match="share link"):
        open_tunnel(7860)
    assert tunneling.CURRENT_TUNNELS == []


def test_gradio_s_program_ends_with_the_address(monkeypatch: pytest.MonkeyPatch) -> None:
    import subprocess
    import sys

    from gradio import networking, tunneling

    from webui.ui.tunnel import open_tunnel

    def setup(**_: Any) -> str:
        program = tunneling.Tunnel("relay", 1, "127.0.0.1", 7860, "token", None)
        program.proc = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
        tunneling.CURRENT_TUNNELS.append(program)
        return "https://abc.gradio.live"

    monkeypatch.setattr(networking, "setup_tunnel", setup)
    tunnel = open_tunnel(7860)
    (process,) = [program.proc for program in tunneling.CURRENT_TUNNELS]
    assert tunnel.url == "https://abc.gradio.live"
    tunnel.close()
    assert process.poll() is not None
    assert tunneling.CURRENT_TUNNELS == []


def test_each_tunnel_has_its_own_program(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two that are opened at a time, as by POST, DELETE, POST within seconds."""
    from gradio import networking, tunneling

    from webui.ui.tunnel import open_tunnel

    first, go, addresses = threading.Event(), threading.Event(), iter(("https://a.gradio.live", "https://b.gradio.live"))

    def setup(**_: Any) -> str:
        address = next(addresses)
        program = tunneling.Tunnel("relay", 1, "127.0.0.1", 7860, address, None)
        tunneling.CURRENT_TUNNELS.append(program)
        if not first.is_set():
            first.set()
            go.wait(0.2)  # the second one is let in here, if it can be
        else:
            go.set()
        return address

    monkeypatch.setattr(networking, "setup_tunnel", setup)
    with ThreadPoolExecutor(2) as threads:
        one = threads.submit(open_tunnel, 7860)
        assert first.wait(10)
        two = threads.submit(open_tunnel, 7860)
        tunnels = [one.result(10), two.result(10)]
    assert [[program.share_token for program in tunnel.programs] for tunnel in tunnels] == [[tunnel.url] for tunnel in tunnels]
    for tunnel in tunnels:
        tunnel.close()
    assert tunneling.CURRENT_TUNNELS == []


def test_the_server_is_well_where_the_usual_preset_is_not(client: TestClient, house: House) -> None:
    house.services.start()
    assert client.get("/health").json()["model"] == "spleeter_2stems"
    own = house.services.storage.presets / "my_preset.json"
    steps = [{"kind": "separate", "name": "s", "model": "gone"}]
    for text in (json.dumps({"version": "2.0.0", "name": "Mine", "steps": steps, "outputs": [{"from": "s.vocals"}]}), "{"):
        own.write_text(text, encoding="utf-8")
        answer = client.get("/health")
        assert (answer.status_code, answer.json()["status"], answer.json()["model"]) == (200, "healthy", "")
        assert client.head("/health").status_code == 200


def test_ipv4_through_a_socket_for_both_is_this_machine_too(house: House) -> None:
    for host, status in (("::ffff:127.0.0.1", 200), ("::1", 200), ("::ffff:192.0.2.7", 403)):
        assert house.client(host).patch("/api/v1/settings", json={"proxy": "none"}).status_code == status


def test_everywhere_is_ipv4_and_ipv6() -> None:
    if not socket.has_dualstack_ipv6():
        pytest.skip("this system has no sockets for both")
    with server._listen(Settings(host="::", port=0)) as listener:
        port = listener.getsockname()[1]
        for host in ("127.0.0.1", "::1"):
            socket.create_connection((host, port), 10).close()
    assert server._shown("::") == "127.0.0.1"


@pytest.mark.parametrize("text", ["http://127.0.0.1:7860", "http://127.0.0.1:7860/?tab=models&job=a", "https://studio.example/"])
def test_an_address_of_this_server_becomes_a_picture(client: TestClient, text: str) -> None:
    client.patch("/api/v1/settings", json={"public_url": "https://studio.example"})
    answer = client.get("/api/v1/qr", params={"text": text})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/svg+xml")
    root = xml.etree.ElementTree.parse(io.BytesIO(answer.content)).getroot()
    assert root.tag == "{http://www.w3.org/2000/svg}svg"


@pytest.mark.parametrize(
    "text",
    ["https://evil.example", "http://127.0.0.1:78601", "http://127.0.0.1:7860.evil.example", "hello", "http://127.0.0.1:7860@evil.example"],
)
def test_any_other_text_does_not(client: TestClient, text: str) -> None:
    refused(client.get("/api/v1/qr", params={"text": text}), 400, "bad_request")


def test_diagnostics_say_what_helps_and_no_secrets(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    client = house.client()
    monkeypatch.setattr(house.services.joblist, "page", lambda _: JobPage([], 0))  # this house has no job store
    monkeypatch.setattr(Path, "home", lambda: house.services.storage.home.parent)
    secret = client.post("/api/v1/keys", json={"name": "studio"}).json()["key"]
    answer = client.get("/api/v1/diagnostics")
    assert answer.headers["content-type"].startswith("text/plain")
    text = answer.text
    for part in ("Python", "torch", "queue_limit=100", "--max-upload-mb", "disk: free"):
        assert part in text
    assert secret not in text
    assert str(house.services.storage.home.parent) not in text


def test_the_cache_is_emptied(house: House) -> None:
    kept = house.services.storage.steps / "abc"
    kept.mkdir(parents=True)
    (kept / "0.wav").write_bytes(b"\0" * 4000)
    client = house.client()
    said = house.services.storage.analyses
    said.mkdir()
    for name in ("a.json", "b.png", "c.flac", "d.peaks"):
        (said / name).write_bytes(b"\0" * 500)
    assert client.get("/api/v1/system").json()["disk"]["cache"] == 6000
    assert client.post("/api/v1/cache/clean").json() == {"freed": 6000}
    assert client.get("/api/v1/system").json()["disk"]["cache"] == 0
