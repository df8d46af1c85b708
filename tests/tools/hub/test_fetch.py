"""One file from a hub that does right or wrong: what ends in place is right, or nothing does."""

from __future__ import annotations

import errno
import hashlib
import subprocess
import sys
import threading
import time
from collections import deque
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from inference.errors import Cancelled, DiskFull, MsstError
from tests.conftest import ROOT
from tests.tools.hub.server import Fault, Hub, content, eventually
from tools.hub import (
    KNOWN,
    Disk,
    DownloadFailed,
    Endpoint,
    Policy,
    Progress,
    Source,
    Wanted,
    WrongBytes,
    check_proxy,
    fetch,
    parse_endpoint,
)
from tools.hub.progress import Meter
from tools.hub.proxies import proxy_for

QUICK = Policy(pause=0.0, stall=60.0, proxy="none")
BIG = content(300_000, 1)
NAME = "models/歌 one.ckpt"


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def at(hub: Hub, name: str = NAME) -> Source:
    return parse_endpoint(hub.url).source("owner/repo", name)


def leftovers(target: Path) -> list[str]:
    return sorted(path.name for path in target.parent.iterdir() if path != target)


def test_a_file_comes_through_the_hub(tmp_path: Path) -> None:
    seen: list[Progress] = []
    with Hub({NAME: BIG}) as hub:
        receipt = fetch([at(hub)], tmp_path / "new" / "m.ckpt", policy=QUICK, on_progress=seen.append)
        assert (receipt.bytes, receipt.sha256, receipt.checked) == (len(BIG), sha256(BIG), True)
        assert receipt.path.read_bytes() == BIG
        assert receipt.source == at(hub).url
        assert not leftovers(receipt.path)
        assert all(headers["accept-encoding"] == "identity" for headers in hub.headers)
    assert seen[-1].stage == "verifying"
    assert (seen[-1].done, seen[-1].total) == (len(BIG), len(BIG))


def test_a_file_that_is_there_and_right_is_not_sent_again(tmp_path: Path) -> None:
    with Hub({NAME: BIG}) as hub:
        for _ in range(2):
            fetch([at(hub)], tmp_path / "m", wanted=Wanted(len(BIG), sha256(BIG)), policy=QUICK)
        assert hub.sent() == len(BIG)
        (tmp_path / "m").write_bytes(content(len(BIG), 9))
        fetch([at(hub)], tmp_path / "m", wanted=Wanted(len(BIG), sha256(BIG)), policy=QUICK)
        assert (tmp_path / "m").read_bytes() == BIG


@pytest.mark.parametrize(
    "faults",
    [
        [Fault("drop", 100_000)],
        [Fault("drop", 100_000), Fault("drop", 50_000), Fault("reset"), Fault("drop", 7)],
        [Fault("status", 500), Fault("status", 503), Fault("status", 429)],
        [Fault("drop", 100_000), Fault("status", 502), Fault("drop", 0)],
        [Fault("drop", 100_000), Fault("long", 10)],
    ],
)
def test_a_broken_line_costs_no_byte_twice(tmp_path: Path, faults: list[Fault]) -> None:
    with Hub({NAME: BIG}, deque(faults)) as hub:
        fetch([at(hub)], tmp_path / "m", policy=QUICK)
        assert (tmp_path / "m").read_bytes() == BIG
        assert hub.sent() == len(BIG)


@pytest.mark.parametrize(
    "faults",
    [
        [Fault("drop", 100_000), Fault("plain")],
        [Fault("drop", 100_000), Fault("other_range")],
        [Fault("drop", 100_000), Fault("other_range"), Fault("other_range"), Fault("plain"), Fault("drop", 5)],
        [Fault("drop", 100_000), Fault("wrong_total", 10)],
        [Fault("short", 1000)],
        [Fault("long", 1000)],
        [Fault("short", 1000), Fault("wrong_total", -5)],
    ],
)
def test_lies_about_lengths_and_ranges_do_no_harm(tmp_path: Path, faults: list[Fault]) -> None:
    with Hub({NAME: BIG}, deque(faults)) as hub:
        fetch([at(hub)], tmp_path / "m", policy=QUICK)
        assert (tmp_path / "m").read_bytes() == BIG
        assert not leftovers(tmp_path / "m")


