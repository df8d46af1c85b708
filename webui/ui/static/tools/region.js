// The outline of a sound with a part of it chosen: two handles to pull, with the mouse, a finger or the arrow keys.

import { h } from "../dom.js";
import { onTheme } from "../kit/theme.js";
import { clock, t } from "../text.js";

const BAR = 3; // CSS pixels: a bar of 2 and a gap of 1
const LEAST = 0.05; // seconds of a part
const STEPS = { ArrowLeft: -0.1, ArrowDown: -0.1, ArrowRight: 0.1, ArrowUp: 0.1, PageDown: -5, PageUp: 5 };

export class Region {
  /** onchange(start, end) while a handle is moved; onseek(seconds) when somebody points between them. */
  constructor({ onchange, onseek }) {
    this.start = 0;
    this.end = 0;
    this.duration = 0;
    this._onchange = onchange;
    this._onseek = onseek;
    this._pairs = null;
    this._canvas = h("canvas", { class: "ms-cutter-wave" });
    this._left = h("i", { class: "ms-cutter-off ms-cutter-before" });
    this._right = h("i", { class: "ms-cutter-off ms-cutter-after" });
    this._head = h("i", { class: "ms-cutter-head" });
    this._handles = { start: this._handle("start"), end: this._handle("end") };
    this.element = h("div", { class: "ms-cutter" }, this._canvas, this._left, this._right, this._head, this._handles.start, this._handles.end);
    this.element.addEventListener("pointerdown", (event) => event.button === 0 && !event.target.closest("[role=slider]") && this._press(event));
    new ResizeObserver(() => this._paint()).observe(this.element);
    onTheme(() => this._paint());
  }

  /** pairs: int8 (lowest, highest), 50 a second; null for none. The whole is chosen. */
  load(pairs, duration, start = 0, end = duration) {
    this._pairs = pairs;
    this.duration = duration;
    this.set(start, end);
    this._paint();
    this.at(0);
  }

  /** Choose a part; it is kept within the sound. */
  set(start, end) {
    this.start = Math.max(0, Math.min(start, this.duration - LEAST));
    this.end = Math.min(this.duration, Math.max(end, this.start + LEAST));
    const percent = (value) => `${this.duration ? (100 * value) / this.duration : 0}%`;
    this._left.style.width = this._handles.start.style.left = percent(this.start);
    this._handles.end.style.left = percent(this.end);
    this._right.style.left = percent(this.end);
    for (const [name, handle] of Object.entries(this._handles)) {
      handle.setAttribute("aria-valuemax", this.duration.toFixed(2));
      handle.setAttribute("aria-valuenow", this[name].toFixed(2));
      handle.setAttribute("aria-valuetext", clock(this[name], 1));
    }
  }

  /** Where it plays. */
  at(seconds) {
    this._head.style.left = `${this.duration ? (100 * seconds) / this.duration : 0}%`;
  }

  _handle(name) {
    const handle = h("button", { type: "button", class: `ms-cutter-handle ms-cutter-${name}`, role: "slider", "aria-label": t(`tools.cut.${name}`), "aria-valuemin": 0 });
    const move = (seconds) => {
      if (name === "start") this.set(Math.min(seconds, this.end - LEAST), this.end);
      else this.set(this.start, Math.max(seconds, this.start + LEAST));
      this._onchange(this.start, this.end);
    };
    handle.addEventListener("keydown", (event) => {
      const to = { Home: 0, End: this.duration }[event.key] ?? (event.key in STEPS ? this[name] + STEPS[event.key] * (event.shiftKey ? 10 : 1) : null);
      if (to === null) return;
      event.preventDefault();
      move(to);
    });
    handle.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      handle.focus();
      handle.setPointerCapture(event.pointerId);
    });
    handle.addEventListener("pointermove", (event) => handle.hasPointerCapture(event.pointerId) && move(this._where(event)));
    return handle;
  }

  // A press plays from there; pulled on, it chooses the part between.
  _press(event) {
    const from = this._where(event);
    let pulled = false;
    const move = (next) => {
      const to = this._where(next);
      if (!pulled && Math.abs(next.clientX - event.clientX) < 6) return;
      pulled = true;
      this.set(Math.min(from, to), Math.max(from, to));
      this._onchange(this.start, this.end);
    };
    const up = () => {
      this.element.removeEventListener("pointermove", move);
      if (!pulled) this._onseek(from);
    };
    if (event.pointerType === "mouse") {
      this.element.setPointerCapture(event.pointerId);
      this.element.addEventListener("pointermove", move);
    }
    this.element.addEventListener("pointerup", up, { once: true });
  }

  _where(event) {
    const box = this.element.getBoundingClientRect();
    return Math.min(1, Math.max(0, (event.clientX - box.left) / box.width)) * this.duration;
  }

  _paint() {
    const { clientWidth: width, clientHeight: height } = this.element;
    if (!width) return;
    const scale = window.devicePixelRatio || 1;
    this._canvas.width = Math.round(width * scale);
    this._canvas.height = Math.round(height * scale);
    if (!this._pairs) return;
    const pen = this._canvas.getContext("2d");
    pen.scale(scale, scale);
    pen.fillStyle = getComputedStyle(this._canvas).color;
    const count = Math.floor(width / BAR);
    const total = this._pairs.length >> 1;
    for (let column = 0; column < count; column += 1) {
      const from = Math.floor((column * total) / count);
      const to = Math.min(total, Math.max(from + 1, Math.floor(((column + 1) * total) / count)));
      let peak = 0;
      for (let i = from; i < to; i += 1) peak = Math.max(peak, -this._pairs[2 * i], this._pairs[2 * i + 1]);
      const half = Math.max(0.75, (Math.min(127, peak) / 127) * (height / 2 - 3));
      pen.fillRect(column * BAR, height / 2 - half, BAR - 1, 2 * half);
    }
  }
}
