// How to separate, for those who want to say it: the same options for every model. Only what differs from the standard is sent.

import { h } from "../dom.js";
import { button } from "../kit/button.js";
import { field, input, select, toggle } from "../kit/form.js";
import { t } from "../text.js";
import { choice, chosenByHand } from "./choice.js";

const about = (name) => t(`option.${name}.about`);
const values = (name, all) => all.map((value) => ({ value, label: t(`option.${name}.${value || "auto"}`) }));

/** Kinds of controls, each: how it shows a value and what value it says; undefined is the standard. */
function list(name, all, { read = (text) => text, write = String } = {}) {
  const control = select({ options: values(name, all), value: all[0], onchange: (text) => say(name, text === all[0] ? undefined : read(text)) });
  return { element: field({ label: t(`option.${name}`), hint: about(name), control }).element, show: (value) => (control.value = value === undefined ? all[0] : write(value)) };
}

function number(name, { min, max, step = 1, standard = null }) {
  const control = input({ type: "number", min, max, step, placeholder: standard ?? t(`option.${name}.auto`), inputmode: "decimal" });
  const line = field({ label: t(`option.${name}`), hint: about(name), control });
  control.addEventListener("change", () => {
    const good = control.checkValidity();
    line.setProblem(good ? "" : t("separate.options.range", { min, max: max ?? "∞" }));
    if (good) say(name, control.value === "" || Number(control.value) === standard ? undefined : Number(control.value));
  });
  return {
    element: line.element,
    show(value) {
      control.value = value ?? "";
      line.setProblem("");
    },
  };
}

function onOff(name) {
  const made = toggle({ label: t(`option.${name}`), hint: about(name), onchange: (on) => say(name, on || undefined) });
  return { element: made.element, show: (value) => (made.control.checked = Boolean(value)) };
}

/** Overlap is a word or a number of pieces. */
function overlap() {
  const words = ["standard", "fast", "high", "number"];
  const pieces = input({ type: "number", min: 1, max: 50, step: 1, "aria-label": t("option.overlap.number"), value: 2 });
  const tell = (text) => {
    pieces.hidden = text !== "number";
    say("overlap", text === "standard" ? undefined : text === "number" ? Math.min(50, Math.max(1, Math.round(pieces.value) || 2)) : text);
  };
  const control = select({ options: values("overlap", words), onchange: tell });
  pieces.addEventListener("change", () => tell("number"));
  return {
    element: h("div", { class: "ms-stack" }, field({ label: t("option.overlap"), hint: about("overlap"), control }).element, pieces),
    show(value) {
      control.value = typeof value === "number" ? "number" : (value ?? "standard");
      pieces.hidden = typeof value !== "number";
      if (typeof value === "number") pieces.value = value;
    },
  };
}

function say(name, value) {
  const options = structuredClone(choice.value.options);
  const [first, second] = name.split(".");
  const place = second ? (options[first] ??= {}) : options;
  if (value === undefined) delete place[second ?? first];
  else place[second ?? first] = value;
  if (second && !Object.keys(place).length) delete options[first];
  chosenByHand({ options });
}

export function options() {
  const normalize = list("normalize", ["auto", "on", "off"], { read: (text) => text === "on", write: (value) => (value ? "on" : "off") });
  const controls = {
    overlap: overlap(),
    tta: onOff("tta"),
    precision: list("precision", ["auto", "exact", "fast"]),
    shifts: number("shifts", { min: 1, max: 20, standard: 1 }),
    batch: number("batch", { min: 1, max: 64 }),
    chunk: number("chunk", { min: 1000, max: 10000000 }),
    normalize,
  };
  const vr = {
    "vr.window_size": list("vr.window_size", ["512", "320", "1024"], { read: Number }),
    "vr.aggressiveness": number("vr.aggressiveness", { min: -100, max: 100, standard: 5 }),
    "vr.post_process": onOff("vr.post_process"),
    "vr.post_process_threshold": number("vr.post_process_threshold", { min: 0.01, max: 0.99, step: 0.01, standard: 0.2 }),
    "vr.high_end": onOff("vr.high_end"),
  };
  const ofVr = h("fieldset", { class: "ms-vr" }, h("legend", { class: "ms-label" }, t("option.vr")), grid(vr));
  const reset = button({ label: t("separate.options.reset"), kind: "quiet", run: () => chosenByHand({ options: {} }) });
  choice.subscribe(({ by, family, options: set }) => {
    for (const [name, control] of Object.entries({ ...controls, ...vr })) {
      const [first, second] = name.split(".");
      control.show(second ? set[first]?.[second] : set[first]);
    }
    ofVr.hidden = !(by === "model" && family === "vr") && !set.vr;
    reset.hidden = !Object.keys(set).length;
  });
  return h("div", { class: "ms-stack" }, grid(controls), ofVr, reset);
}

const grid = (controls) => h("div", { class: "ms-options" }, ...Object.values(controls).map(({ element }) => element));
