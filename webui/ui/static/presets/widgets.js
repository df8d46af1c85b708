// Fields that draw themselves from a schema. Each is { element, show(step, node, graph), problem(path, text) }: `problem` shows why the
// value at a place below it cannot be, and returns a function that takes the text away again.

import { h } from "../dom.js";
import { field, input, select, setOptions, toggle } from "../kit/form.js";
import { find, t } from "../text.js";
import { listWidget } from "./lists.js";
import { modelWidget } from "./model_field.js";
import { optionsWidget } from "./options.js";
import { look, plain } from "./schema.js";
import { fill, typed } from "./typing.js";

/**
 * @param name of the field; at: its place in the step, as ["chain", 0, "db"]
 * @param env { kind, root, set(at, value), ... } of the card
 * @param label what the field is called; by default by its name
 */
export function widget(name, raw, at, env, label = labelOf(env, name)) {
  const { schema, nullable } = plain(raw, env.root);
  const given = { name, schema, nullable, at, env, label };
  if (schema.reference) return referenceWidget(given);
  if (name === "model") return modelWidget(given);
  if (name === "options") return optionsWidget(given);
  if (name === "algorithm") return selectWidget({ ...given, values: env.algorithms, text: (value) => find(`algorithm.${value}`) ?? value, hint: (value) => find(`algorithm.${value}.about`) ?? "" });
  if (schema.enum) return selectWidget({ ...given, values: schema.enum, text: (value) => find(`${key(env, name)}.${value}`) ?? String(value) });
  if (schema.prefixItems) return rowWidget(given);
  if (schema.type === "array") return listWidget(given);
  if (schema.type === "boolean") return toggleWidget(given);
  if (schema.type === "number" || schema.type === "integer") return numberWidget(given);
  return textWidget(given);
}

const key = (env, name) => (env.effect ? `effect.${env.effect}.${name}` : `step.${env.kind}.${name}`);
export const labelOf = (env, name) => find(key(env, name)) ?? name.replaceAll("_", " ");

/** A place for the reason against a value, with what the editor calls. */
function leaf(line) {
  return (path, text) => {
    line.setProblem(text);
    return () => line.setProblem("");
  };
}

function referenceWidget({ at, env, label }) {
  const control = select({ options: [], translate: "no", onchange: (value) => env.set(at, value) });
  const line = field({ label: at[0] === "input" ? t("presets.input") : label, control });
  return {
    element: line.element,
    reference: () => control.value,
    show(step, node, graph) {
      const value = graph.canonical(look(step, at) ?? "mixture");
      const options = graph.choices(node, value);
      const drawn = JSON.stringify(options);
      if (control.dataset.drawn !== drawn) setOptions(control, options, value);
      control.dataset.drawn = drawn;
      control.value = value;
    },
    problem: leaf(line),
  };
}

function selectWidget({ schema, at, env, label, values, text, hint = () => "" }) {
  const control = select({
    options: values.map((value) => ({ value: String(value), label: text(value) })),
    onchange: (chosen) => env.set(at, values.find((value) => String(value) === chosen)),
  });
  const line = field({ label, control });
  return {
    element: line.element,
    show(step) {
      const value = look(step, at) ?? schema.default ?? values[0];
      control.value = String(value);
      line.setHint(hint(value));
    },
    problem: leaf(line),
  };
}

function toggleWidget({ schema, at, env, label }) {
  const made = toggle({ label, onchange: (on) => env.set(at, on) });
  const problem = h("p", { class: "ms-bad-text", role: "alert" });
  return {
    element: h("div", { class: "ms-field" }, made.element, problem),
    show: (step) => (made.control.checked = look(step, at) ?? schema.default ?? false),
    problem(path, text) {
      problem.textContent = text;
      return () => (problem.textContent = "");
    },
  };
}

const number = (schema) => ({
  type: "number",
  inputmode: "decimal",
  min: schema.minimum ?? schema.exclusiveMinimum,
  max: schema.maximum ?? schema.exclusiveMaximum,
  step: schema.type === "integer" ? 1 : "any",
});

function numberWidget({ schema, nullable, at, env, label }) {
  const fallback = schema.default;
  const empty = nullable && fallback == null ? t("presets.none") : fallback;
  const control = input({ ...number(schema), placeholder: empty, onchange: () => typed([control], line, (value) => env.set(at, value)) });
  const line = field({ label, control });
  return {
    element: line.element,
    show: (step) => fill(control, look(step, at) ?? fallback ?? ""),
    problem: leaf(line),
  };
}

function textWidget({ schema, at, env, label }) {
  const control = input({ maxlength: schema.maxLength, placeholder: schema.default, onchange: (text) => env.set(at, text.trim() || undefined) });
  const line = field({ label, control });
  return { element: line.element, show: (step) => fill(control, look(step, at) ?? schema.default ?? ""), problem: leaf(line) };
}

/** Numbers that belong together, side by side: where bands end, weights of three bands. All of them, or none. */
function rowWidget({ schema, at, env, label }) {
  const line = { setProblem: (text) => (problem.textContent = text) };
  const take = (...values) => {
    if (values.every((value) => value === undefined)) env.set(at, undefined);
    else env.set(at, values.map((value, index) => value ?? schema.default?.[index] ?? 1));
  };
  const controls = schema.prefixItems.map((each, index) => input({ ...number(each), "aria-label": `${label} ${index + 1}`, onchange: () => typed(controls, line, take) }));
  const problem = h("p", { class: "ms-bad-text", role: "alert" });
  return {
    element: h("fieldset", { class: "ms-choices" }, h("legend", { class: "ms-label" }, label), h("div", { class: "ms-preset-numbers" }, ...controls), problem),
    show: (step) => controls.forEach((control, index) => fill(control, look(step, at)?.[index] ?? schema.default?.[index] ?? "")),
    problem: leaf(line),
  };
}
