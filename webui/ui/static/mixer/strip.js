// One stem in the mixer: name, mute, solo, volume, balance, picture, and what can be done with it.

import { address } from "../base.js";
import { h, icon, setText } from "../dom.js";
import { menuButton } from "../kit/menu.js";
import { colourOf, decibels, resultName, size, t } from "../text.js";
import { Picture } from "./picture.js";

export const LOWEST_DB = -40; // the end of the fader is silence
const HIGHEST_DB = 6;
const NEUTRAL = { db: 0, pan: 0, mute: false, solo: false };

export class Strip {
  /**
   * @param result an entry of job.results; path: of its sound below api/v1; place: its number from 1
   * @param fader { db, pan, mute, solo } as it was left
   * @param on { change(), seek(fraction), menu() => items for its menu }
   */
  constructor({ result, path, place, fader, on }) {
    this.result = result;
    this.file = result.file;
    this.name = resultName(result);
    this.fader = { ...NEUTRAL, ...fader };
    this.sound = { path, pairs: null, gain: 1 };
    this._on = on;
    this.picture = new Picture(this.sound, on.seek);
    this._mute = this._toggle("mute");
    this._solo = this._toggle("solo");
    this._volume = this._slider("volume", { min: LOWEST_DB, max: HIGHEST_DB, step: 0.5 }, "db");
    this._balance = this._slider("pan", { min: -1, max: 1, step: 0.05 }, "pan");
    const menu = menuButton({ label: t("mixer.of", { action: t("kit.actions"), stem: this.name }), bare: true, items: () => this._items() });
    menu.classList.add("ms-strip-menu");
    this.element = h(
      "li",
      { class: "ms-strip", "data-stem": colourOf(result.stem), "data-file": result.file },
      h("div", { class: "ms-strip-name" }, place < 10 ? h("kbd", { "aria-hidden": "true" }, String(place)) : null, h("h3", {}, this.name)),
      h("div", { class: "ms-switches" }, this._mute, this._solo),
      h("div", { class: "ms-volume" }, this._volume.range, this._volume.value),
      h("div", { class: "ms-pan" }, h("span", { "aria-hidden": "true" }, t("result.pan.left.short")), this._balance.range, h("span", { "aria-hidden": "true" }, t("result.pan.right.short")), this._balance.value),
      this.picture.element,
      download(result, this.name),
      menu,
    );
    this._show();
  }

  /** Sets and gives the factor to play this stem with; soloed: whether any stem is on solo. */
  gain(soloed) {
    const { db, mute, solo } = this.fader;
    const audible = soloed ? solo : !mute;
    this.sound.gain = audible && db > LOWEST_DB ? 10 ** (db / 20) : 0;
    this.element.classList.toggle("ms-silent", !this.sound.gain);
    return this.sound.gain;
  }

  get neutral() {
    return Object.entries(NEUTRAL).every(([name, value]) => this.fader[name] === value);
  }

  toggle(what) {
    this.set({ [what]: !this.fader[what] });
  }

  set(values) {
    Object.assign(this.fader, values);
    this._show();
    this._on.change();
  }

  reset() {
    this.set(NEUTRAL);
  }

  close() {
    this.picture.close();
  }

  _items() {
    const pan = { label: t("result.pan"), symbol: "volume", action: () => this.element.classList.toggle("ms-pan-open") };
    const narrow = window.matchMedia("(max-width: 720px)").matches;
    return [narrow ? pan : null, ...this._on.menu()];
  }

  _toggle(what) {
    const action = t(`mixer.${what}`);
    const label = t("mixer.of", { action, stem: this.name });
    return h("button", { type: "button", class: `ms-button ms-${what}`, "aria-label": label, onclick: () => this.toggle(what) }, action);
  }

  _slider(name, limits, what) {
    const value = h("output", { class: `ms-level ms-level-${name}` });
    const label = name === "pan" ? t("mixer.of", { action: t("result.pan"), stem: this.name }) : t("mixer.volume", { stem: this.name });
    const range = h("input", {
      type: "range",
      class: `ms-range ms-${name}-range`,
      ...limits,
      "aria-label": label,
      title: name === "pan" ? t("result.pan") : null,
      oninput: () => this.set({ [what]: Number(range.value) }),
      ondblclick: () => this.set({ [what]: 0 }),
    });
    return { range, value };
  }

  _show() {
    const { db, pan, mute, solo } = this.fader;
    show(this._volume, db, decibels(db <= LOWEST_DB ? -Infinity : db), (db - LOWEST_DB) / (HIGHEST_DB - LOWEST_DB));
    show(this._balance, pan, panText(pan), (pan + 1) / 2);
    this._mute.setAttribute("aria-pressed", mute);
    this._solo.setAttribute("aria-pressed", solo);
  }
}

function show({ range, value }, number, text, filled) {
  range.value = number;
  range.style.setProperty("--filled", filled);
  range.setAttribute("aria-valuetext", text);
  setText(value, text);
}

export function panText(pan) {
  const percent = Math.round(Math.abs(pan) * 100);
  if (!percent) return t("result.pan.centre");
  return t(pan < 0 ? "result.pan.left" : "result.pan.right", { percent });
}

function download(result, name) {
  return h(
    "a",
    { class: "ms-button ms-download", href: address(result.url.replace(/^\/+/, "")), download: result.file },
    icon("download"),
    h("span", {}, t("mixer.download"), h("span", { class: "ms-unseen" }, ` ${name} `), h("small", {}, size(result.bytes))),
  );
}
