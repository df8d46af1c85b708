// The outline of a stem, drawn twice: what was played in full colour over the rest in a paler one.

import { request } from "../base.js";
import { h } from "../dom.js";

const BAR = 3; // CSS pixels: a bar of 2 and a gap of 1

export class Waveform {
  /** onseek(fraction): somebody pointed into the picture. */
  constructor(onseek) {
    this._rest = h("canvas", { class: "ms-wave-rest" });
    this._played = h("canvas", { class: "ms-wave-played" });
    this.element = h("div", { class: "ms-wave", "aria-hidden": "true" }, this._rest, this._played, h("i", { class: "ms-playhead" }));
    this._pairs = null;
    this._drag(onseek);
    this._observer = new ResizeObserver(() => this.draw());
    this._observer.observe(this.element);
  }

  /** Load the (minimum, maximum) pairs, int8, 50 a second, and draw them. Throws as request does. */
  async load(path, signal) {
    const response = await request(path, { signal });
    this._pairs = new Int8Array(await response.arrayBuffer());
    this.draw();
  }

  close() {
    this._observer.disconnect();
  }

  draw() {
    const { clientWidth: width, clientHeight: height } = this.element;
    if (!width || !this._pairs) return;
    const bars = columns(this._pairs, Math.floor(width / BAR));
    for (const canvas of [this._rest, this._played]) paint(canvas, bars, width, height);
  }

  _drag(onseek) {
    const seek = (event) => {
      const box = this.element.getBoundingClientRect();
      onseek(Math.min(1, Math.max(0, (event.clientX - box.left) / box.width)));
    };
    this.element.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      if (event.pointerType === "mouse") this.element.setPointerCapture(event.pointerId);
      seek(event);
    });
    this.element.addEventListener("pointermove", (event) => {
      if (this.element.hasPointerCapture(event.pointerId)) seek(event);
    });
  }
}

/** The loudest peak in each of `count` columns, 0 .. 1. */
function columns(pairs, count) {
  const total = pairs.length >> 1;
  return Array.from({ length: count }, (_, column) => {
    const from = Math.floor((column * total) / count);
    const to = Math.max(from + 1, Math.floor(((column + 1) * total) / count));
    let peak = 0;
    for (let i = from; i < to && i < total; i += 1) peak = Math.max(peak, -pairs[2 * i], pairs[2 * i + 1]);
    return peak / 127;
  });
}

function paint(canvas, bars, width, height) {
  const scale = window.devicePixelRatio || 1;
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  const pen = canvas.getContext("2d");
  pen.scale(scale, scale);
  pen.fillStyle = getComputedStyle(canvas).color;
  const middle = height / 2;
  bars.forEach((peak, column) => {
    const half = Math.max(0.75, Math.min(1, peak) * (middle - 2));
    pen.fillRect(column * BAR, middle - half, BAR - 1, 2 * half);
  });
}
