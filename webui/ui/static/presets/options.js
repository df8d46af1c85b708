// How a model is to be run in a step, for those who want to say it; what is not said is as everywhere.

import { h, setText } from "../dom.js";
import { field, input, select } from "../kit/form.js";
import { t } from "../text.js";
import { look } from "./schema.js";
import { fill, typed } from "./typing.js";

const UNSAID = "";
const ON_OFF = [["on", true], ["off", false]];
const words = (name, values) => values.map((value) => [String(value), value, `option.${name}.${value}`]);
const yesNo = ON_OFF.map(([text, value]) => [text, value, `kit.${value ? "yes" : "no"}`]);

const CHOICES = {
  overlap: words("overlap", ["standard", "fast", "high"]),
  precision: words("precision", ["auto", "exact", "fast"]),
  tta: yesNo,
  normalize: ON_OFF.map(([text, value]) => [text, value, `option.normalize.${text}`]),
  "vr.window_size": words("vr.window_size", [320, 512, 1024]),
  "vr.post_process": yesNo,
  "vr.high_end": yesNo,
};
const NUMBERS = {
  shifts: { min: 1, max: 20, step: 1 },
  batch: { min: 1, step: 1 },
  chunk: { min: 1, step: 1 },
  "vr.aggressiveness": { min: -100, max: 100, step: 1 },
  "vr.post_process_threshold": { min: 0.01, max: 0.99, step: 0.01 },
};
const ORDER = ["overlap", "tta", "precision", "shifts", "normalize", "batch", "chunk"];
const VR = ["vr.window_size", "vr.aggressiveness", "vr.post_process", "vr.post_process_threshold", "vr.high_end"];

export function optionsWidget({ at, env, label }) {
  const summary = h("summary", {});
  const problem = h("p", { class: "ms-bad-text", role: "alert" });
  const controls = new Map([...ORDER, ...VR].map((name) => [name, name in NUMBERS ? number(name, say) : choice(name, say)]));
  const grid = (names) => h("div", { class: "ms-preset-fields" }, ...names.map((name) => controls.get(name).element));
  const vr = h("fieldset", { class: "ms-choices" }, h("legend", { class: "ms-label" }, t("option.vr")), grid(VR));
  const element = h("details", { class: "ms-details ms-preset-options" }, summary, h("div", { class: "ms-stack" }, grid(ORDER), vr), problem);
  let now = {};

  function say(name, value) {
    const options = structuredClone(now);
    const [first, second] = name.split(".");
    const place = second ? (options[first] ??= {}) : options;
    if (value === undefined) delete place[second ?? first];
    else place[second ?? first] = value;
    if (second && !Object.keys(place).length) delete options[first];
    env.set(at, Object.keys(options).length ? options : undefined);
  }
  return {
    element,
    show(step) {
      now = look(step, at) ?? {};
      const model = env.model(look(step, [...at.slice(0, -1), "model"]));
      vr.hidden = model?.family !== "vr" && !now.vr;
      const count = Object.keys(now).length + Object.keys(now.vr ?? {}).length - (now.vr ? 1 : 0);
      setText(summary, count ? t("presets.options.count", { label, count }) : label);
      for (const [name, control] of controls) control.show(look(now, name.split(".")));
    },
    problem(path, text) {
      element.open = true;
      setText(problem, text);
      return () => setText(problem, "");
    },
  };
}

function choice(name, say) {
  const values = CHOICES[name];
  const options = [{ value: UNSAID, label: t("presets.options.usual") }, ...values.map(([value, , text]) => ({ value, label: t(text) }))];
  const pieces = name === "overlap" ? input({ type: "number", min: 1, max: 50, step: 1, "aria-label": t("option.overlap.number"), onchange: () => typed([pieces], line, (value) => say(name, value)) }) : null;
  if (pieces) options.push({ value: "number", label: t("option.overlap.number") });
  const tell = (text) => say(name, text === "number" ? 4 : values.find(([value]) => value === text)?.[1]);
  const control = select({ options, value: UNSAID, onchange: tell });
  const line = field({ label: t(`option.${name}`), hint: t(`option.${name}.about`), control });
  if (pieces) line.element.append(pieces);
  return {
    element: line.element,
    show(value) {
      const counted = pieces && typeof value === "number";
      control.value = counted ? "number" : (values.find(([, each]) => each === value)?.[0] ?? UNSAID);
      if (!pieces) return;
      pieces.hidden = !counted;
      fill(pieces, counted ? value : "");
    },
  };
}

function number(name, say) {
  const control = input({ type: "number", inputmode: "decimal", placeholder: t("presets.options.usual"), ...NUMBERS[name], onchange: () => typed([control], line, (value) => say(name, value)) });
  const line = field({ label: t(`option.${name}`), hint: t(`option.${name}.about`), control });
  return { element: line.element, show: (value) => fill(control, value ?? "") };
}
