// One stem in the mixer: name, mute, solo, volume, outline, download.

import { address } from "../base.js";
import { h, icon, setText } from "../dom.js";
import { decibels, size, stemName, t } from "../text.js";
import { Waveform } from "./waveform.js";

const LOWEST_DB = -40; // the end of the fader is silence
const HIGHEST_DB = 6;
const KNOWN = new Set(["vocals", "accompaniment", "instrumental", "drums", "bass", "guitar", "piano"]);

export class Strip {
  /** result: an entry of job.results; place: its number from 1; fader: { db, mute, solo }; on: { change(), seek(fraction) }. */
  constructor(result, place, fader, on) {
    this.file = result.file;
    this.name = stemName(result.stem);
    this.fader = { db: 0, mute: false, solo: false, ...fader };
    this._change = on.change;
    this.wave = new Waveform(on.seek);
    this._mute = this._toggle("mute");
    this._solo = this._toggle("solo");
    this._level = h("output", { class: "ms-level" });
    this._range = this._volume();
    this.element = h(
      "li",
      { class: "ms-strip", "data-stem": KNOWN.has(result.stem) ? result.stem : "other", "data-file": result.file },
      h("div", { class: "ms-strip-name" }, h("kbd", { "aria-hidden": "true" }, String(place)), h("h3", {}, this.name)),
      h("div", { class: "ms-switches" }, this._mute, this._solo),
      h("div", { class: "ms-volume" }, this._range, this._level),
      this.wave.element,
      download(result, this.name),
    );
    this._show();
  }

  /** The factor to play this stem with; soloed: whether any stem is on solo. */
  gain(soloed) {
    const { db, mute, solo } = this.fader;
    const audible = soloed ? solo : !mute;
    const factor = db <= LOWEST_DB ? 0 : 10 ** (db / 20);
    this.element.classList.toggle("ms-silent", !audible || factor === 0);
    return audible ? factor : 0;
  }

  toggle(what) {
    this.set({ [what]: !this.fader[what] });
  }

  set(values) {
    Object.assign(this.fader, values);
    this._show();
    this._change();
  }

  close() {
    this.wave.close();
  }

  _toggle(what) {
    const action = t(`mixer.${what}`);
    const label = t("mixer.of", { action, stem: this.name });
    return h(
      "button",
      { type: "button", class: `ms-button ms-${what}`, "aria-label": label, onclick: () => this.toggle(what) },
      action,
    );
  }

  _volume() {
    return h("input", {
      type: "range",
      class: "ms-range",
      min: LOWEST_DB,
      max: HIGHEST_DB,
      step: 0.5,
      "aria-label": t("mixer.volume", { stem: this.name }),
      oninput: () => this.set({ db: Number(this._range.value) }),
      ondblclick: () => this.set({ db: 0 }),
    });
  }

  _show() {
    const { db, mute, solo } = this.fader;
    const text = decibels(db <= LOWEST_DB ? -Infinity : db);
    this._range.value = db;
    this._range.style.setProperty("--filled", (db - LOWEST_DB) / (HIGHEST_DB - LOWEST_DB));
    this._range.setAttribute("aria-valuetext", text);
    setText(this._level, text);
    this._mute.setAttribute("aria-pressed", mute);
    this._solo.setAttribute("aria-pressed", solo);
  }
}

function download(result, name) {
  const label = t("mixer.download.size", { stem: name, size: size(result.bytes) });
  return h(
    "a",
    { class: "ms-button ms-download", href: address(result.url.replace(/^\/+/, "")), download: result.file, "aria-label": label },
    icon("download"),
    h("span", {}, t("mixer.download"), h("small", {}, size(result.bytes))),
  );
}
