// Buttons and times of the transport. On a phone it stays at the bottom of the screen, with what is used less behind one button.

import { announcer, h, icon, setText } from "../dom.js";
import { clock, decibels, t } from "../text.js";
import { stepper } from "./stepper.js";
import { canStretch } from "./stretch.js";
import { LOWEST_DB } from "./strip.js";

export const SPEEDS = Array.from({ length: 21 }, (_, n) => (50 + 5 * n) / 100);
export const KEYS = Array.from({ length: 13 }, (_, n) => n - 6);

export class Bar {
  /** on: { play, home, seek(seconds), steer(event), original, loop, start, end, clear, speed(x), key(n), volume(db) }; seconds: the song's. */
  constructor(seconds, on) {
    this._seconds = seconds;
    this._play = h("button", { type: "button", class: "ms-button ms-primary ms-play", onclick: on.play });
    this._now = h("span", { class: "ms-now" });
    this._status = announcer();
    this._status.region.className = "ms-status";
    this._original = press("compare", t("result.original"), on.original, "ms-original");
    this._original.title = t("result.original.about");
    this._loop = press("loop", t("result.loop"), on.loop, "ms-loop");
    this._position = h("input", {
      type: "range",
      class: "ms-range ms-position",
      min: 0,
      max: seconds,
      step: "any",
      "aria-label": t("mixer.position"),
      oninput: () => on.seek(Number(this._position.value)),
      onkeydown: on.steer,
    });
    this._more = press("settings", t("result.practice"), () => this._unfold(), "ms-practice");
    this._more.setAttribute("aria-expanded", "false");
    this._more.removeAttribute("aria-pressed");
    this.element = h(
      "div",
      { class: "ms-transport", role: "group", "aria-label": t("result.transport") },
      h(
        "div",
        { class: "ms-transport-main" },
        small("home", t("mixer.home"), on.home, "ms-home"),
        this._play,
        h("p", { class: "ms-time" }, this._now, h("span", { class: "ms-total" }, h("span", { class: "ms-slash" }, " / "), clock(seconds))),
        this._original,
        this._loop,
        this._more,
      ),
      this._position,
      h("div", { class: "ms-transport-more" }, this._loopEnds(on), this._practice(on), this._volumeRow(on)),
      this._status.region,
    );
  }

  say(text) {
    if (this._status.region.textContent !== text) this._status.say(text);
  }

  get said() {
    return this._status.region.textContent;
  }

  showPlaying(playing) {
    this._play.replaceChildren(icon(playing ? "pause" : "play"), h("span", {}, t(playing ? "mixer.pause" : "mixer.play")));
  }

  at(seconds) {
    const text = clock(seconds, 1);
    if (text === this._now.textContent) return;
    setText(this._now, text);
    this._position.style.setProperty("--filled", this._seconds ? seconds / this._seconds : 0);
    this._position.value = seconds;
    this._position.setAttribute("aria-valuetext", t("mixer.position.text", { now: clock(seconds), total: clock(this._seconds) }));
  }

  /** loop: in seconds, or null. */
  showLoop(loop, on) {
    this._loop.setAttribute("aria-pressed", on);
    this._loop.title = loop ? t("result.loop.text", { start: clock(loop.start, 1), end: clock(loop.end, 1) }) : t("result.loop.about");
    this._clear.disabled = !loop;
    setText(this._loopText, loop ? `${clock(loop.start, 1)} – ${clock(loop.end, 1)}` : "");
  }

  showOriginal(on) {
    this._original.setAttribute("aria-pressed", on);
  }

  showPractice(speed, key) {
    this._speed.show(speed);
    this._key.show(key);
    this._more.classList.toggle("ms-changed", speed !== 1 || key !== 0);
  }

  showVolume(db) {
    this._volume.value = db;
    this._volume.style.setProperty("--filled", (db - LOWEST_DB) / -LOWEST_DB);
    this._volume.setAttribute("aria-valuetext", decibels(db <= LOWEST_DB ? -Infinity : db));
  }

  _unfold() {
    const open = this.element.classList.toggle("ms-unfolded");
    this._more.setAttribute("aria-expanded", open);
  }

  _loopEnds(on) {
    this._loopText = h("span", { class: "ms-loop-text" });
    this._clear = small("close", t("result.loop.clear"), on.clear, "ms-loop-clear");
    const end = (letter, label, run) => h("button", { type: "button", class: "ms-button", "aria-label": label, title: label, onclick: run }, letter);
    return h(
      "div",
      { class: "ms-loop-ends", role: "group", "aria-label": t("result.loop") },
      h("span", { class: "ms-step-name", "aria-hidden": "true" }, t("result.loop")),
      end("A", t("result.loop.set.start"), on.start),
      end("B", t("result.loop.set.end"), on.end),
      this._clear,
      this._loopText,
    );
  }

  _practice(on) {
    const reason = canStretch() ? "" : t("result.practice.insecure");
    this._speed = stepper({ label: t("result.speed"), values: SPEEDS, neutral: 1, text: (x) => `${Math.round(100 * x)} %`, onchange: on.speed, reason });
    this._key = stepper({ label: t("result.key"), values: KEYS, neutral: 0, text: keyText, onchange: on.key, reason });
    const why = reason ? h("p", { class: "ms-hint ms-practice-why" }, reason) : null;
    return h("div", { class: "ms-practice-row" }, this._speed.element, this._key.element, why);
  }

  _volumeRow(on) {
    this._volume = h("input", {
      type: "range",
      class: "ms-range ms-master",
      min: LOWEST_DB,
      max: 0,
      step: 0.5,
      "aria-label": t("result.volume"),
      oninput: () => on.volume(Number(this._volume.value)),
      ondblclick: () => on.volume(0),
    });
    return h("div", { class: "ms-master-row", title: t("result.volume") }, icon("volume"), this._volume);
  }
}

export function keyText(semitones) {
  return `${semitones > 0 ? "+" : semitones < 0 ? "−" : ""}${Math.abs(semitones)}`;
}

function press(symbol, label, run, className) {
  return h("button", { type: "button", class: `ms-button ${className}`, "aria-pressed": "false", onclick: run }, icon(symbol), h("span", {}, label));
}

function small(symbol, label, run, className) {
  return h("button", { type: "button", class: `ms-button ${className}`, "aria-label": label, title: label, onclick: run }, icon(symbol));
}
