// Controls that several tools have: a number with its slider, and a place in time.

import { h } from "../dom.js";
import { field, input } from "./form.js";
import { clock, t } from "../text.js";

/**
 * A slider and the number it stands for, which can also be typed.
 * @param said (value) => text, as it is read out
 */
export function dial({ label, hint = "", min, max, step, value, unit = "", said = (number) => `${number} ${unit}`.trim(), onchange = () => {} }) {
  const slider = h("input", { type: "range", class: "ms-slider", min, max, step, value, "aria-label": label });
  const number = input({ type: "number", min, max, step, value, inputmode: "decimal", class: "ms-input ms-number" });
  const held = (text) => Math.min(max, Math.max(min, Number(text) || 0));
  const tell = (wanted, from) => {
    if (from !== slider) slider.value = wanted;
    if (from !== number) number.value = wanted;
    slider.setAttribute("aria-valuetext", said(wanted));
    api.number = wanted;
  };
  slider.addEventListener("input", () => (tell(Number(slider.value), slider), onchange(api.number)));
  number.addEventListener("change", () => (tell(held(number.value), null), onchange(api.number)));
  const line = field({ label, hint, control: number });
  const box = h("div", { class: "ms-dial" });
  number.replaceWith(box);
  box.append(slider, number, h("span", { class: "ms-facts" }, unit));
  const api = {
    element: line.element,
    number: value,
    set: (wanted) => tell(held(wanted), null),
  };
  tell(value, null);
  return api;
}

/** "1:23.4", "83.4" or "83,4" as seconds; null for anything else. */
function seconds(text) {
  const match = /^\s*(?:(?:(\d+):)?(\d{1,3}):)?(\d+(?:[.,]\d+)?)\s*$/.exec(text);
  if (!match) return null;
  return Number(match[1] ?? 0) * 3600 + Number(match[2] ?? 0) * 60 + Number(match[3].replace(",", "."));
}

/** A moment of a sound, written as on a clock. `onchange(seconds)` gets those that can be. */
export function moment({ label, onchange }) {
  const control = input({ inputmode: "decimal", class: "ms-input ms-number", value: "0:00.00" });
  const line = field({ label, control });
  control.addEventListener("change", () => {
    const found = seconds(control.value);
    line.setProblem(found === null ? t("work.time.bad") : "");
    if (found !== null) onchange(found);
  });
  return {
    element: line.element,
    show(value) {
      line.setProblem("");
      control.value = clock(value, 2);
    },
  };
}
