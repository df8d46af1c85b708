"""The sound of a result: all stems on one clock, in loops, faster or higher, and the original beside them."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from tests.e2e.desk import CHUNK_S, TAP, choose, ends, groups, play, seconds

pytestmark = pytest.mark.browser


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
    page.wait_for_function("window.started.filter((each) => each.length < 1000).length >= 212")  # seams: 101 rounds of two stems
    pieces = groups(page.evaluate("window.started"))
    # On a busy machine the second chunk comes after the first bar of sound has ended: everything starts again, together.
    dry = [number for number, ((first, *_), (second, *_)) in enumerate(pairwise(pieces), 1) if second["when"] - ends(first) > 0.01]
    pieces = pieces[dry[-1] if dry else 0 :]
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
    first = "**/song/pcm?start=0&*"
    page.route(first, lambda route: None)  # it does not come
    with page.expect_response("**/quality"):
        with page.expect_request(first):
            page.keyboard.press("o")  # asked for now, not before
        for _ in range(2):
            page.keyboard.press("ArrowRight")
    page.wait_for_function("document.querySelector('.ms-status').textContent === ''")
    page.wait_for_selector(".ms-original[aria-pressed=true]")
    page.unroute(first)
    page.keyboard.press("Home")
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
    assert page.evaluate("document.activeElement.id") == "chooser-title"
    page.click(".ms-finished-row >> nth=0")
    page.wait_for_selector(".ms-desk")
    page.go_back()
    page.wait_for_selector(".ms-finished-row:has-text('Sample song')")
    assert "job=" not in page.url
    page.go_forward()
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
    page.wait_for_selector(".ms-toast:has-text('Copied.')")
    page.evaluate("document.body.append(Object.assign(document.createElement('textarea'), { id: 'pasted' }))")
    page.focus("#pasted")
    page.keyboard.press("Control+V")
    assert page.input_value("#pasted").endswith(f"?tab=result&job={sample_job['id']}")
    page.evaluate("document.execCommand = () => false")
    choose(page, ".ms-result-actions button[aria-haspopup] >> nth=1", "Copy link")
    assert page.input_value("dialog textarea").endswith(f"?tab=result&job={sample_job['id']}")


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


def test_without_a_loudspeaker_it_says_so(open_page: Callable[..., Any], sample_job: dict[str, Any]) -> None:
    page = open_page()
    page.context.add_init_script("AudioContext.prototype.resume = () => new Promise(() => {})")
    page.goto(f"{page.url.split('?')[0]}?tab=result&job={sample_job['id']}")
    page.click(".ms-play")
    page.wait_for_selector(".ms-desk[data-state=loading]")
    page.wait_for_selector(".ms-status:has-text('Is a loudspeaker')")
    assert page.get_attribute(".ms-desk", "data-state") == "stopped"


def test_going_about_a_song_that_stands_keeps_little_of_it(open_desk: Callable[..., Any]) -> None:
    page = open_desk()
    kept, spare = page.evaluate(
        """async () => {
          const { Chunks } = await import(new URL(MSST.assets + "mixer/chunks.js", document.baseURI));
          const { Transport } = await import(new URL(MSST.assets + "mixer/transport.js", document.baseURI));
          window.fetch = async () => new Response(new ArrayBuffer(8));
          const chunks = new Chunks([0, 1].map(() => ({ path: "", channels: 1, frames: 200 * 5 * 8000 })), 8000);
          const transport = new Transport(chunks, {}, { onchange() {}, onerror() {} });
          for (let k = 0; k < 200; k += 10) {
            transport.seek(k * chunks.size);
            await chunks.load(k);
          }
          return [Array.from({ length: 200 }, (_, k) => chunks.ready(k)).filter(Boolean).length, chunks._spare.length];
        }"""
    )
    assert (kept, spare) == (1, 4)


OUTLINE = """() => {
  const canvas = document.querySelector(".ms-wave-rest");
  return canvas.width && canvas.getContext("2d").getImageData(0, canvas.height / 2, 1, 1).data.join();
}"""


def test_an_outline_waits_for_the_server_and_follows_the_theme(
    open_page: Callable[..., Any], watched: Any, sample_job: dict[str, Any]
) -> None:
    watched.allowed.append("502")
    page = open_page()
    answers = [{"status": 502}] * len(sample_job["results"])
    page.route("**/peaks", lambda route: route.fulfill(**answers.pop()) if answers else route.continue_())
    page.goto(f"{page.url.split('?')[0]}?tab=result&job={sample_job['id']}")
    page.wait_for_function("document.querySelector('.ms-strip')")
    page.wait_for_timeout(200)
    assert page.inner_text(".ms-status") == ""  # no word of loudspeakers
    peak = "document.querySelector('.ms-strips .ms-wave-rest').getContext('2d').getImageData(0, 0, 3000, 12).data.some(Boolean)"
    page.wait_for_function(peak)
    light = page.evaluate(OUTLINE)
    page.click(".ms-theme")
    page.wait_for_function(f"({OUTLINE})() !== '{light}'")
