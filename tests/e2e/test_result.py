"""Listening to a result: all stems on one clock, loops, the original beside them, and everything that can be taken home."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import soundfile

from tests.conftest import Server
from tests.e2e.conftest import PHONE

pytestmark = pytest.mark.browser

CHUNK_S = 5

# What goes to the loudspeaker is also read here: rms() of the last 90 ms.
TAP = """
const join = AudioNode.prototype.connect;
AudioNode.prototype.connect = function (to, ...rest) {
  if (to instanceof AudioDestinationNode) {
    window.tap ??= new AnalyserNode(this.context, { fftSize: 4096 });
    join.call(this, window.tap);
  }
  return join.call(this, to, ...rest);
};
window.rms = () => {
  const samples = new Float32Array(4096);
  window.tap.getFloatTimeDomainData(samples);
  return Math.sqrt(samples.reduce((sum, x) => sum + x * x, 0) / samples.length);
};
"""


@pytest.fixture(scope="session")
def second_job(server: Server, sample_job: dict[str, Any]) -> dict[str, Any]:
    """The same song separated once more."""
    job = httpx.post(f"{server.url}/api/v1/jobs/{sample_job['id']}/rerun").json()
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


def seconds(page: Any) -> float:
    minutes, rest = page.inner_text(".ms-now").split(":")
    return int(minutes) * 60 + float(rest)


def play(page: Any) -> None:
    page.click(".ms-play")
    page.wait_for_selector(".ms-desk[data-state=playing]")


def groups(started: list[dict[str, Any]], stems: int = 2) -> list[list[dict[str, Any]]]:
    """Sources that start at one time; all stems must be in each, with the same piece of the song."""
    found: dict[float, list[dict[str, Any]]] = {}
    for source in started:
        found.setdefault(source["when"], []).append(source)
    for group in found.values():
        assert sorted(source["stem"] for source in group) == list(range(stems))
        assert len({(source["offset"], source["length"], source["duration"], source["speed"]) for source in group}) == 1
        assert group[0]["when"] > group[0]["now"]  # never late
    return list(found.values())


def ends(source: dict[str, Any]) -> float:
    """When a source has played its piece, seconds of the context."""
    return float(source["when"] + source["duration"] / source["speed"])


def choose(page: Any, button: str, item: str) -> None:
    page.click(button)
    page.click(f".ms-menu:not([hidden]) [role=menuitem]:has-text('{item}')")


def test_stems_play_together_and_can_be_kept(open_desk: Callable[..., Any], sample_job: dict[str, Any]) -> None:
    page = open_desk()
    assert [strip.inner_text() for strip in page.query_selector_all(".ms-strip h3")] == ["Vocals", "Accompaniment"]
    play(page)
    page.wait_for_function("document.querySelector('.ms-now').textContent > '0:00.5'")
    assert page.evaluate("window.contexts.length") == 1
    for (first, *_), (second, *_) in pairwise(groups(page.evaluate("window.started"))):
        assert abs(ends(first) - second["when"]) * first["rate"] < 1e-3
        assert second["offset"] == 0
    with page.expect_download() as download:
        page.click(".ms-strip >> nth=0 >> .ms-download")
    result = sample_job["results"][0]
    stem, rate = soundfile.read(download.value.path())
    assert download.value.suggested_filename == result["file"]
    assert (len(stem), rate) == (result["frames"], result["sample_rate"])
    with page.expect_download() as download:
        choose(page, ".ms-result-actions button:has-text('Download')", "ZIP")
    archive = zipfile.ZipFile(io.BytesIO(Path(download.value.path()).read_bytes()))
    assert sorted(Path(name).name for name in archive.namelist()) == sorted(each["file"] for each in sample_job["results"])


def test_a_loop_goes_round_without_drift(open_desk: Callable[..., Any]) -> None:
    page = open_desk()
    page.evaluate(
        """() => {
          const saved = { faders: {}, volume: 0, loop: { start: 4.9, end: 5.02 }, looping: true, speed: 1, key: 0, picture: "wave" };
          const id = new URLSearchParams(location.search).get("job");
          localStorage.setItem("msst-mixer", JSON.stringify({ [id]: saved }));
        }"""
    )
    page.reload()
    page.wait_for_selector(".ms-passage.ms-on")
    play(page)
    page.wait_for_function("window.started.filter((each) => each.length < 1000).length >= 202")  # seams: 101 rounds of two stems
    pieces = groups(page.evaluate("window.started"))
    for (first, *_), (second, *_) in pairwise(pieces):
        assert abs(ends(first) - second["when"]) * first["rate"] < 0.01
    seams = [piece[0] for piece in pieces if piece[0]["length"] < 1000]
    rate, first = seams[0]["rate"], seams[0]["when"]
    rounds = [round((seam["when"] - first) * rate, 3) for seam in seams[:101]]
    assert rounds == [5292.0 * number for number in range(101)]  # 0.12 s each, to the sample
    assert 4.9 <= seconds(page) <= 5.1
    page.keyboard.press("l")  # off: it goes on past the end
    page.wait_for_function("document.querySelector('.ms-now').textContent > '0:05.4'")
    assert page.get_attribute(".ms-loop", "aria-pressed") == "false"


def test_the_plan_of_a_loop_is_exact(open_desk: Callable[..., Any]) -> None:
    page = open_desk()
    found = page.evaluate(
        """async () => {
          const { Plan, loopOf } = await import(new URL(MSST.assets + "mixer/plan.js", document.baseURI));
          const { seams } = await import(new URL(MSST.assets + "mixer/seam.js", document.baseURI));
          const plan = new Plan(1000, 100, 8);
          plan.loop = loopOf(250.4, 130, 1000, 10);
          const pieces = [];
          for (let piece = plan.next(90); pieces.length < 6; piece = plan.next(piece.then)) pieces.push([piece.from, piece.to, piece.then]);
          const data = Float32Array.from({ length: 1000 }, (_, n) => n);
          const read = (_, from, to) => [data.slice(from, to)];
          const chunks = { sampleRate: 8000, channels: [{ channels: 1 }], isAwake: () => true, read };
          const seam = seams(chunks, plan.loop, 8).get(0).getChannelData(0);
          return { pieces, short: loopOf(5, 9, 1000, 10), needed: plan.chunks(plan.next(245)), end: plan.next(1000), seam: [...seam] };
        }"""
    )
    assert found["pieces"] == [[90, 100, 100], [100, 200, 200], [200, 242, 242], [242, 250, 130], [130, 200, 200], [200, 242, 242]]
    assert (found["short"], found["end"], found["needed"]) == (None, None, [2, 1])
    old, new = np.arange(242, 250), np.arange(122, 130)
    share = np.arange(1, 9) / 9
    assert np.allclose(found["seam"], old * (1 - share) + new * share)


def test_a_drag_over_the_overview_makes_a_loop_and_a_press_seeks(open_desk: Callable[..., Any]) -> None:
    page = open_desk()
    box = page.locator(".ms-overview").bounding_box()
    at = [box["x"] + box["width"] * share for share in (0.25, 0.5)]
    middle = box["y"] + box["height"] / 2
    page.mouse.move(at[0], middle)
    page.mouse.down()
    page.mouse.move(at[1], middle, steps=4)
    page.mouse.up()
    assert page.get_attribute(".ms-loop", "aria-pressed") == "true"
    start, end = page.locator(".ms-passage-end").evaluate_all("ends => ends.map((end) => Number(end.getAttribute('aria-valuenow')))")
    assert (start, end) == pytest.approx((2.72, 5.44), abs=0.1)
    assert seconds(page) == pytest.approx(start, abs=0.06)
    page.locator(".ms-passage-start").focus()
    page.keyboard.press("Shift+ArrowLeft")
    assert float(page.get_attribute(".ms-passage-start", "aria-valuenow")) == pytest.approx(start - 1, abs=0.06)
    page.mouse.click(box["x"] + box["width"] * 0.75, middle)
    assert seconds(page) == pytest.approx(8.16, abs=0.1)
    page.click(".ms-loop-clear")
    assert page.is_hidden(".ms-passage")


def test_speed_and_key(open_desk: Callable[..., Any]) -> None:
    page = open_desk()
    play(page)
    page.wait_for_function("window.started.length >= 4")
    page.click("[role=group][aria-label=Speed] button >> nth=0")
    page.click("[role=group][aria-label=Key] button >> nth=2")
    page.wait_for_function("window.started.some((each) => each.speed !== 1)")
    slow = [group for group in groups(page.evaluate("window.started")) if group[0]["speed"] != 1]
    assert slow[0][0]["speed"] == pytest.approx(0.95)
    for (first, *_), (second, *_) in pairwise(slow):
        assert abs(ends(first) - second["when"]) * first["rate"] < 1e-3
    before, clock = seconds(page), page.evaluate("window.contexts[0].currentTime")
    page.wait_for_timeout(1500)
    passed = page.evaluate("window.contexts[0].currentTime") - clock
    assert seconds(page) - before == pytest.approx(0.95 * passed, abs=0.2)
    page.reload()
    page.wait_for_selector(".ms-desk")
    assert [value.inner_text() for value in page.query_selector_all(".ms-transport .ms-step-value")] == ["95 %", "+1"]


def test_the_stretcher_moves_the_key_and_nothing_else(open_desk: Callable[..., Any]) -> None:
    page = open_desk()
    found = page.evaluate(
        """async (ratios) => {
          const rate = 44100;
          const heard = [];
          for (const ratio of ratios) {
            const context = new OfflineAudioContext(2, 2 * rate, rate);
            await context.audioWorklet.addModule(new URL(MSST.assets + "mixer/stretch_worklet.js", document.baseURI));
            const node = new AudioWorkletNode(context, "msst-stretch", { outputChannelCount: [2], processorOptions: { ratio } });
            const tones = [220, 330, 554.4].map((frequency) => new OscillatorNode(context, { frequency }));
            const gain = new GainNode(context, { gain: 0.25 });
            tones.forEach((tone) => (tone.connect(gain), tone.start()));
            gain.connect(node).connect(context.destination);
            const sound = await context.startRendering();
            heard.push([...sound.getChannelData(1)].slice(rate, rate + 32768));
          }
          return heard;
        }""",
        [0.7071, 1.0, 1.5, 2.0],
    )
    for ratio, samples in zip((0.7071, 1.0, 1.5, 2.0), found, strict=True):
        spectrum = np.abs(np.fft.rfft(np.array(samples) * np.hanning(len(samples))))
        for frequency in (220, 330, 554.4):
            bin_ = frequency * ratio * len(samples) / 44100
            near = spectrum[int(bin_) - 3 : int(bin_) + 5]
            assert near.max() > 0.45 * 0.25 * len(samples) / 4, f"{frequency} Hz at {ratio}"
        assert np.sqrt(np.mean(np.square(samples))) == pytest.approx(0.25 * np.sqrt(1.5), rel=0.12)


def test_the_original_beside_the_stems_equally_loud(open_page: Callable[..., Any], sample_job: dict[str, Any]) -> None:
    page = open_page()
    page.context.add_init_script(TAP)
    page.goto(f"{page.url.split('?')[0]}?tab=result&job={sample_job['id']}")
    page.wait_for_selector(".ms-desk")
    with page.expect_response("**/quality"):
        page.keyboard.press("o")  # asked for now, not before
    page.wait_for_selector(".ms-original[aria-pressed=true]")
    page.wait_for_function("document.querySelector('.ms-status').textContent === ''")
    play(page)
    page.wait_for_function("document.querySelector('.ms-now').textContent > '0:01'")
    groups(page.evaluate("window.started"), stems=3)  # on the same clock
    original = page.evaluate("window.rms()")
    page.keyboard.press("o")
    page.keyboard.press("1")
    page.keyboard.press("2")
    page.wait_for_timeout(250)
    assert original > 0.02
    assert page.evaluate("window.rms()") < 1e-4  # the stems, which are both muted
    page.keyboard.press("o")
    page.wait_for_timeout(250)
    assert page.evaluate("window.rms()") > 0.02


def test_balance_keeps_the_middle_and_takes_away_on_one_side(open_desk: Callable[..., Any]) -> None:
    page = open_desk()
    levels = page.evaluate(
        """async () => {
          const { Bus } = await import(new URL(MSST.assets + "mixer/bus.js", document.baseURI));
          const real = window.AudioContext;
          const found = [];
          for (const pan of [0, 0.25, -1]) {
            let context;
            window.AudioContext = function () { return (context = new OfflineAudioContext(2, 4410, 44100)); };
            const bus = new Bus(44100, ["stems"]);
            bus.setPan(0, pan);
            bus.wake();
            bus.fadeIn(0);
            const tone = new ConstantSourceNode(context, { offset: 0.5 });
            tone.connect(bus.input(0));
            tone.start();
            await bus._stretch.join(context, bus._output);
            const sound = await context.startRendering();
            found.push([0, 1].map((side) => sound.getChannelData(side)[4000]));
          }
          window.AudioContext = real;
          return found;
        }"""
    )
    assert np.allclose(levels, [[0.5, 0.5], [0.375, 0.5], [0.5, 0]], atol=1e-4)


def test_another_format_is_made_and_saved(open_desk: Callable[..., Any], sample_job: dict[str, Any]) -> None:
    page = open_desk()
    with page.expect_download() as download:
        choose(page, ".ms-strip >> nth=1 >> .ms-strip-menu button >> nth=0", "Download as FLAC")
        page.wait_for_selector(".ms-running [role=progressbar]")
    stem, rate = soundfile.read(download.value.path())
    assert download.value.suggested_filename.endswith(".flac")
    assert (len(stem), rate) == (sample_job["results"][1]["frames"], 44100)
    page.wait_for_selector(".ms-running", state="detached")
    with page.expect_download() as download:
        choose(page, ".ms-result-actions button:has-text('Download')", "All as MP3")
    archive = zipfile.ZipFile(io.BytesIO(Path(download.value.path()).read_bytes()))
    assert [Path(name).suffix for name in archive.namelist()] == [".mp3", ".mp3"]


def test_the_mix_is_saved_as_it_is_heard(open_desk: Callable[..., Any], server: Server, sample_job: dict[str, Any]) -> None:
    page = open_desk()
    page.keyboard.press("1")
    page.locator(".ms-strip >> nth=1 >> .ms-volume-range").fill("-6")
    page.locator(".ms-strip >> nth=1 >> .ms-pan-range").fill("1")
    page.click(".ms-export")
    assert page.input_value("dialog input[type=text]") == "Sample song - Karaoke"
    assert "Accompaniment (−6.0 dB, 100 % right)" in page.inner_text("dialog")
    page.select_option("dialog select", "wav")
    with page.expect_download() as download:
        page.click("dialog button:has-text('Make and download')")
    mix, _ = soundfile.read(download.value.path())
    stem_file = sample_job["results"][1]["url"]
    stem, _ = soundfile.read(io.BytesIO(httpx.get(f"{server.url}{stem_file}").content))
    assert np.abs(mix[:, 0]).max() == 0
    assert np.allclose(mix[:, 1], stem[:, 1] * 10 ** (-6 / 20), atol=1e-4)


def test_quality_in_words(open_desk: Callable[..., Any]) -> None:
    page = open_desk()
    page.click(".ms-quality > summary")
    page.wait_for_selector(".ms-quality-table")
    assert "to the last detail" in page.inner_text(".ms-quality")
    rows = page.locator(".ms-quality-table tbody th").all_inner_texts()
    assert rows == ["Vocals", "Accompaniment", "Original"]
    assert "LUFS" in page.inner_text(".ms-quality-table")


def test_spectrograms_in_place_of_waveforms(open_desk: Callable[..., Any]) -> None:
    page = open_desk()
    page.click(".ms-pictures label:has-text('Spectrograms')")
    page.wait_for_function("[...document.querySelectorAll('.ms-spectrum')].filter((image) => image.naturalHeight === 256).length === 2")
    assert page.locator(".ms-strips .ms-wave:visible").count() == 0


def test_two_results_compared_blind(open_desk: Callable[..., Any], second_job: dict[str, Any]) -> None:
    page = open_desk()
    page.evaluate("() => { crypto.getRandomValues = (bytes) => bytes.fill(0); }")  # X is always A
    page.click(".ms-abx")
    page.wait_for_selector("dialog select >> nth=2")
    assert page.locator("dialog select >> nth=1 >> option").count() >= 1
    page.click("dialog button:has-text('Start listening')")
    page.click(".ms-abx-window .ms-play")
    page.wait_for_function("window.started.length >= 2")
    groups(page.evaluate("window.started"))
    for side in ("a", "b", "x"):
        page.click(f"[data-side={side}]")
        assert page.get_attribute(f"[data-side={side}]", "aria-pressed") == "true"
    for answer in "aaaaaaaab":
        page.click(f"[data-answer={answer}]")
    assert "9" in page.inner_text(".ms-abx-window")
    page.click("button:has-text('Show the result')")
    text = page.inner_text(".ms-abx-window")
    assert "8 of 9 right" in text
    assert "2.0 %" in text  # (9 + 1) / 512
    assert "You hear the difference" in text


def test_a_part_is_separated_again(open_desk: Callable[..., Any], server: Server) -> None:
    page = open_desk()
    page.click(".ms-replace")
    page.wait_for_selector("dialog:has-text('First mark the part')")
    page.keyboard.press("Escape")
    page.keyboard.press("l")
    page.click(".ms-replace")
    page.click("dialog button:has-text('A model')")
    page.click(".ms-picker-row:has-text('Spleeter') .ms-primary")
    page.wait_for_selector("dialog:has-text('Chosen:')")
    page.click("dialog button:has-text('Separate again')")
    page.click(".ms-toast button:has-text('Open')")
    page.wait_for_selector(".ms-desk")
    new = httpx.get(f"{server.url}/api/v1/jobs/{page.url.split('job=')[1]}").json()
    assert {"vocals", "accompaniment"} <= {result["stem"] for result in new["results"]}


def test_the_sound_goes_on_in_another_tab_and_ends_when_it_is_closed(open_desk: Callable[..., Any]) -> None:
    page = open_desk()
    play(page)
    page.click("a[data-to=separate]")
    page.wait_for_selector(".ms-playing:visible")
    assert page.evaluate("window.contexts[0].state") == "running"
    page.keyboard.press("1")  # shortcuts are of the open tab alone
    page.click(".ms-playing a")
    assert page.get_attribute(".ms-strip >> nth=0 >> .ms-mute", "aria-pressed") == "false"
    assert page.get_attribute(".ms-desk", "data-state") == "playing"
    page.click("a[data-to=separate]")
    page.click("a[data-to=result]")  # a link without a job: the open one is still open
    page.wait_for_function("location.search.includes('job=')")
    page.click(".ms-back")
    page.wait_for_function("window.contexts[0].state === 'closed'")
    page.wait_for_selector(".ms-finished-row:has-text('Sample song')")
    assert "job=" not in page.url
    page.click(".ms-finished-row >> nth=0")
    page.wait_for_selector(".ms-desk")


def test_without_a_secure_address_it_plays_and_says_what_is_missing(open_page: Callable[..., Any], sample_job: dict[str, Any]) -> None:
    page = open_page()
    page.context.add_init_script("delete BaseAudioContext.prototype.audioWorklet; delete Navigator.prototype.clipboard")
    page.goto(f"{page.url.split('?')[0]}?tab=result&job={sample_job['id']}")
    page.wait_for_selector(".ms-desk")
    assert page.is_disabled("[role=group][aria-label=Speed] button >> nth=0")
    assert "secure address" in page.inner_text(".ms-practice-why")
    play(page)
    choose(page, ".ms-result-actions button[aria-haspopup] >> nth=1", "Copy link")
    assert page.input_value("dialog input").endswith(f"?tab=result&job={sample_job['id']}")


@pytest.mark.parametrize(("locale", "word"), [("en-US", "Original"), ("zh-CN", "原曲")])
def test_a_phone_has_the_transport_at_hand(open_desk: Callable[..., Any], locale: str, word: str) -> None:
    page = open_desk(**{**PHONE, "locale": locale})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    bar = page.locator(".ms-transport").bounding_box()
    navigation = page.locator(".ms-nav").bounding_box()
    assert bar["y"] + bar["height"] <= navigation["y"] + 1
    assert page.locator(".ms-original").inner_text().strip() == word
    page.tap(".ms-play")
    page.wait_for_selector(".ms-desk[data-state=playing]")
    page.tap(".ms-practice")
    page.wait_for_selector(".ms-master:visible")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.tap(".ms-strip-menu button >> nth=0")
    page.locator(".ms-menu:not([hidden]) [role=menuitem]").first.tap()
    page.wait_for_selector(".ms-strip.ms-pan-open .ms-pan-range:visible")
    page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
    page.tap(".ms-practice")
    last = page.locator(".ms-quality > summary").bounding_box()
    assert last["y"] + last["height"] <= page.locator(".ms-transport").bounding_box()["y"] + 1


def test_shortcuts_and_their_list(open_desk: Callable[..., Any]) -> None:
    page = open_desk()
    page.keyboard.press("?")
    page.wait_for_selector("dialog:has-text('Keyboard shortcuts')")
    page.keyboard.press("1")  # not while a window is open
    page.keyboard.press("Escape")
    page.locator(".ms-overview").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("[")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("]")
    assert page.get_attribute(".ms-strip >> nth=0 >> .ms-mute", "aria-pressed") == "false"
    assert page.inner_text(".ms-loop-text") == "0:05.0 – 0:10.0"
    assert page.get_attribute(".ms-loop", "aria-pressed") == "true"


def test_a_link_opens_the_mixer_where_it_was_left(open_page: Callable[..., Any], sample_job: dict[str, Any]) -> None:
    page = open_page(f"?job={sample_job['id']}")
    page.wait_for_selector(".ms-desk")
    page.keyboard.press("1")
    page.keyboard.press("Shift+Digit2")
    volume = page.locator(".ms-strip >> nth=1 >> .ms-volume-range")
    volume.fill("-6")
    assert volume.get_attribute("aria-valuetext") == "−6.0 dB"
    page.keyboard.press("ArrowLeft")  # on the fader: one of its own steps
    assert volume.get_attribute("aria-valuetext") == "−6.5 dB"
    page.reload()
    page.wait_for_selector(".ms-desk")
    pressed = [
        [b.get_attribute("aria-pressed") for b in s.query_selector_all("[aria-pressed]")] for s in page.query_selector_all(".ms-strip")
    ]
    assert pressed == [["true", "false"], ["false", "true"]]
    assert page.input_value(".ms-strip >> nth=1 >> .ms-volume-range") == "-6.5"


def test_seeking_keeps_all_stems_together(open_page: Callable[..., Any], sample_job: dict[str, Any]) -> None:
    page = open_page(f"?job={sample_job['id']}")
    page.wait_for_selector(".ms-desk")
    page.keyboard.press("Space")
    page.wait_for_function("window.started.length >= 2")
    page.evaluate("window.started.length = 0")
    page.locator(".ms-picture").first.click(position={"x": 100, "y": 20})
    page.wait_for_function("window.started.length >= 2")
    page.keyboard.press("ArrowRight")
    page.wait_for_function("window.started.length >= 4 && document.querySelector('.ms-desk').dataset.state === 'playing'")
    started = page.evaluate("window.started")
    for first, second in zip(started[::2], started[1::2], strict=True):
        assert (first["when"], first["offset"]) == (second["when"], second["offset"])
    assert seconds(page) > CHUNK_S
    page.keyboard.press("Home")
    page.keyboard.press("Space")
    assert page.get_attribute(".ms-desk", "data-state") == "stopped"


def test_late_sound_stops_all_stems_at_the_same_border(open_page: Callable[..., Any], sample_job: dict[str, Any]) -> None:
    page = open_page()
    slow = sample_job["results"][1]["file"]
    held: list[Any] = []
    page.route(f"**/{slow}/pcm?start=220500&*", lambda route: held.append(route))  # the second chunk of one stem does not come
    page.evaluate("id => history.replaceState(null, '', '?job=' + id)", sample_job["id"])
    page.evaluate("dispatchEvent(new PopStateEvent('popstate'))")
    page.wait_for_selector(".ms-desk")
    box = page.locator(".ms-picture").first.bounding_box()
    at = 4.2 * sample_job["results"][0]["sample_rate"] / sample_job["results"][0]["frames"]
    page.locator(".ms-picture").first.click(position={"x": box["width"] * at, "y": 20})
    page.click(".ms-play")
    page.wait_for_selector(".ms-desk[data-state=playing]")
    page.wait_for_selector(".ms-status:has-text('Loading')")
    assert len(page.evaluate("window.started")) == 2  # neither stem went on alone
    assert seconds(page) == CHUNK_S
    held[0].continue_()
    page.wait_for_function("window.started.length >= 4")
    first, _, third, fourth = page.evaluate("window.started")[:4]
    assert third["when"] == fourth["when"]
    assert third["when"] > first["when"] + CHUNK_S - first["offset"]
    assert third["offset"] == 0


def test_a_link_to_a_deleted_job_says_so(open_page: Callable[..., Any], watched: Any) -> None:
    watched.allowed.append("404")
    page = open_page("?job=00000000-0000-4000-8000-000000000000")
    page.wait_for_selector(".ms-message:has-text('no longer on the server')")
    page.click(".ms-back")
    assert "job=" not in page.url


def test_a_song_that_is_not_done_says_so_and_opens_when_it_is(open_page: Callable[..., Any], server: Server) -> None:
    job = httpx.post(f"{server.url}/api/v1/jobs", data={"sample": "true"}).json()
    page = open_page(f"?tab=result&job={job['id']}")
    page.wait_for_selector(".ms-message:has-text('when the song is done'), .ms-desk")
    page.wait_for_selector(".ms-desk")
    assert page.is_hidden(".ms-message")


def test_a_stem_is_separated_further(open_desk: Callable[..., Any], sample_job: dict[str, Any]) -> None:
    page = open_desk()
    choose(page, ".ms-strip >> nth=0 >> .ms-strip-menu button >> nth=0", "Separate this stem further")
    page.wait_for_selector(f".ms-song[data-state=ready]:has-text('{sample_job['results'][0]['file']}')")
    page.wait_for_selector("#start:enabled")
    assert "from=" not in page.url
