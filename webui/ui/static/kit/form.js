// Fields with their labels, hints and reasons: every one has a name that a screen reader says.

import { h, setText } from "../dom.js";
import { attempt } from "./toast.js";

let number = 0;
const newId = () => `ms-field-${(number += 1)}`;

/**
 * A control with its label; `hint` below it, and a reason against its value where there is one.
 * Returns { element, control, get value, set value, setProblem(text), setHint(text) }.
 */
export function field({ label, hint = "", control, className = "" }) {
  control.id ||= newId();
  const about = h("p", { class: "ms-hint", id: `${control.id}-hint` }, hint);
  const problem = h("p", { class: "ms-bad-text", id: `${control.id}-problem`, role: "alert" });
  about.hidden = !hint;
  control.setAttribute("aria-describedby", `${about.id} ${problem.id}`);
  const element = h("div", { class: `ms-field ${className}` }, h("label", { class: "ms-label", for: control.id }, label), control, about, problem);
  return {
    element,
    control,
    get value() {
      return control.type === "checkbox" ? control.checked : control.value;
    },
    set value(value) {
      if (control.type === "checkbox") control.checked = value;
      else control.value = value;
    },
    setProblem(text) {
      setText(problem, text);
      control.toggleAttribute("aria-invalid", Boolean(text));
    },
    setHint(text) {
      setText(about, text);
      about.hidden = !text;
    },
  };
}

/** A list to choose one of. options: [{ value, label, group? }]. An error of `onchange` is told. */
export function select({ options, value, onchange, ...props }) {
  const element = h("select", { class: "ms-input", onchange: (event) => attempt(() => onchange?.(event.target.value)), ...props });
  setOptions(element, options, value);
  return element;
}

/** Give a select other options; its value stays where it still exists. */
export function setOptions(element, options, value = element.value) {
  const groups = new Map();
  element.replaceChildren();
  for (const option of options) {
    const made = h("option", { value: option.value, disabled: option.disabled || null }, option.label);
    if (!option.group) {
      element.append(made);
      continue;
    }
    if (!groups.has(option.group)) {
      groups.set(option.group, h("optgroup", { label: option.group }));
      element.append(groups.get(option.group));
    }
    groups.get(option.group).append(made);
  }
  if (options.some((option) => String(option.value) === String(value))) element.value = value;
}

/** A line of text, or with type "number" a number. */
export function input({ type = "text", value = "", onchange, oninput, ...props }) {
  return h("input", {
    type,
    class: "ms-input",
    value,
    autocomplete: "off",
    onchange: (event) => onchange?.(event.target.value),
    oninput: (event) => oninput?.(event.target.value),
    ...props,
  });
}

/** On or off, with its label beside it. Returns { element, control }. */
export function toggle({ label, checked = false, onchange, hint = "" }) {
  const control = h("input", { type: "checkbox", class: "ms-check", checked: checked || null, id: newId(), onchange: (e) => onchange?.(e.target.checked) });
  const about = hint ? h("span", { class: "ms-hint", id: `${control.id}-hint` }, hint) : null;
  if (about) control.setAttribute("aria-describedby", about.id);
  return { element: h("div", { class: "ms-toggle" }, control, h("label", { for: control.id }, label), about), control };
}

/**
 * A few choices side by side, of which one holds: radio buttons that look like a bar, or with `cards` like cards with a line about each.
 * options: [{ value, label, about?, symbol? }]. Returns { element, get value, set value, setOptions }.
 */
export function choices({ label, options, value, onchange, cards = false }) {
  const name = newId();
  const body = h("div", { class: cards ? "ms-choice-cards" : "ms-choice-bar" });
  const element = h("fieldset", { class: "ms-choices" }, h("legend", { class: "ms-label" }, label), body);
  const draw = (list, chosen) =>
    body.replaceChildren(
      ...list.map((option) => {
        const radio = h("input", {
          type: "radio",
          name,
          value: option.value,
          checked: option.value === chosen || null,
          disabled: option.disabled || null,
          onchange: () => onchange?.(option.value),
        });
        const about = option.about ? h("small", {}, option.about) : null;
        return h("label", { class: "ms-choice" }, radio, h("span", { class: "ms-choice-text" }, h("span", {}, option.label), about));
      }),
    );
  draw(options, value);
  return {
    element,
    get value() {
      return body.querySelector("input:checked")?.value ?? null;
    },
    set value(wanted) {
      for (const radio of body.querySelectorAll("input")) radio.checked = radio.value === wanted;
    },
    setOptions: (list, chosen) => draw(list, chosen ?? body.querySelector("input:checked")?.value),
  };
}
