// The listening of a blind comparison: two sounds on one clock, three buttons, an answer a round, and what the answers say.

import { json } from "../base.js";
import { h, icon, setText } from "../dom.js";
import { what } from "../job_words.js";
import { dialog } from "../kit/dialog.js";
import { fail } from "../kit/toast.js";
import { Bus } from "../mixer/bus.js";
import { bytes } from "../mixer/bytes.js";
import { Chunks } from "../mixer/chunks.js";
import { power } from "../mixer/level.js";
import { Overview } from "../mixer/overview.js";
import { Transport } from "../mixer/transport.js";
import { clock, resultName, t } from "../text.js";
import { chance, toss, verdict } from "./abx_score.js";
import { heading } from "./facts.js";

export class AbxTest {
  /** a, b: { job, result }; loop: { start, end } in seconds to begin with, or null. */
  constructor({ a, b, loop }) {
    this._sides = { a, b };
    this._rate = a.result.sample_rate;
    this._answers = []; // whether each was right
    this._heard = "a";
    this._levels = { a: 1, b: 1 };
    const channels = [a, b].map(({ job, result }) => ({ path: path(job, result), channels: result.channels, frames: result.frames }));
    this._chunks = new Chunks(channels, this._rate);
    this._bus = new Bus(this._rate, ["stems", "stems"]);
    this._transport = new Transport(this._chunks, this._bus, { onchange: () => this._show(), onerror: fail });
    this._loads = new AbortController();
    this._build();
    if (loop) this._setLoop(loop.start, loop.end);
    this._round();
    this._match();
    this._load(channels);
  }

  _build() {
    const seconds = this._chunks.frames / this._rate;
    this._sound = { pairs: null };
    this._overview = new Overview([this._sound], seconds, {
      seek: (fraction) => this._transport.seek(fraction * this._chunks.frames),
      move: (by) => this._transport.seek(this._transport.position + by * this._rate),
      home: () => this._transport.seek(0),
      loop: (start, end) => this._setLoop(start * seconds, end * seconds),
    });
    this._play = h("button", { type: "button", class: "ms-button ms-primary ms-play", onclick: () => this._toggle() });
    this._now = h("span", { class: "ms-now" });
    this._hear = Object.fromEntries(
      ["a", "b", "x"].map((side) => [side, h("button", { type: "button", class: "ms-button ms-abx-side", "aria-pressed": "false", "data-side": side, onclick: () => this._listen(side) }, side.toUpperCase())]),
    );
    this._count = h("p", { role: "status" });
    const answer = (side, text) => h("button", { type: "button", class: "ms-button", "data-answer": side, onclick: () => this._answer(side) }, text);
    this._finish = h("button", { type: "button", class: "ms-button", disabled: true, onclick: () => this._end() }, t("result.abx.finish"));
    this._window = dialog({
      title: heading("result.abx"),
      wide: true,
      body: [
        h("p", { class: "ms-hint" }, t("result.abx.how")),
        h("div", { class: "ms-row" }, this._play, h("p", {}, this._now), h("div", { class: "ms-row ms-abx-sides", role: "group", "aria-label": t("result.abx.hear") }, ...Object.values(this._hear))),
        this._overview.frame,
        h("div", { class: "ms-row" }, answer("a", t("result.abx.is.a")), answer("b", t("result.abx.is.b"))),
        this._count,
      ],
      actions: [this._finish],
    });
    this._window.element.classList.add("ms-abx-window");
    this._window.closed.then(() => this._close());
    this._showPlaying();
  }

  _toggle() {
    if (this._transport.running) this._transport.pause();
    else this._transport.play();
  }

  _setLoop(start, end) {
    const loop = this._transport.setLoop({ start: start * this._rate, end: end * this._rate });
    this._overview.setLoop(loop && { start: loop.start / this._chunks.frames, end: loop.end / this._chunks.frames }, Boolean(loop));
  }

  /** Play A, B, or whichever of them X is. */
  _listen(side) {
    this._heard = side;
    const real = side === "x" ? this._x : side;
    ["a", "b"].forEach((each, index) => this._bus.setGain(index, each === real ? this._levels[each] : 0));
    for (const [name, element] of Object.entries(this._hear)) element.setAttribute("aria-pressed", name === side);
  }

  _round() {
    this._x = toss();
    this._listen("x");
    setText(this._count, t("result.abx.count", { count: this._answers.length }));
    this._finish.disabled = !this._answers.length;
  }

  _answer(side) {
    this._answers.push(side === this._x);
    this._round();
  }

  /** The louder one is made as quiet as the other: loudness alone would tell them apart. */
  async _match() {
    const powers = await Promise.all(
      Object.values(this._sides).map(async ({ job, result }) => {
        const { stems } = await json(`jobs/${encodeURIComponent(job.id)}/quality`, { signal: this._loads.signal });
        return power(stems.find((stem) => stem.file === result.file) ?? {});
      }),
    ).catch(() => [0, 0]);
    const [a, b] = powers;
    if (!a || !b) return;
    this._levels = { a: Math.min(1, Math.sqrt(b / a)), b: Math.min(1, Math.sqrt(a / b)) };
    this._listen(this._heard);
  }

  _load([first]) {
    bytes(`${first.path}/peaks`, this._loads.signal).then((pairs) => {
      this._sound.pairs = new Int8Array(pairs);
      this._overview.wave.draw();
    }, () => {}); // without an outline it can be listened to all the same
    this._chunks.load(0).catch((error) => error.name !== "AbortError" && fail(error));
  }

  _end() {
    this._transport.pause();
    const count = this._answers.length;
    const right = this._answers.filter(Boolean).length;
    const percent = Math.max(0.1, 100 * chance(right, count));
    const who = ["a", "b"].map((side) => {
      const { job, result } = this._sides[side];
      return h("li", { translate: "no" }, `${side.toUpperCase()}: ${[resultName(result), what(job).text].filter(Boolean).join(" · ")}`);
    });
    this._window.body.replaceChildren(
      h("p", { class: "ms-abx-score" }, t("result.abx.score", { right, count })),
      h("p", {}, t(`result.abx.verdict.${verdict(right, count)}`)),
      h("p", { class: "ms-hint" }, t("result.abx.chance", { percent: percent < 10 ? percent.toFixed(1) : Math.round(percent) })),
      h("ul", {}, ...who),
    );
    const close = h("button", { type: "button", class: "ms-button ms-primary", onclick: () => this._window.close() }, t("kit.close"));
    this._finish.replaceWith(close);
    close.focus();
  }

  _show() {
    if (!this._play) return;
    this._showPlaying();
    cancelAnimationFrame(this._frame);
    if (this._transport.state === "playing") this._frame = requestAnimationFrame(() => this._show());
  }

  _showPlaying() {
    const { running, position } = this._transport;
    if (running !== this._shown) {
      this._shown = running;
      this._play.replaceChildren(icon(running ? "pause" : "play"), h("span", {}, t(running ? "mixer.pause" : "mixer.play")));
    }
    setText(this._now, clock(position / this._rate, 1));
    this._overview.at(position / this._rate);
    this._overview.frame.style.setProperty("--at", `${((100 * position) / this._chunks.frames).toFixed(1)}%`);
  }

  _close() {
    cancelAnimationFrame(this._frame);
    this._loads.abort();
    this._transport.close();
    this._overview.close();
  }
}

function path(job, result) {
  return `jobs/${encodeURIComponent(job.id)}/stems/${encodeURIComponent(result.file)}`;
}
