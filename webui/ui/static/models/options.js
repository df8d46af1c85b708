// The reader's own options of a model: what holds whenever a job or a preset does not say otherwise.

import { send } from "../base.js";
import { h } from "../dom.js";
import { modelPath } from "../installs.js";
import { button } from "../kit/button.js";
import { field, input, select, toggle } from "../kit/form.js";
import { reason, toast } from "../kit/toast.js";
import { errorText, t } from "../text.js";

const chosen = (key, values) => values.map((value) => ({ value, label: t(`${key}.${value}`) }));

/** A folded form; `model` as GET /models/NAME gives it. */
export function optionsForm(model) {
  let fields = [];
  const body = h("div", { class: "ms-stack" });
  const problem = h("p", { class: "ms-bad-text", role: "alert" });
  const element = h("details", { class: "ms-details" }, h("summary", {}, t("models.options")), body);
  if (Object.keys(model.defaults).length) element.open = true;

  function draw(values) {
    fields = [...general(values), ...(model.family === "vr" ? ofVr(values.vr ?? {}) : [])];
    const save = button({ label: t("kit.save"), symbol: "save", kind: "primary", run: () => store(false) });
    const reset = button({ label: t("models.options.reset"), run: () => store(true) });
    body.replaceChildren(
      h("p", { class: "ms-hint" }, t("models.options.about")),
      h("div", { class: "ms-model-options" }, ...fields.map((each) => each.element)),
      problem,
      h("div", { class: "ms-row" }, save, Object.keys(model.defaults).length ? reset : null),
    );
  }
  async function store(reset) {
    const options = {};
    const wrong = reset ? null : [...body.querySelectorAll("input")].find(({ validity }) => validity.badInput); // its value reads as none
    problem.textContent = wrong ? errorText({ code: "bad_option" }) : "";
    if (wrong) return wrong.focus();
    if (!reset) for (const each of fields) each.put(options);
    try {
      const answer = await send(`${modelPath(model.name)}/defaults`, options, { method: "PUT" });
      model.defaults = answer.options;
      draw(answer.options);
      toast(t(reset ? "models.options.gone" : "models.options.saved"));
    } catch (error) {
      problem.textContent = reason(error);
    }
    return undefined;
  }
  draw(model.defaults);
  return element;
}

// Each has `put(options)`, which says its value where it is not the model's own.
function general(values) {
  return [
    choice("precision", values.precision ?? "auto", ["auto", "exact", "fast"], "auto"),
    overlap(values.overlap ?? "standard"),
    switched("tta", values.tta ?? false),
    number("shifts", values.shifts, { min: 1, max: 20, placeholder: "1" }),
    choice("normalize", values.normalize == null ? "auto" : values.normalize ? "on" : "off", ["auto", "on", "off"], "auto", (value) => value === "on"),
    number("chunk", values.chunk, { min: 1, placeholder: t("option.chunk.auto") }),
    number("batch", values.batch, { min: 1, placeholder: t("option.batch.auto") }),
  ];
}

function ofVr(values) {
  const within = (made) => ({ ...made, put: (options) => made.put((options.vr ??= {})) });
  const key = "vr.";
  return [
    within(choice("window_size", String(values.window_size ?? 512), ["320", "512", "1024"], "512", Number, key)),
    within(number("aggressiveness", values.aggressiveness, { min: -100, max: 100, placeholder: "5" }, key)),
    within(switched("post_process", values.post_process ?? false, key)),
    within(number("post_process_threshold", values.post_process_threshold, { min: 0.01, max: 0.99, step: 0.01, placeholder: "0.2" }, key)),
    within(switched("high_end", values.high_end ?? false, key)),
  ];
}

function choice(name, value, values, usual, read = (text) => text, area = "") {
  const key = `option.${area}${name}`;
  const made = field({ label: t(key), hint: t(`${key}.about`), control: select({ options: chosen(key, values), value }) });
  return { element: made.element, put: (options) => made.value !== usual && (options[name] = read(made.value)) };
}

function switched(name, value, area = "") {
  const key = `option.${area}${name}`;
  const made = toggle({ label: t(key), hint: t(`${key}.about`), checked: value });
  return { element: made.element, put: (options) => made.control.checked && (options[name] = true) };
}

function number(name, value, props, area = "") {
  const key = `option.${area}${name}`;
  const made = field({ label: t(key), hint: t(`${key}.about`), control: input({ type: "number", value: value ?? "", ...props }) });
  return { element: made.element, put: (options) => made.value !== "" && (options[name] = Number(made.value)) };
}

function overlap(value) {
  const pieces = input({ type: "number", min: 1, max: 50, value: typeof value === "number" ? value : 4, "aria-label": t("option.overlap.number") });
  const which = select({
    options: chosen("option.overlap", ["standard", "fast", "high", "number"]),
    value: typeof value === "number" ? "number" : value,
    onchange: () => (pieces.hidden = which.value !== "number"),
  });
  pieces.hidden = which.value !== "number";
  const made = field({ label: t("option.overlap"), hint: t("option.overlap.about"), control: which });
  made.control.after(pieces);
  return {
    element: made.element,
    put: (options) => which.value !== "standard" && (options.overlap = which.value === "number" ? Number(pieces.value) : which.value),
  };
}
