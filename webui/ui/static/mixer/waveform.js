// The outline of a sound, drawn twice: what was played in full colour over the rest in a paler one.

import { h } from "../dom.js";
import { onTheme } from "../kit/theme.js";

const BAR = 3; // CSS pixels: a bar of 2 and a gap of 1

export class Waveform {
  /** sounds: [Sound...] whose outline is drawn: one stem, or the mix of several. */
  constructor(sounds) {
    this._sounds = sounds;
    this._rest = h("canvas", { class: "ms-wave-rest" });
    this._played = h("canvas", { class: "ms-wave-played" });
    this.element = h("div", { class: "ms-wave", "aria-hidden": "true" }, this._rest, this._played, h("i", { class: "ms-playhead" }));
    this._observer = new ResizeObserver(() => this.draw());
    this._observer.observe(this.element);
    this._endTheme = onTheme(() => this.draw());
  }

  close() {
    this._observer.disconnect();
    this._endTheme();
  }

  draw() {
    const { clientWidth: width, clientHeight: height } = this.element;
    if (!width) return;
    const bars = outline(this._sounds, Math.floor(width / BAR));
    for (const canvas of [this._rest, this._played]) paint(canvas, bars, width, height);
  }
}

/** Where a press into a picture points, 0 .. 1. */
export function fractionAt(element, event) {
  const box = element.getBoundingClientRect();
  return Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
}

/** The loudest peak in each of `count` columns, 0 .. 1; of several sounds together, each with its gain. */
function outline(sounds, count) {
  const sums = new Float32Array(count);
  for (const { pairs, gain = 1 } of sounds) {
    if (!pairs || !gain) continue;
    const total = pairs.length >> 1;
    for (let column = 0; column < count; column += 1) {
      const from = Math.floor((column * total) / count);
      const to = Math.min(total, Math.max(from + 1, Math.floor(((column + 1) * total) / count)));
      let peak = 0;
      for (let i = from; i < to; i += 1) peak = Math.max(peak, -pairs[2 * i], pairs[2 * i + 1]);
      sums[column] += ((gain * peak) / 127) ** 2;
    }
  }
  return sums.map(Math.sqrt);
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
