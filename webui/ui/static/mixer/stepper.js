// A number with a button to each side. Its middle goes back to the neutral value.

import { h, icon, setText } from "../dom.js";
import { t } from "../text.js";

/** Returns { element, show(value) }. text(value) is what stands in the middle; a `reason` switches it off and says why. */
export function stepper({ label, values, neutral, text, onchange, reason = "" }) {
  let value = neutral;
  const change = (to) => {
    show(to);
    onchange(to);
  };
  const step = (by) => {
    const at = values.reduce((best, each, index) => (Math.abs(each - value) < Math.abs(values[best] - value) ? index : best), 0);
    change(values[Math.min(values.length - 1, Math.max(0, at + by))]);
  };
  const part = (symbol, by, word) =>
    h("button", { type: "button", class: "ms-button", disabled: Boolean(reason), "aria-label": t("mixer.of", { action: t(word), stem: label }), onclick: () => step(by) }, icon(symbol));
  const less = part("minus", -1, "result.less");
  const more = part("plus", 1, "result.more");
  const middle = h("button", { type: "button", class: "ms-button ms-quiet ms-step-value", disabled: Boolean(reason), title: t("result.neutral"), onclick: () => change(neutral) });
  const spoken = h("span", { class: "ms-unseen", "aria-live": "polite" });
  const element = h(
    "div",
    { class: "ms-stepper", role: "group", "aria-label": label, title: reason || null },
    h("span", { class: "ms-step-name", "aria-hidden": "true" }, label),
    less,
    middle,
    more,
    spoken,
  );
  function show(to) {
    const changed = to !== value;
    value = to;
    setText(middle, text(value));
    middle.setAttribute("aria-label", `${label}: ${text(value)}`);
    middle.classList.toggle("ms-changed", value !== neutral);
    if (changed) setText(spoken, text(value));
    less.disabled = Boolean(reason) || value <= values[0];
    more.disabled = Boolean(reason) || value >= values.at(-1);
  }
  show(neutral);
  return { element, show };
}
