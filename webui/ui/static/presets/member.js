// A member of an ensemble: a model with one of its stems, or a sound that another step makes.

import { h } from "../dom.js";
import { choices, field, select, setOptions } from "../kit/form.js";
import { stemName, t } from "../text.js";
import { group } from "./lists.js";
import { modelWidget } from "./model_field.js";
import { look } from "./schema.js";
import { labelOf, widget } from "./widgets.js";

export function memberWidget({ own, at, env }) {
  const origin = choices({
    label: t("presets.member.origin"),
    options: [
      { value: "model", label: t("presets.member.model") },
      { value: "from", label: t("presets.member.from") },
    ],
    value: "model",
    onchange: (value) => env.set(at, value === "model" ? keepWeight({ model: "" }) : keepWeight({ from: "mixture" })),
  });
  let item = {};
  const keepWeight = (start) => ({ ...start, ...(item.weight === undefined ? {} : { weight: item.weight }), ...(item.bands ? { bands: item.bands } : {}) });
  const model = modelWidget({ at: [...at, "model"], env, label: t("step.separate.model"), onchosen: (found) => env.set(at, keepWeight({ model: found.name, stem: likely(found.stems) })) });
  const stem = stemWidget([...at, "stem"], [...at, "model"], env);
  const from = widget("from", own.properties.from, [...at, "from"], env, t("presets.sound"));
  const weight = widget("weight", own.properties.weight, [...at, "weight"], env);
  const bands = widget("bands", own.properties.bands, [...at, "bands"], env);
  const options = widget("options", own.properties.options, [...at, "options"], env, t("step.separate.options"));
  const more = h("details", { class: "ms-details" }, h("summary", {}, labelOf(env, "bands")), bands.element);
  const fields = new Map(Object.entries({ model, stem, from, weight, bands, options }));
  const element = h(
    "div",
    { class: "ms-stack" },
    origin.element,
    h("div", { class: "ms-preset-fields" }, model.element, from.element, stem.element, weight.element),
    more,
    options.element,
  );
  const all = group(fields, element);
  return {
    ...all,
    show(step, node, graph) {
      item = look(step, at) ?? {};
      const hasModel = item.model !== undefined;
      origin.value = hasModel ? "model" : "from";
      model.element.hidden = stem.element.hidden = options.element.hidden = !hasModel;
      from.element.hidden = hasModel;
      for (const each of [model, stem, weight, bands, options]) each.show(step, node, graph);
      if (!hasModel) from.show(step, node, graph);
    },
    problem: (path, text) => all.problem(path, text) ?? (item.model === undefined ? from : model).problem([], text),
    references: () => (item.model === undefined ? [[from, from.reference()]] : []),
  };
}

/** The stem that most ensembles are about. */
const likely = (stems) => stems.find((stem) => stem.toLowerCase() === "vocals") ?? stems[0];

function stemWidget(at, modelAt, env) {
  const control = select({ options: [], onchange: (value) => env.set(at, value || undefined) });
  const line = field({ label: t("presets.member.stem"), control });
  return {
    element: line.element,
    show(step) {
      const value = look(step, at) ?? "";
      const stems = env.model(look(step, modelAt))?.stems ?? [];
      const known = stems.find((stem) => stem.toLowerCase() === value.toLowerCase());
      const options = [...(known ? [] : [{ value, label: value ? stemName(value) : t("presets.choose") }]), ...stems.map((stem) => ({ value: stem, label: stemName(stem) }))];
      setOptions(control, options, known ?? value);
    },
    problem(path, text) {
      line.setProblem(text);
      return () => line.setProblem("");
    },
  };
}
