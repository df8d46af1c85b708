// The control that a setting is changed with: a list, a switch, a number, a line of text.

import { h, setText } from "../dom.js";
import { input, select, setOptions } from "../kit/form.js";
import { find, t } from "../text.js";
import { choicesOf, fromShown, isOpen, toShown, unitOf, words } from "./values.js";

const OTHER = "\u0000"; // no value of any setting
const EXAMPLES = { hub_endpoint: "https://mirror.example", host: "192.168.1.20" };

/**
 * @param save called with the new value; with undefined where what was typed is none
 * Returns { element, control, show(setting, system) }: `control` is what a label belongs to.
 */
export function controlOf(setting, save) {
  if (setting.kind === "switch") return onOff(setting, save);
  if (choicesOf(setting, null)) return list(setting, save);
  if (isOpen(setting)) return openList(setting, save);
  if (setting.kind === "number") return number(setting, save);
  return line(setting, save);
}

const busy = (control) => document.activeElement === control;

function onOff(setting, save) {
  const control = h("input", { type: "checkbox", class: "ms-check", onchange: () => save(control.checked) });
  return { element: control, control, show: (now) => (control.checked = now.pending ?? now.value) };
}

// The values of a select are their JSON: 0, null and "0" are different settings.
function list(setting, save) {
  const control = select({ options: [], value: "", onchange: (value) => save(JSON.parse(value)) });
  let drawn = "";
  return {
    element: control,
    control,
    show(now, system) {
      const options = choicesOf({ ...now, value: current(now) }, system).map((value) => ({ value: JSON.stringify(value), label: label(now, value, system) }));
      const key = JSON.stringify([options, current(now)]);
      if (key === drawn) return;
      drawn = key;
      setOptions(control, options, JSON.stringify(current(now)));
      for (const option of control.options) if (words(now, JSON.parse(option.value)).own) option.translate = false;
    },
  };
}

function label(setting, value, system) {
  const { text, own } = words(setting, value);
  const device = own && setting.name === "device" ? system?.devices.find((each) => each.id === value) : null;
  return device ? `${device.name} (${device.id})` : text;
}

// Known values, or one of one's own in a line below.
function openList(setting, save) {
  const own = input({ "aria-label": t(`setting.${setting.name}`), placeholder: EXAMPLES[setting.name] ?? "", hidden: true, spellcheck: "false", onchange: (text) => save(text.trim()) });
  const control = select({
    options: [],
    value: "",
    onchange(value) {
      own.hidden = value !== OTHER;
      if (value === OTHER) own.focus();
      else save(value);
    },
  });
  return {
    element: h("div", { class: "ms-setting-open" }, control, own),
    control,
    show(now) {
      if (busy(control) || busy(own)) return;
      const value = current(now);
      const options = [...now.choices.map((each) => ({ value: each, label: words(now, each).text })), { value: OTHER, label: t("settings.other") }];
      const typed = !now.choices.includes(value);
      setOptions(control, options, typed ? OTHER : value);
      own.hidden = !typed;
      own.value = typed ? value : "";
    },
  };
}

function number(setting, save) {
  const per = (limit) => (limit === null ? null : toShown(setting, limit));
  const control = input({ type: "number", min: per(setting.min), max: per(setting.max), step: "any", inputmode: "decimal", onchange: take });
  const unit = h("span", { class: "ms-hint" });
  function take(text) {
    save(control.validity.badInput ? undefined : fromShown(setting, text)); // for what is no number, the text is empty too
  }
  return {
    element: h("div", { class: "ms-row ms-setting-number" }, control, unit),
    control,
    show(now) {
      setText(unit, unitOf(now));
      if (!busy(control)) control.value = toShown(now, current(now));
    },
  };
}

function line(setting, save) {
  const isList = setting.kind === "list";
  const control = input({
    spellcheck: "false",
    placeholder: find(`setting.${setting.name}.value.none`) ?? "",
    onchange: (text) => save(isList ? parts(text) : text.trim() || null),
  });
  return {
    element: control,
    control,
    show(now) {
      if (busy(control)) return;
      const value = current(now);
      control.value = isList ? value.join(", ") : (value ?? "");
    },
  };
}

const parts = (text) => text.split(",").map((each) => each.trim()).filter(Boolean);

// What waits for a restart is what was chosen.
const current = (setting) => setting.pending ?? setting.value;