@pytest.mark.parametrize("known", [True, False])
def test_wrong_bytes_are_never_kept(tmp_path: Path, known: bool) -> None:
    wanted = Wanted(len(BIG), sha256(BIG)) if known else None
    with Hub({NAME: BIG}, deque([Fault("wrong", 5)] * 20)) as hub, pytest.raises(WrongBytes) as caught:
        fetch([at(hub)], tmp_path / "m", wanted=wanted, policy=QUICK)
    assert "wrong bytes" in caught.value.message
    assert caught.value.hint
    assert not list(tmp_path.iterdir())


def test_wrong_bytes_of_an_earlier_time_are_sent_again(tmp_path: Path) -> None:
    with Hub({NAME: BIG}, deque([Fault("drop", 100_000), Fault("status", 404)])) as hub:
        with pytest.raises(DownloadFailed):
            fetch([at(hub)], tmp_path / "m", policy=QUICK)
        part = tmp_path / "m.part"
        assert part.read_bytes() == BIG[:100_000]
        part.write_bytes(b"x" * 100_000)
        fetch([at(hub)], tmp_path / "m", policy=QUICK)
        assert (tmp_path / "m").read_bytes() == BIG


@pytest.mark.parametrize(
    "wrong", [{NAME: content(len(BIG), 2)}, {NAME: BIG[:-1]}, {NAME: b""}, {}]
)  # other bytes, other sizes, and none at all
def test_the_next_mirror_helps(tmp_path: Path, wrong: dict[str, bytes]) -> None:
    with Hub(wrong) as bad, Hub({NAME: BIG}) as good:
        receipt = fetch([at(bad), at(good)], tmp_path / "m", wanted=Wanted(len(BIG), sha256(BIG)), policy=QUICK)
        assert receipt.source == at(good).url
        assert good.sent() == len(BIG)
    assert (tmp_path / "m").read_bytes() == BIG


def test_the_next_mirror_goes_on_where_the_first_one_ended(tmp_path: Path) -> None:
    with Hub({NAME: BIG}, deque([Fault("drop", 200_000), *[Fault("reset")] * 20])) as first, Hub({NAME: BIG}) as second:
        fetch([at(first), at(second)], tmp_path / "m", policy=QUICK)
        assert (first.sent(), second.sent()) == (200_000, 100_000)
    assert (tmp_path / "m").read_bytes() == BIG


def test_without_a_checksum_a_resumed_file_is_of_one_server(tmp_path: Path) -> None:
    faults = deque([Fault("drop", 200_000), *[Fault("reset")] * 20])
    with Hub({NAME: BIG}, faults, reports=False) as first, Hub({NAME: content(len(BIG), 3)}) as second:
        fetch([at(first), at(second)], tmp_path / "m", policy=QUICK)
        assert (tmp_path / "m").read_bytes() == second.files[NAME]


@pytest.mark.parametrize("size", [300_000, 299_999, 10, 400_000])
def test_a_file_that_changes_meanwhile_begins_anew(tmp_path: Path, size: int) -> None:
    with Hub({NAME: BIG}, deque([Fault("drop", 100_000), Fault("change")]), later=content(size, 5)) as hub:
        receipt = fetch([at(hub)], tmp_path / "m", policy=QUICK)
        assert receipt.path.read_bytes() == content(size, 5)


def test_redirects_end(tmp_path: Path) -> None:
    with Hub({NAME: BIG}, deque([Fault("loop")] * 50)) as hub, pytest.raises(DownloadFailed, match="redirects more than"):
        fetch([at(hub)], tmp_path / "m", policy=QUICK)


