// Cut: a part of a sound, chosen in its outline and heard before it is cut.

import { request } from "../base.js";
import { h, icon, setText } from "../dom.js";
import { listenPath, player } from "../kit/player.js";
import { reason } from "../kit/toast.js";
import { clock, t } from "../text.js";
import { dial, moment } from "../kit/controls.js";
import { jobTool } from "./job_tool.js";
import { Region } from "./region.js";

export const cut = () => jobTool({ id: "cut", multiple: false, action: () => t("tools.cut.start_job"), settings: (changed) => new Cut(changed) });

class Cut {
  constructor(changed) {
    this._changed = changed;
    this._song = null;
    this._sound = null;
    this._loaded = false;
    this.region = new Region({ onchange: () => this._moved(), onseek: (seconds) => this._sound?.play(seconds) });
    this.start = moment({ label: t("tools.cut.start"), onchange: (value) => this._typed(value, this.region.end) });
    this.end = moment({ label: t("tools.cut.end"), onchange: (value) => this._typed(this.region.start, value) });
    this.length = h("p", { class: "ms-facts", role: "status" });
    this.note = h("p", { class: "ms-hint", role: "status" });
    const listen = h("button", { type: "button", class: "ms-button ms-cut-listen", onclick: () => this._sound?.play(this.region.start, this.region.end) }, icon("play"), h("span", {}, t("tools.cut.listen")));
    this.fadeIn = dial({ label: t("tools.cut.fade_in"), min: 0, max: 10, step: 0.1, value: 0, unit: "s", onchange: changed });
    this.fadeOut = dial({ label: t("tools.cut.fade_out"), min: 0, max: 10, step: 0.1, value: 0, unit: "s", onchange: changed });
    this.body = h(
      "div",
      { class: "ms-stack", hidden: true },
      this.region.element,
      h("div", { class: "ms-fields" }, this.start.element, this.end.element),
      h("div", { class: "ms-row" }, listen, this.length),
      h("details", { class: "ms-details" }, h("summary", {}, t("tools.cut.fades")), h("div", { class: "ms-fields" }, this.fadeIn.element, this.fadeOut.element)),
    );
    this.element = h("div", { class: "ms-stack" }, this.note, this.body);
  }

  get value() {
    return { start: this.region.start, end: this.region.end, fade_in: this.fadeIn.number, fade_out: this.fadeOut.number };
  }

  get problem() {
    return this._loaded ? "" : t("tools.cut.reading");
  }

  watch(input) {
    const song = input.items.find(({ state }) => state === "ready") ?? null;
    if (song === this._song) return;
    this._song = song;
    this._loaded = false;
    this._sound?.close();
    this._sound = null;
    this.body.hidden = !song;
    setText(this.note, "");
    if (song) this._load(song);
  }

  async _load(song) {
    setText(this.note, t("tools.cut.reading"));
    try {
      const response = await request(`tools/waveform?${new URLSearchParams(song.reference)}`);
      const pairs = new Int8Array(await response.arrayBuffer());
      if (song !== this._song) return;
      const duration = song.duration ?? pairs.length / 100;
      this._sound = player({ name: song.name, sources: [listenPath(song.reference)], duration, onmove: (seconds) => this.region.at(seconds) });
      this.region.load(pairs, duration);
      this._loaded = true;
      setText(this.note, t("tools.cut.how"));
      this._moved();
    } catch (error) {
      if (song === this._song) setText(this.note, reason(error));
    }
  }

  _typed(start, end) {
    this.region.set(start, end);
    this._moved();
  }

  _moved() {
    this.start.show(this.region.start);
    this.end.show(this.region.end);
    setText(this.length, t("tools.cut.length", { length: clock(this.region.end - this.region.start, 1) }));
    this._changed();
  }
}
