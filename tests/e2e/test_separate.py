"""A musician's way through the page: songs in, a choice, progress, and the way to the result."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import soundfile

from tests.conftest import Server, chord
from tests.e2e.conftest import PHONE
from tests.families import small_model
from tests.tools.hub.server import Hub
from tests.webui.shelf import record, write_catalogue
from webui.i18n import own_texts

pytestmark = pytest.mark.browser

FILES = "#songs input[type=file]:not([webkitdirectory])"

# A microphone that plays a tone.
MICROPHONE = """
Object.defineProperty(navigator, "mediaDevices", { value: { async getUserMedia() {
  const context = new AudioContext();
  const tone = context.createOscillator();
  const out = context.createMediaStreamDestination();
  tone.connect(out);
  tone.start();
  return out.stream;
} } });
"""

DROP = """(files) => {
  const data = new DataTransfer();
  for (const [name, bytes] of files) data.items.add(new File([Uint8Array.from(atob(bytes), (c) => c.charCodeAt(0))], name));
  for (const kind of ["dragover", "drop"]) {
    document.querySelector(".ms-queue").dispatchEvent(new DragEvent(kind, { bubbles: true, cancelable: true, dataTransfer: data }));
  }
}"""


IN_ORDER = "(titles) => [...document.querySelectorAll('.ms-job h3')].map((each) => each.textContent).join().includes(titles)"


def jobs(server: Server) -> list[dict[str, Any]]:
    return list(httpx.get(f"{server.url}/api/v1/jobs").json()["jobs"])


def end_all(server: Server) -> None:
    for job in jobs(server):
        if job["state"] in ("queued", "running"):
            httpx.post(f"{server.url}/api/v1/jobs/{job['id']}/cancel")


@pytest.fixture(scope="module")
def endless(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A song that takes longer than a test."""
    path = tmp_path_factory.mktemp("long") / "endless.wav"
    soundfile.write(path, np.tile(chord(30.0), (20, 1)), 44100, subtype="PCM_16")
    return path


def test_the_sample_song_opens_by_itself(open_page: Callable[..., Any], server: Server) -> None:
    page = open_page()
    page.click("#sample")
    page.wait_for_url("**tab=result&job=*")
    job = next(job for job in jobs(server) if f"job={job['id']}" in page.url)
    assert (job["state"], job["title"], job["source"], job["purpose"]) == ("completed", "Sample song", "ui", "vocals_and_instrumental")
    page.wait_for_selector("#tab-result h2:has-text('Sample song')")


@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_on_a_phone_whoever_goes_on_is_told_and_not_taken_away(open_page: Callable[..., Any], song: Path, language: str) -> None:
    texts = own_texts(language)
    page = open_page(**{**PHONE, "locale": language})
    page.set_input_files(FILES, song)
    page.wait_for_selector(f"#start:has-text('{texts['separate.start.one']}'):enabled")
    start = page.locator("#start").bounding_box()
    bar = page.locator(".ms-nav").bounding_box()
    assert start["y"] + start["height"] <= bar["y"]  # in sight wherever one has scrolled to
    page.tap("#start")
    page.tap("#by label >> nth=1")  # something else meanwhile
    note = page.locator(".ms-toast", has_text=texts["queue.done"].replace("{title}", song.stem))
    note.wait_for()
    assert "tab=result" not in page.url
    note.get_by_role("button", name=texts["job.open"]).tap()
    page.wait_for_url("**tab=result&job=*")


def test_several_songs_and_one_that_cannot_be_read(
    open_page: Callable[..., Any], server: Server, watched: Any, song: Path, broken_song: Path, tmp_path: Path
) -> None:
    watched.allowed.append("415")
    strange = tmp_path / "<img src=x onerror=alert(1)> 夜曲.flac"
    soundfile.write(strange, chord(2.0, 48000, 1), 48000)
    page = open_page()
    page.set_input_files(FILES, [song, broken_song, strange])
    problem = page.locator(".ms-song[data-state=failed]", has_text=broken_song.name)
    problem.wait_for()
    assert "cannot be read" in problem.inner_text()
    page.wait_for_selector(".ms-song:has-text('夜曲'):has-text('48 kHz · mono')")
    page.wait_for_selector("#start:has-text('2 songs'):enabled")
    page.wait_for_selector(".ms-start-time:has-text('about')")
    page.click("#more summary")
    page.click("#format label:has-text('FLAC')")
    page.click("#start")
    page.wait_for_selector(".ms-toast:has-text('2 songs are in the queue')")  # one note for all
    for title in (song.stem, strange.stem):
        page.locator(".ms-job[data-state=completed]", has=page.get_by_role("heading", name=title, exact=True)).first.wait_for()
    assert not page.query_selector(".ms img")
    assert page.is_disabled("#start")  # the songs are handed over
    assert problem.is_visible()  # and the one that was refused still says why
    done = next(job for job in jobs(server) if job["file"] == strange.name)
    assert done["format"] == {"container": "flac", "subtype": "PCM_24"}
    assert all(result["file"].endswith(".flac") for result in done["results"])