@pytest.mark.parametrize(("status", "tries"), [(404, 1), (403, 1), (410, 1), (429, 5), (500, 5)])
def test_what_is_not_there_is_asked_for_once(tmp_path: Path, status: int, tries: int) -> None:
    with Hub({NAME: BIG}, deque([Fault("status", status)] * 50)) as hub:
        with pytest.raises(DownloadFailed, match=str(status)):
            fetch([at(hub)], tmp_path / "m", policy=QUICK)
        assert 50 - len(hub.faults) == tries


def test_a_server_that_stands_still_is_left(tmp_path: Path) -> None:
    with Hub({NAME: BIG}, deque([Fault("stall", 1000)] * 50)) as slow, Hub({NAME: BIG}) as good:
        fetch([at(slow), at(good)], tmp_path / "m", policy=Policy(tries=2, pause=0.0, stall=1.5, proxy="none"))
        assert good.sent() <= len(BIG) - 1000
    assert (tmp_path / "m").read_bytes() == BIG


def test_compressed_bytes_are_not_wanted(tmp_path: Path) -> None:
    with Hub({NAME: BIG}, deque([Fault("gzip")] * 50)) as hub, pytest.raises(DownloadFailed, match="compressed"):
        fetch([at(hub)], tmp_path / "m", policy=QUICK)


def test_nobody_there(tmp_path: Path) -> None:
    with Hub({}) as hub:
        gone = at(hub)
    with pytest.raises(DownloadFailed) as caught:
        fetch([gone], tmp_path / "m", policy=QUICK)
    assert "MSST_PROXY" in caught.value.hint
    with pytest.raises(DownloadFailed, match="no endpoint has it"):
        fetch([], tmp_path / "m", policy=QUICK)


def test_small_text_is_checked_against_gits_name_of_it(tmp_path: Path) -> None:
    text = b"audio:\n  chunk_size: 1\n"
    with Hub({"m.yaml": text}) as hub:
        receipt = fetch([at(hub, "m.yaml")], tmp_path / "m.yaml", policy=QUICK)
        assert receipt.checked
        hub.faults.extend([Fault("wrong", 3)] * 20)
        with pytest.raises(WrongBytes):
            fetch([at(hub, "m.yaml")], tmp_path / "again.yaml", policy=QUICK)


def test_modelscope_lists_its_checksums(tmp_path: Path) -> None:
    with Hub({NAME: BIG}) as hub:
        scope = Endpoint("scope", hub.url, "modelscope", "operator")
        receipt = fetch([scope.source("owner/repo", NAME)], tmp_path / "m", policy=QUICK)
        assert receipt.checked
        hub.faults.extend([Fault("wrong", 3)] * 20)
        with pytest.raises(WrongBytes):
            fetch([scope.source("owner/repo", NAME)], tmp_path / "again", policy=QUICK)


def test_cancelled_and_taken_up_again(tmp_path: Path) -> None:
    seen: list[int] = []
    with Hub({NAME: BIG}, deque([Fault("stall", 150_000)])) as hub:
        with pytest.raises(Cancelled):
            fetch(
                [at(hub)], tmp_path / "m", policy=QUICK, on_progress=lambda p: seen.append(p.done), cancelled=lambda: hub.sent() >= 150_000
            )
        assert not (tmp_path / "m").exists()
        there = (tmp_path / "m.part").stat().st_size
        assert 0 < there <= 150_000
        fetch([at(hub)], tmp_path / "m", policy=QUICK)
        assert hub.asked[-1].start == there
    assert (tmp_path / "m").read_bytes() == BIG


def test_a_cancel_is_heard_while_nothing_comes(tmp_path: Path) -> None:
    with Hub({NAME: BIG}, deque([Fault("stall", 0)])) as hub:
        began = time.monotonic()
        with pytest.raises(Cancelled):
            fetch([at(hub)], tmp_path / "m", policy=Policy(stall=100, proxy="none"), cancelled=lambda: bool(hub.asked))
        assert time.monotonic() - began < 50


