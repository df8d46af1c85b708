// What a stem looks like: its waveform, or its spectrogram, which the server draws when it is first asked for.

import { address } from "../base.js";
import { h, setText } from "../dom.js";
import { oneByOne } from "../kit/one_by_one.js";
import { t } from "../text.js";
import { bytes } from "./bytes.js";
import { Waveform, fractionAt } from "./waveform.js";

const MARKS = [100, 1000, 10000]; // Hz
const [LOWEST, HIGHEST] = [40, 20000];

export class Picture {
  /** sound: { path } of the stem below api/v1; its `pairs` are filled in; onseek(fraction): somebody pointed into it. */
  constructor(sound, onseek) {
    this._sound = sound;
    this._ends = new AbortController();
    this.wave = new Waveform([sound]);
    this.element = h("div", { class: "ms-picture" }, this.wave.element);
    point(this.element, onseek);
  }

  /** Load the (minimum, maximum) pairs, int8, 50 a second, and draw them. Throws as `bytes` does. */
  async load(signal) {
    this._sound.pairs = new Int8Array(await bytes(`${this._sound.path}/peaks`, signal));
    this.wave.draw();
  }

  /** "wave" or "spectrogram". */
  show(kind) {
    this.element.dataset.picture = kind;
    if (kind === "spectrogram" && !this._spectrogram) this._fetchSpectrogram();
  }

  close() {
    this._ends.abort();
    this.wave.close();
  }

  _fetchSpectrogram() {
    const word = h("p", { class: "ms-picture-word" }, t("kit.loading"));
    const image = h("img", { class: "ms-spectrum", alt: "", draggable: "false", hidden: true });
    image.addEventListener("load", () => {
      word.remove();
      image.hidden = false;
    });
    image.addEventListener("error", () => {
      setText(word, t("result.picture.failed"));
      this._spectrogram = null; // the next switch tries again
    });
    const marks = MARKS.map((hertz) =>
      h("span", { style: `bottom: ${(100 * Math.log(hertz / LOWEST)) / Math.log(HIGHEST / LOWEST)}%` }, hertz < 1000 ? `${hertz}` : `${hertz / 1000}k`),
    );
    this._spectrogram?.remove();
    this.element.querySelector(".ms-spectrogram")?.remove();
    this._spectrogram = h("div", { class: "ms-spectrogram", "aria-hidden": "true" }, image, h("div", { class: "ms-hertz" }, ...marks), h("i", { class: "ms-playhead" }), word);
    this.element.append(this._spectrogram);
    oneByOne(() => drawn(image, address(`api/v1/${this._sound.path}/spectrogram`)), this._ends.signal).catch(() => {}); // said above
  }
}

/** Show an image; resolves when it is there, or cannot be had. */
function drawn(image, source) {
  return new Promise((resolve) => {
    for (const end of ["load", "error"]) image.addEventListener(end, resolve, { once: true });
    image.src = source;
  });
}

function point(element, onseek) {
  element.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    if (event.pointerType === "mouse") element.setPointerCapture(event.pointerId);
    onseek(fractionAt(element, event));
  });
  element.addEventListener("pointermove", (event) => {
    if (element.hasPointerCapture(event.pointerId)) onseek(fractionAt(element, event));
  });
}