def test_songs_survive_a_reload_and_other_tabs_have_their_own(open_page: Callable[..., Any], song: Path) -> None:
    page = open_page()
    page.set_input_files(FILES, song)
    page.wait_for_selector(".ms-song[data-state=ready]")
    page.reload()
    page.wait_for_selector(f".ms-song[data-state=ready]:has-text('{song.name}')")
    other = page.context.new_page()
    other.goto(page.url)
    other.wait_for_selector(".ms-song[data-state=ready]")
    other.click(".ms-song button[aria-label^=Remove]")
    other.wait_for_selector(".ms-song", state="detached")
    page.reload()
    page.wait_for_selector(".ms-song[data-state=ready]")


def test_songs_come_by_drop_with_their_folder_by_link_and_by_microphone(
    open_page: Callable[..., Any], watched: Any, song: Path, tmp_path: Path
) -> None:
    watched.allowed += ["400", "415"]
    (tmp_path / "Album" / "CD 1").mkdir(parents=True)
    (tmp_path / "Album" / "CD 1" / "one.wav").write_bytes(song.read_bytes())
    (tmp_path / "Album" / "cover.jpg").write_bytes(b"no sound")
    page = open_page()
    page.set_input_files("#songs input[webkitdirectory]", tmp_path / "Album")
    page.wait_for_selector(".ms-song[data-state=ready]:has-text('Album/CD 1')")
    page.wait_for_selector(".ms-toast:has-text('no sound: 1')")
    page.evaluate(DROP, [["dropped.mp3", "bm8gc29uZw=="]])  # beside the list: the whole page takes it
    page.wait_for_selector(".ms-song[data-state=failed]:has-text('dropped.mp3')")
    page.get_by_role("button", name="Link", exact=True).click()
    page.fill("input[type=url]", "http://127.0.0.1:1/song.wav")
    page.keyboard.press("Enter")
    page.wait_for_selector(".ms-zone .ms-bad-text:has-text('address')")
    page.evaluate(MICROPHONE)
    page.get_by_role("button", name="Record", exact=True).click()
    page.get_by_role("button", name="Start recording").click()
    page.wait_for_selector(".ms-record-time:has-text('0:01')")
    page.get_by_role("button", name="Stop and use it").click()
    page.wait_for_selector(".ms-song[data-state=ready]:has-text('Recording')")
    page.locator(".ms-song >> nth=0").get_by_role("button", name="Remove").press("Enter")
    page.wait_for_selector(".ms-song:focus")  # the next one
    page.get_by_role("button", name="Remove all").press("Enter")
    page.wait_for_selector("#sample")
    page.wait_for_selector(".ms-choose:focus")


def test_a_reload_and_another_device_find_the_running_job_and_cancel_it(
    open_page: Callable[..., Any], server: Server, endless: Path
) -> None:
    page = open_page()
    page.set_input_files(FILES, endless)
    page.wait_for_selector("#start:enabled")
    page.click("#start")
    page.wait_for_selector(".ms-job[data-state=running]:has-text('endless')")
    page.reload()
    page.wait_for_selector(".ms-job[data-state=running]:has-text('endless')")
    page.wait_for_selector(".ms-stage:has-text('Separating'):has-text('left')")
    phone = open_page(**PHONE)
    row = phone.locator(".ms-job[data-state=running]", has_text="endless")
    row.locator("[data-action=cancel]").tap()
    for device in (page, phone):
        device.wait_for_selector(".ms-job[data-state=cancelled]:has-text('endless')")
    row = phone.locator(".ms-job", has_text="endless")
    row.locator("[aria-haspopup=menu]").tap()
    row.get_by_role("menuitem", name="Delete").tap()
    phone.locator("dialog .ms-danger").tap()
    row.wait_for(state="detached")
    assert not [job for job in jobs(server) if job["title"] == "endless"]


def test_the_line_can_be_changed(open_page: Callable[..., Any], server: Server, endless: Path) -> None:
    for title in ("first", "second", "third", "fourth"):
        with endless.open("rb") as file:
            httpx.post(f"{server.url}/api/v1/jobs", files={"file": file}, data={"title": title}, timeout=60)
    page = open_page()
    waiting = page.locator(".ms-job[data-state=queued] h3")
    try:
        page.wait_for_function("document.querySelectorAll('.ms-job[data-state=queued]').length === 3")
        assert waiting.all_inner_texts() == ["second", "third", "fourth"]
        fourth = page.locator(".ms-job", has_text="fourth")
        fourth.locator("[data-action=up]").focus()
        for order in ("second,fourth,third", "fourth,second,third"):
            page.keyboard.press("Enter")  # the focus goes with the row
            page.wait_for_function(IN_ORDER, arg=order)
        fourth.locator("[data-action=up]").wait_for(state="detached")
        assert fourth.locator(".ms-menu-root button:focus").count() == 1
        row = page.locator(".ms-job", has_text="third")
        row.locator("[aria-haspopup=menu]").click()
        row.get_by_role("menuitem", name="To the front").click()
        page.wait_for_function(
            "[...document.querySelectorAll('.ms-job h3')].map((e) => e.textContent).join().includes('first,third,fourth,second')"
        )
    finally:
        end_all(server)