class SmallDisk(Disk):
    """Has room for so many bytes."""

    def __init__(self, room: int, *, admits_it: bool) -> None:
        self.room, self._admits_it = room, admits_it

    def free(self, folder: Path) -> int:
        return self.room if self._admits_it else 1 << 40

    def open(self, path: Path) -> BinaryIO:
        file, disk = super().open(path), self

        class Limited:
            def write(self, data: Any) -> int:
                fits = min(len(data), disk.room)
                if fits == 0:
                    raise OSError(errno.ENOSPC, "No space left on device")
                disk.room -= fits
                return file.write(data[:fits])

            def __getattr__(self, name: str) -> Any:
                return getattr(file, name)

        return Limited()  # type: ignore[return-value]


def test_a_disk_that_is_too_small_is_noticed_before_anything_is_sent(tmp_path: Path) -> None:
    with Hub({NAME: BIG}) as hub:
        with pytest.raises(DiskFull) as caught:
            fetch([at(hub)], tmp_path / "m", policy=QUICK, disk=SmallDisk(100_000, admits_it=True))
        assert "MB are free" in caught.value.message
        assert (tmp_path / "m.part").stat().st_size == 0


def test_a_disk_that_fills_up_meanwhile_keeps_what_is_there(tmp_path: Path) -> None:
    with Hub({NAME: BIG}) as hub:
        with pytest.raises(DiskFull, match="the disk is full"):
            fetch([at(hub)], tmp_path / "m", policy=QUICK, disk=SmallDisk(123_456, admits_it=False))
        assert (tmp_path / "m.part").stat().st_size == 123_456
        assert not (tmp_path / "m").exists()
        fetch([at(hub)], tmp_path / "m", policy=QUICK)
        assert hub.asked[-1].start == 123_456
    assert (tmp_path / "m").read_bytes() == BIG


CHILD = """
import sys
from pathlib import Path
from tools.hub import Policy, Source, fetch
fetch([Source("hub", sys.argv[1], "operator")], Path(sys.argv[2]), policy=Policy(pause=0.0, proxy="none"))
"""


