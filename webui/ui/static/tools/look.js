// A tool that says something about sounds: it answers by itself as soon as a sound is there.

import { send } from "../base.js";
import { h } from "../dom.js";
import { button } from "../kit/button.js";
import { oneByOne } from "../kit/one_by_one.js";
import { reason } from "../kit/toast.js";
import { t } from "../text.js";
import { showRows } from "../kit/list.js";
import { sounds } from "./sounds.js";

/** Ask an analysis over REST. */
export const analyse = (what, body, signal) =>
  send(`tools/${what}`, body, { signal });

/**
 * One answer for each sound.
 * @param id of the tool
 * @param ask (song, signal) => what is known of it
 * @param show (answer, song, signal) => element; the signal aborts when it is no longer shown
 * @param nothing what is said while there is no sound
 * @param wide whether the answers need the whole width
 */
export function lookAt({ id, multiple = true, ask, show, nothing, wide = false }) {
  const rows = new Map();
  const list = h("div", { class: "ms-stack", "aria-live": "polite" });
  const empty = h("p", { class: "ms-empty" }, nothing);
  const place = sounds({
    key: id,
    multiple,
    onchange: (input) => {
      const ready = input.items.filter(({ state }) => state === "ready");
      showRows(list, rows, ready, { make: (song) => new Answer(song, ask, show) });
      empty.hidden = ready.length > 0;
    },
  });
  return { element: h("div", { class: wide ? "ms-stack" : "ms-two" }, h("section", { class: "ms-card" }, place.element), h("section", { "aria-label": t("work.results") }, empty, list)) };
}

class Answer {
  constructor(song, ask, show) {
    this._song = song;
    this._ask = ask;
    this._show = show;
    this._control = new AbortController();
    this.body = h("div", { class: "ms-stack" });
    this.element = h("article", { class: "ms-card ms-answer" }, h("h3", { translate: "no" }, song.name), this.body);
    this._run();
  }

  close() {
    this._control.abort();
  }

  async _run() {
    this.body.replaceChildren(h("p", { class: "ms-hint ms-listening" }, t("tools.listening")));
    const { signal } = this._control;
    try {
      const answer = await oneByOne(() => this._ask(this._song, signal), signal);
      this.body.replaceChildren(this._show(answer, this._song, signal));
    } catch (error) {
      if (error.name === "AbortError") return;
      this.body.replaceChildren(h("p", { class: "ms-bad-text" }, reason(error)), button({ label: t("kit.retry"), symbol: "again", run: () => this._run() }));
    }
  }
}

/** Facts with their names: [[name, value, about]], those without a value left out. */
export function facts(entries) {
  return h(
    "dl",
    { class: "ms-figures" },
    ...entries
      .filter(([, value]) => value !== null && value !== undefined && value !== "")
      .map(([name, value, about]) => h("div", {}, h("dt", {}, name), h("dd", {}, value, about ? h("small", {}, about) : null))),
  );
}