def test_a_link_chooses_and_a_job_fills_the_form_again(open_page: Callable[..., Any], server: Server, song: Path) -> None:
    page = open_page("?tab=separate&purpose=choir")
    page.wait_for_selector("#purpose label:has(input:checked):has-text('Choir parts')")
    page.wait_for_selector("#need:has-text('downloaded once')")
    page.wait_for_selector("#start:has-text('Choose a song')")
    page.goto(f"{server.url}/?tab=separate&preset=four_stems")
    page.wait_for_selector("#preset label:has(input:checked):has-text('Four stems')")
    page.click("a[data-to=result]")
    presets = f"{server.url}/api/v1/presets"
    steps = {"steps": [{"kind": "separate", "name": "a", "model": "spleeter_2stems"}], "outputs": [{"from": "a.vocals"}]}
    made = httpx.post(f"{presets}/import", json={"version": "2.0.0", "name": "Made meanwhile", **steps}).raise_for_status().json()["name"]
    page.click("a[data-to=separate]")
    page.wait_for_selector("#preset label:has-text('Made meanwhile')")
    httpx.delete(f"{presets}/{made}").raise_for_status()
    page.goto(f"{server.url}/?tab=separate&model=spleeter_2stems")
    page.wait_for_selector(".ms-chosen-title:has-text('Spleeter 2 stems')")
    options = {"overlap": "fast", "shifts": 2}
    data = {"model": "spleeter_2stems", "format": "mp3", "subtype": "192k", "options": json.dumps(options), "title": "once more"}
    data["stems"] = "accompaniment"
    with song.open("rb") as file:
        job = httpx.post(f"{server.url}/api/v1/jobs", files={"file": file}, data=data, timeout=60).json()
    page.goto(f"{server.url}/?tab=separate&again={job['id']}")
    page.wait_for_selector(".ms-song[data-state=ready]")
    page.wait_for_selector("#stems:visible")
    box = {name: page.get_by_label(name, exact=True) for name in ("Vocals", "Accompaniment")}
    assert [each.is_checked() for each in box.values()] == [False, True]
    box["Accompaniment"].click()  # the last one stays
    assert box["Accompaniment"].is_checked()
    box["Vocals"].check()
    box["Accompaniment"].uncheck()
    page.click("#more summary")
    assert page.is_checked("#format label:has-text('MP3') input")
    assert page.input_value("#subtype") == "192k"
    page.get_by_label("Overlap", exact=True).select_option("standard")
    page.wait_for_selector("#start:enabled")
    assert "again=" not in page.url  # from here on it is the reader's own choice
    page.click("#start")
    page.wait_for_selector(".ms-song", state="detached")
    again = jobs(server)[0]
    assert (again["file"], again["model"], again["options"]) == (song.name, "spleeter_2stems", {"shifts": 2})
    assert again["stems"] == ["vocals"]


def test_the_settings_say_how_stems_are_saved_unless_somebody_does(open_page: Callable[..., Any], server: Server) -> None:
    settings = f"{server.url}/api/v1/settings"
    page = open_page("?tab=tools&tool=convert")
    page.wait_for_function("document.querySelector('[data-open] select').value === 'wav'")
    page.click("a[data-to=result]")
    assert httpx.patch(settings, json={"output_format": "flac", "output_subtype": "PCM_16"}).status_code == 200
    try:
        page.click("a[data-to=tools]")
        page.click("[data-tool=convert]")
        page.wait_for_function("document.querySelector('[data-open] select').value === 'flac'")
        page.click("a[data-to=separate]")  # a change in another tab of the page counts
        page.click("#more summary")
        page.wait_for_selector("#format label:has(input:checked):has-text('FLAC')")
        assert page.input_value("#subtype") == "PCM_16"
        page.click("#sample")
        page.wait_for_url("**tab=result&job=*")
        assert jobs(server)[0]["format"] == {"container": "flac", "subtype": "PCM_16"}
    finally:
        httpx.patch(settings, json={"output_format": None, "output_subtype": None})


