// Search and filters above the list. The address holds them; what is typed reaches it after a moment.

import { h } from "../dom.js";
import { field, input, select } from "../kit/form.js";
import { later } from "../kit/model_picker.js";
import { route } from "../route.js";
import { t } from "../text.js";
import { AGES, filters, setFilters, SOURCES, STATES } from "./query.js";

export function bar() {
  const asked = filters();
  const search = input({
    type: "search",
    value: asked.text,
    "aria-label": t("jobs.search"),
    placeholder: t("jobs.search"),
    oninput: later((text) => setFilters({ text: text.trim() }), 250),
  });
  const state = choice("state", STATES, (each) => t(`state.${each}`));
  const source = choice("source", SOURCES, (each) => t(`jobs.source.${each}`));
  const age = choice("age", AGES, (each) => t(`jobs.age.${each}`));
  const from = dateField("from");
  const to = dateField("to");
  const dates = h("div", { class: "ms-row ms-jobs-dates" }, from.element, to.element);
  route.subscribe(() => {
    if (route.tab !== "jobs") return;
    const now = filters();
    if (document.activeElement !== search) search.value = now.text;
    state.value = now.state;
    source.value = now.source;
    age.value = now.age;
    dates.hidden = now.age !== "dates";
    for (const [each, name] of [[from, "from"], [to, "to"]]) if (document.activeElement !== each.control) each.value = now[name];
  });
  const selects = h("div", { class: "ms-jobs-selects" }, state, source, age);
  return h("div", { class: "ms-jobs-bar", role: "search" }, search, selects, dates);
}

function choice(name, values, label) {
  const options = [{ value: "", label: t(`jobs.${name}.all`) }, ...values.map((value) => ({ value, label: label(value) }))];
  return select({ options, value: filters()[name], "aria-label": t(`jobs.filter.${name}`), onchange: (value) => setFilters({ [name]: value }) });
}

function dateField(name) {
  const control = input({ type: "date", onchange: (value) => setFilters({ [name]: value }) });
  return field({ label: t(`jobs.date.${name}`), control });
}
