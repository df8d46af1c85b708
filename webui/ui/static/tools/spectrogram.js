// Spectrogram: the whole sound as a picture, with axes, and what lies under the pointer.

import { request } from "../base.js";
import { h, setText } from "../dom.js";
import { button } from "../kit/button.js";
import { clock, plainName, t } from "../text.js";
import { lookAt } from "./look.js";

const WIDTH = 1600;
const HEIGHT = 400;
const LOWEST = 40; // Hz at the bottom; the picture goes up in octaves
const HIGHEST = 20000;
const MARKS = [50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000];
const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600]; // seconds between two marks

export const spectrogram = () =>
  lookAt({
    id: "spectrogram",
    multiple: false,
    wide: true,
    ask: async (song, signal) => {
      const body = JSON.stringify({ input: song.reference, width: WIDTH, height: HEIGHT });
      const response = await request("tools/spectrogram", { method: "POST", headers: { "content-type": "application/json" }, body, signal });
      return response.blob();
    },
    show: picture,
    nothing: t("tools.spectrogram.nothing"),
  });

const height = (hertz) => Math.log(hertz / LOWEST) / Math.log(HIGHEST / LOWEST); // 0 at the bottom, 1 at the top
const pitch = (share) => LOWEST * (HIGHEST / LOWEST) ** share;
const hertzText = (hertz) => (hertz >= 1000 ? `${+(hertz / 1000).toFixed(hertz >= 10000 ? 1 : 2)} kHz` : `${Math.round(hertz)} Hz`);
const short = (hertz) => (hertz >= 1000 ? `${hertz / 1000}k` : String(hertz));

function times(duration, most) {
  const step = STEPS.find((each) => duration / each <= most) ?? duration / most;
  return Array.from({ length: Math.floor(duration / step) + 1 }, (_, index) => index * step);
}

function picture(blob, song, signal) {
  const { duration } = song;
  const src = URL.createObjectURL(blob);
  signal.addEventListener("abort", () => URL.revokeObjectURL(src));
  const image = h("img", { src, alt: t("tools.spectrogram.alt", { name: song.name, length: clock(duration) }), class: "ms-sonogram-image", draggable: "false" });
  const cross = h("i", { class: "ms-sonogram-cross", hidden: true });
  const readout = h("p", { class: "ms-sonogram-read", role: "status" }, t("tools.spectrogram.point"));
  const at = { x: 0.5, y: 0.5 };
  const plot = h("div", { class: "ms-sonogram-plot", tabindex: "0", role: "group", "aria-label": t("tools.spectrogram.keys") }, image, cross);
  const tell = () => {
    at.x = Math.min(1, Math.max(0, at.x));
    at.y = Math.min(1, Math.max(0, at.y));
    cross.hidden = false;
    cross.style.left = `${at.x * 100}%`;
    cross.style.bottom = `${at.y * 100}%`;
    setText(readout, t("tools.spectrogram.read", { time: clock(at.x * duration, 1), pitch: hertzText(pitch(at.y)), note: note(pitch(at.y)) }));
  };
  const point = (event) => {
    const box = plot.getBoundingClientRect();
    Object.assign(at, { x: (event.clientX - box.left) / box.width, y: 1 - (event.clientY - box.top) / box.height });
    tell();
  };
  plot.addEventListener("pointermove", point);
  plot.addEventListener("pointerdown", point);
  plot.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
    if (!step) return;
    event.preventDefault();
    at.x += step[0] * (event.shiftKey ? 0.1 : 0.01);
    at.y += step[1] * (event.shiftKey ? 0.1 : 0.01);
    tell();
  });
  const left = MARKS.map((hertz) => h("span", { style: `bottom:${height(hertz) * 100}%` }, short(hertz)));
  const below = times(duration, innerWidth < 720 ? 4 : 12).map((second) => h("span", { style: `left:${(second / duration) * 100}%` }, clock(second)));
  const save = button({ label: t("tools.spectrogram.save"), symbol: "download", run: () => download(image, song) });
  return h(
    "div",
    { class: "ms-stack" },
    h("div", { class: "ms-sonogram" }, h("span", { class: "ms-sonogram-unit" }, "Hz"), h("div", { class: "ms-sonogram-left", "aria-hidden": "true" }, ...left), plot, h("div", { class: "ms-sonogram-below", "aria-hidden": "true" }, ...below)),
    readout,
    h("p", { class: "ms-hint" }, t("tools.spectrogram.about")),
    h("div", { class: "ms-row" }, save),
  );
}

// The nearest note, as musicians call it.
function note(hertz) {
  const number = Math.round(69 + 12 * Math.log2(hertz / 440));
  return `${["C", "C♯", "D", "D♯", "E", "F", "F♯", "G", "G♯", "A", "A♯", "B"][number % 12]}${Math.floor(number / 12) - 1}`;
}

// The picture with its axes, as it is on the page.
async function download(image, song) {
  const [left, top, right, below] = [64, 34, 20, 34];
  const canvas = h("canvas", { width: WIDTH + left + right, height: HEIGHT + top + below });
  const pen = canvas.getContext("2d");
  const style = getComputedStyle(document.querySelector(".gradio-container"));
  pen.fillStyle = style.getPropertyValue("--ms-card").trim() || "#fff";
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.drawImage(image, left, top, WIDTH, HEIGHT);
  pen.fillStyle = pen.strokeStyle = style.getPropertyValue("--ms-ink").trim() || "#000";
  pen.font = "14px system-ui, sans-serif";
  pen.fillText(song.name, left, 22);
  pen.textAlign = "right";
  for (const hertz of MARKS) {
    const y = top + HEIGHT * (1 - height(hertz));
    pen.fillText(hertzText(hertz), left - 8, y + 5);
    pen.fillRect(left - 5, y, 5, 1);
  }
  pen.textAlign = "center";
  for (const second of times(song.duration, 12)) {
    const x = left + (WIDTH * second) / song.duration;
    pen.fillText(clock(second), x, top + HEIGHT + 22);
    pen.fillRect(x, top + HEIGHT, 1, 5);
  }
  const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
  const link = h("a", { href: URL.createObjectURL(blob), download: `${plainName(song.name)}_spectrogram.png` });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}