def test_a_model_that_is_not_here_is_offered_in_place(open_page: Callable[..., Any], song: Path) -> None:
    page = open_page()
    page.set_input_files(FILES, song)
    page.wait_for_selector("#start:enabled")
    page.click("#purpose label:has-text('Karaoke')")
    page.wait_for_selector("#start:has-text('MB and start'):enabled")
    page.wait_for_selector("#need [data-install]:has-text('MB')")
    button = page.locator("#need [data-install]").first
    install = {**UNDER_WAY, "name": button.get_attribute("data-install")}
    page.route("**/models/installs?*", lambda route: route.fulfill(json={"revision": 1, "installs": [install]}))
    page.route("**/install", lambda route: route.fulfill(json=install))
    page.route("**/cancel", lambda route: route.fulfill(json={**install, "state": "cancelled"}))
    button.press("Enter")
    page.wait_for_selector("#need .ms-install button:has-text('Cancel'):focus")
    page.click("#purpose label:has-text('Vocals and backing track')")
    page.wait_for_selector("#need", state="hidden")
    page.wait_for_selector("#start:has-text('Start'):not(:has-text('MB'))")


UNDER_WAY = {"name": "small", "title": "A small one", "state": "downloading", "done": 40, "total": 100, "speed": 1, "seconds_left": 60}


@pytest.fixture
def shop(tmp_path: Path, weights: Path) -> Iterator[Server]:
    """A server whose catalogue has one more model, to be fetched from a hub on loopback."""
    made = small_model("mdx23c", tmp_path / "made")
    data = made.weights.paths()[0].read_bytes()
    with Hub({"models/small.ckpt": data}) as hub:
        shop = Server(tmp_path / "home", environment={"MSST_HUB_ENDPOINT": hub.url, "MSST_HUB_MIRRORS": ""})
        shop.adopt(weights)
        about = {"title": "A small one", "family": "mdx23c", "stems": list(made.stems), "target": None, "rest": None}
        write_catalogue(shop.home / "models", {**record("small", data, **about), "config": made.config})
        shop.start()
        yield shop
        shop.stop()


def test_start_downloads_what_is_missing_and_then_starts(browser: Any, shop: Server, song: Path) -> None:
    page = browser.new_page(locale="en-US")
    page.set_default_timeout(30_000)
    page.goto(f"{shop.url}/?tab=separate&model=small")
    page.set_input_files(FILES, song)
    page.wait_for_selector(".ms-song[data-state=ready]")
    page.click("#start:has-text('and start'):enabled")
    page.wait_for_url("**tab=result&job=*")  # downloaded, checked, separated, opened
    assert [job["model"] for job in jobs(shop)] == ["small"]
    assert page.locator("#need").is_hidden()
    page.close()


def test_what_waits_for_a_download_survives_a_reload_and_leaves_start_free(browser: Any, shop: Server, song: Path) -> None:
    page = browser.new_page(locale="en-US")
    page.set_default_timeout(30_000)
    page.route("**/models/installs?*", lambda route: route.fulfill(json={"revision": 1, "installs": [UNDER_WAY]}))  # it never ends
    page.route("**/models/small/install", lambda route: route.fulfill(json=UNDER_WAY))
    page.goto(f"{shop.url}/?tab=separate&model=small")
    page.set_input_files(FILES, song)
    page.wait_for_selector(".ms-song[data-state=ready]")
    page.click("#start:has-text('and start'):enabled")
    page.wait_for_selector("#start:has-text('Downloading: 40 %'):disabled")
    page.reload()
    page.wait_for_selector("#start:has-text('Downloading: 40 %'):disabled")
    page.click("#by label >> nth=0")
    page.click("#purpose label:has-text('Vocals and backing track')")
    page.click("#start:has-text('Start'):enabled")  # what is here already need not wait
    page.wait_for_url("**tab=result&job=*")
    assert [job["purpose"] for job in jobs(shop)] == ["vocals_and_instrumental"]
    page.close()


def test_without_the_server_the_page_stays_calm_and_comes_back(
    open_page: Callable[..., Any], server: Server, watched: Any, endless: Path
) -> None:
    watched.allowed.append("ERR_FAILED")
    with endless.open("rb") as file:
        httpx.post(f"{server.url}/api/v1/jobs", files={"file": file}, timeout=60)
    page = open_page()
    try:
        page.wait_for_selector(".ms-job[data-state=running]")
        page.route("**/api/v1/jobs?*", lambda route: route.abort())
        page.evaluate("dispatchEvent(new Event('online'))")
        page.wait_for_selector(".ms-banner:has-text('server is away')")
        page.wait_for_selector(".ms-stage:has-text('Paused')")
        page.unroute("**/api/v1/jobs?*")
        page.evaluate("dispatchEvent(new Event('online'))")
        page.wait_for_function("document.querySelector('.ms-banner').textContent === ''")
        page.wait_for_selector(".ms-stage:not(:has-text('Paused'))")
    finally:
        end_all(server)
