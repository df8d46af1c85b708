// What is being typed: a redraw must leave it alone, and what is no number must not count as nothing.

import { t } from "../text.js";

const TEXT = "input:not([type=checkbox], [type=radio]), textarea";

export const isText = (field) => Boolean(field.matches?.(TEXT));

/** Whether a field holds something that the preset does not have yet. */
export const isTyping = (field) => isText(field) && field.value !== (field.dataset.before ?? field.value);

/** From now on it is known of all fields within `element` what they held before. */
export function watchTyping(element) {
  const remember = ({ target }) => "value" in target && (target.dataset.before = target.value);
  element.addEventListener("focusin", remember);
  element.addEventListener("change", remember, true); // before the field tells of it: that may draw it anew
}

/** Show a value in a field, unless somebody is typing there, or what was typed was refused. */
export function fill(field, value) {
  if (field.validity.badInput || (field === document.activeElement && isTyping(field))) return;
  field.value = value;
  field.dataset.before = field.value;
}

/** Hand what is typed as numbers to `take`; nothing typed is undefined. What is no number is said at `line` and not taken. */
export function typed(fields, line, take) {
  const bad = fields.some(({ validity }) => validity.badInput);
  line.setProblem(bad ? t("error.bad_preset.value") : "");
  if (!bad) take(...fields.map(({ value }) => (value === "" ? undefined : Number(value))));
}
