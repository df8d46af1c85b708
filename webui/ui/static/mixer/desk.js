// The mixer of one finished job: a transport over its stems.

import { address } from "../base.js";
import { announcer, h, icon, setText } from "../dom.js";
import { clock, t } from "../text.js";
import { Chunks } from "./chunks.js";
import { shortcuts } from "./keys.js";
import { recall, remember } from "./memory.js";
import { Strip } from "./strip.js";
import { Transport } from "./transport.js";

export class Desk {
  /** job: a completed job with results; ongone(): its files are not on the server any more. */
  constructor(job, ongone) {
    this._job = job;
    this._ongone = ongone;
    this._rate = job.results[0].sample_rate;
    this._chunks = new Chunks(job.id, job.results, this._rate);
    this._seconds = this._chunks.frames / this._rate;
    this._drawn = false;
    this._loads = new AbortController();
    this._transport = new Transport(this._chunks, { onchange: () => this._show(), onerror: (error) => this._error(error) });
    const faders = recall(job.id);
    this._strips = job.results.map(
      (result, index) =>
        new Strip(result, index + 1, faders[result.file], { change: () => this._mix(true), seek: (fraction) => this._seek(fraction) }),
    );
    this._build();
    this._mix(false);
    this._show();
    this._endKeys = shortcuts(this._actions());
    this._load();
  }

  close() {
    cancelAnimationFrame(this._frame);
    this._endKeys();
    this._loads.abort();
    this._transport.close();
    this._strips.forEach((strip) => strip.close());
  }

  _build() {
    this._play = h("button", { type: "button", class: "ms-button ms-primary ms-play", onclick: () => this._toggle() });
    this._home = h(
      "button",
      { type: "button", class: "ms-button ms-home", "aria-label": t("mixer.home"), onclick: () => this._transport.seek(0) },
      icon("home"),
    );
    this._now = h("span", { class: "ms-now" });
    this._position = h("input", {
      type: "range",
      class: "ms-range ms-position",
      min: 0,
      max: this._seconds,
      step: "any",
      "aria-label": t("mixer.position"),
      oninput: () => this._transport.seek(Number(this._position.value) * this._rate),
      onkeydown: (event) => this._steer(event),
    });
    this._status = announcer();
    this._status.region.className = "ms-status";
    const time = h("p", { class: "ms-time" }, this._now, h("span", { class: "ms-total" }, ` / ${clock(this._seconds)}`));
    this._list = h("ol", { class: "ms-strips" }, ...this._strips.map((strip) => strip.element));
    this.element = h(
      "div",
      { class: "ms-desk" },
      h("div", { class: "ms-transport" }, this._home, this._play, time, this._position, this._status.region),
      this._list,
      clipped(this._job.results),
      h("div", { class: "ms-foot" }, keysHelp(), this._reset(), zip(this._job)),
    );
    // A click must not take the focus: Space would then press that button again instead of Play.
    this.element.addEventListener("mousedown", (event) => event.target.closest("button") && event.preventDefault());
  }

  _actions() {
    return {
      play: () => this._toggle(),
      move: (seconds) => this._transport.seek(this._transport.position + seconds * this._rate),
      home: () => this._transport.seek(0),
      mute: (index) => this._strips[index]?.toggle("mute"),
      solo: (index) => this._strips[index]?.toggle("solo"),
    };
  }

  // Steps of a slider with step "any" are a matter of the browser: here they are the 5 s of the shortcuts.
  _steer(event) {
    const steps = { ArrowLeft: -5, ArrowDown: -5, ArrowRight: 5, ArrowUp: 5, PageDown: -30, PageUp: 30 };
    if (event.key in steps) this._actions().move(steps[event.key]);
    else if (event.key === "Home") this._transport.seek(0);
    else return;
    event.preventDefault();
  }

  _toggle() {
    this._status.say("");
    if (this._transport.running) this._transport.pause();
    else this._transport.play();
  }

  _seek(fraction) {
    this._transport.seek(fraction * this._chunks.frames);
  }

  _mix(changed) {
    const soloed = this._strips.some((strip) => strip.fader.solo);
    this._strips.forEach((strip, index) => this._transport.setGain(index, strip.gain(soloed)));
    if (changed) remember(this._job.id, Object.fromEntries(this._strips.map((strip) => [strip.file, strip.fader])));
  }

  /** Outlines, and the first chunk so that Play answers at once. */
  _load() {
    const { signal } = this._loads;
    const failed = (error) => signal.aborted || this._error(error);
    for (const strip of this._strips) {
      const path = `jobs/${encodeURIComponent(this._job.id)}/stems/${encodeURIComponent(strip.file)}/peaks`;
      strip.wave.load(path, signal).catch(failed);
    }
    this._chunks.load(0).catch((error) => signal.aborted || error.name === "AbortError" || this._error(error));
  }

  _error(error) {
    if (error.status === 404 || error.status === 410) this._ongone();
    else if (error.status === undefined && !navigator.onLine) this._status.say(t("error.away"));
    else this._status.say(t("mixer.silentbrowser"));
  }

  _show() {
    const { state } = this._transport;
    if (state !== this._shown) {
      this._shown = state;
      const playing = state !== "stopped";
      this._play.replaceChildren(icon(playing ? "pause" : "play"), t(playing ? "mixer.pause" : "mixer.play"));
      this.element.dataset.state = state;
      if (state === "loading") this._loadingSoon();
      else if (this._status.region.textContent === t("mixer.loading")) this._status.say("");
    }
    this._showPosition();
    cancelAnimationFrame(this._frame);
    if (state === "playing") this._frame = requestAnimationFrame(() => this._show());
  }

  // What is there after a blink needs no word.
  _loadingSoon() {
    setTimeout(() => this._transport.state === "loading" && this._status.say(t("mixer.loading")), 250);
  }

  _showPosition() {
    const seconds = this._transport.position / this._rate;
    const text = clock(seconds, 1);
    setText(this._now, text);
    const fraction = this._seconds ? seconds / this._seconds : 0;
    this._list.style.setProperty("--at", `${(fraction * 100).toFixed(3)}%`);
    this._position.style.setProperty("--filled", fraction);
    this._position.value = seconds;
    this._position.setAttribute("aria-valuetext", t("mixer.position.text", { now: clock(seconds), total: clock(this._seconds) }));
  }

  _reset() {
    const reset = () => this._strips.forEach((strip) => strip.set({ db: 0, mute: false, solo: false }));
    return h("button", { type: "button", class: "ms-button", onclick: reset }, t("mixer.reset"));
  }
}

function zip(job) {
  const href = address(`api/v1/jobs/${encodeURIComponent(job.id)}/zip`);
  return h("a", { class: "ms-button ms-zip", href, download: "" }, icon("download"), t("mixer.zip"));
}

function clipped(results) {
  const notes = results
    .filter((result) => result.clipped > 0)
    .map((result) => h("li", {}, t("mixer.clipped", { stem: result.stem, count: result.clipped })));
  return notes.length ? h("ul", { class: "ms-notes" }, ...notes) : null;
}

function keysHelp() {
  const keys = [
    ["Space", "space"],
    ["← →", "arrows"],
    ["Home", "home"],
    ["1 – 9", "digit"],
    ["Shift 1 – 9", "shift"],
  ];
  const lines = keys.flatMap(([key, name]) => [h("dt", {}, h("kbd", {}, key)), h("dd", {}, t(`mixer.keys.${name}`))]);
  return h("details", { class: "ms-details ms-keys" }, h("summary", {}, t("mixer.keys")), h("dl", {}, ...lines), h("p", {}, t("mixer.keys.reset")));
}