def start_child(url: str, target: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", CHILD, url, str(target)], cwd=ROOT)


def test_killed_and_taken_up_again(tmp_path: Path) -> None:
    with Hub({NAME: BIG}, deque([Fault("stall", 131_072)])) as hub:
        child = start_child(at(hub).url, tmp_path / "m")
        part = tmp_path / "m.part"
        eventually(lambda: part.exists() and part.stat().st_size == 131_072)
        child.kill()
        child.wait()
        assert not (tmp_path / "m").exists()
        fetch([at(hub)], tmp_path / "m", policy=QUICK)
        assert hub.asked[-1].start == 131_072
    assert (tmp_path / "m").read_bytes() == BIG
    assert not leftovers(tmp_path / "m")


def test_two_at_once_do_not_disturb_each_other(tmp_path: Path) -> None:
    """In two processes and a thread, with a line that breaks; whoever comes second finds the file, or what is there of it."""
    with Hub({NAME: BIG}, deque([Fault("drop", 60_000)] * 3)) as hub:
        child = start_child(at(hub).url, tmp_path / "m")
        failed: list[BaseException] = []

        def work() -> None:
            try:
                fetch([at(hub)], tmp_path / "m", wanted=Wanted(len(BIG), sha256(BIG)), policy=QUICK)
            except MsstError as error:
                failed.append(error)

        threads = [threading.Thread(target=work) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert child.wait() == 0
        assert not failed
    assert (tmp_path / "m").read_bytes() == BIG
    assert not leftovers(tmp_path / "m")


def test_addresses_from_outside_may_not_lead_inside(tmp_path: Path) -> None:
    with Hub({"x": BIG}) as hub:
        for url in (f"{hub.url}/file/x", f"http://localhost:{hub.url.rpartition(':')[2]}/file/x", "http://10.0.0.1/x", "http://[::1]/x"):
            with pytest.raises(DownloadFailed, match="inside a private network"):
                fetch([Source("there", url)], tmp_path / "m", policy=QUICK)
        assert not hub.headers
        fetch([Source("there", f"{hub.url}/file/x", "operator")], tmp_path / "m", policy=QUICK)


def test_a_known_hub_may_not_send_us_inside(tmp_path: Path) -> None:
    with Hub({NAME: BIG}) as hub:
        known = Endpoint("hub", hub.url, "hub")  # its first address is not looked up: everybody knows it
        with pytest.raises(DownloadFailed, match="inside a private network"):
            fetch([known.source("owner/repo", NAME)], tmp_path / "m", policy=QUICK)
        assert hub.sent() == 0


def test_a_proxy_is_used(tmp_path: Path) -> None:
    """A proxy gets the whole address of a server that only it can reach."""
    with Hub({"x": BIG}) as hub:
        policy = Policy(tries=1, pause=0.0, proxy=hub.url)
        source = Source("there", "http://hub.invalid/file/x", "operator")
        with pytest.raises(DownloadFailed):
            fetch([source], tmp_path / "m", policy=policy)
        assert hub.headers[-1]["host"] == "hub.invalid"


def test_a_proxy_is_told_the_address_that_was_checked(tmp_path: Path) -> None:
    """A stranger's name could mean another address when the proxy looks it up."""
    with Hub({"x": BIG}) as hub:
        source = Source("there", "http://localhost:9/file/x", "stranger", allow=("127.0.0.0/8", "::1"))
        with pytest.raises(DownloadFailed):
            fetch([source], tmp_path / "m", policy=Policy(tries=1, pause=0.0, proxy=hub.url))
        assert hub.headers[-1]["host"] == "localhost:9"
        assert hub.targets[-1] in ("http://127.0.0.1:9/file/x", "http://[::1]:9/file/x")


def test_what_users_write_as_an_endpoint() -> None:
    assert parse_endpoint("HF-Mirror") is KNOWN["hf-mirror"]
    assert parse_endpoint("https://huggingface.co/") is KNOWN["hub"]
    own = parse_endpoint(" https://hub.mine:8443/base/ ")
    assert own.source("a/b", "c d.ckpt").url == "https://hub.mine:8443/base/a/b/resolve/main/c%20d.ckpt"
    assert own.trust == "operator"
    for text in ("", "mirror", "ftp://x/", "http:///x", "http://me:secret@x/", "http://x:99999/"):
        with pytest.raises(MsstError):
            parse_endpoint(text)


def test_a_place_that_cannot_be_written_to(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with Hub({NAME: BIG}) as hub, pytest.raises(DiskFull, match="cannot write"):
        fetch([at(hub)], tmp_path / "file" / "m", policy=QUICK)


def test_the_speed_is_smoothed_and_a_standstill_noticed() -> None:
    now = 0.0
    meter = Meter(window=10.0, slowest=100.0, clock=lambda: now)
    for _ in range(100):
        now += 0.5
        meter.add(50_000)
    assert meter.speed == pytest.approx(100_000)
    now += 0.5
    meter.add(0)
    assert 50_000 < meter.speed < 100_000
    now += 1.0
    meter.connected()  # a try that brings nothing is no news
    assert not meter.fell_silent()
    now += 1.0
    assert meter.fell_silent()
    assert meter.speed == 0
    assert not meter.fell_silent()
    meter.connected()
    now += 9.0
    meter.add(10)
    assert not meter.too_slow()
    now += 2.0
    assert meter.too_slow()
    assert Progress(50, 100, 10.0, "hub").seconds_left == 5.0
    assert Progress(50, None, 10.0, "hub").seconds_left is None


def test_proxies_are_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HTTPS_PROXY", "127.0.0.1:7890")
    monkeypatch.setenv("NO_PROXY", "hub.mine")
    assert proxy_for("https://huggingface.co/x", "") == "http://127.0.0.1:7890"
    assert proxy_for("https://hub.mine/x", "") is None
    assert proxy_for("https://hub.mine/x", "socks5://10.0.0.1:1080") == "socks5://10.0.0.1:1080"
    assert proxy_for("https://huggingface.co/x", "none") is None
    for wrong in ("localhost:1", "ftp://x", "http://", "http://x:99999"):
        with pytest.raises(MsstError):
            check_proxy(wrong)
