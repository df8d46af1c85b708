// A window to choose a model in: search, what it is for, and installing it on the spot.

import { json } from "../base.js";
import { h } from "../dom.js";
import { find, size, stemName, t } from "../text.js";
import { dialog } from "./dialog.js";
import { button } from "./button.js";
import { empty } from "./empty.js";
import { choices, input } from "./form.js";
import { installButton } from "./install_button.js";
import { showRows } from "./list.js";
import { reason } from "./toast.js";

const PAGE = 40;

/**
 * Let the reader choose a model that can run here. Resolves to the model as GET /models gives it, or null.
 * @param stem only models that give this stem
 */
export async function pickModel({ title = t("picker.title"), stem = null } = {}) {
  const list = h("ul", { class: "ms-picker" });
  const note = h("div", { role: "status" });
  const rows = new Map();
  const found = { text: "", installed: "" };
  const window = dialog({ title, wide: true, body: [] });
  let turn = 0;
  async function search() {
    const mine = (turn += 1);
    const query = new URLSearchParams({ supported: "true", limit: PAGE, sort: "score" });
    if (found.text) query.set("text", found.text);
    if (stem) query.set("stem", stem);
    const ask = (which) => json(`models?${query}${which}`);
    try {
      // What is here comes first, also where the catalogue rates others higher.
      const [here, all] = await Promise.all([ask("&installed=true"), found.installed ? null : ask("")]);
      if (mine !== turn) return;
      const names = new Set(here.models.map((model) => model.name));
      const models = [...here.models, ...(all?.models ?? []).filter((model) => !names.has(model.name))];
      const { total } = all ?? here;
      showRows(list, rows, models, { key: (model) => model.name, make: (model) => row(model, window.close) });
      note.replaceChildren(
        models.length ? h("p", { class: "ms-hint" }, total > models.length ? t("picker.more", { count: total - models.length }) : "") : none(),
      );
    } catch (error) {
      if (mine === turn) note.replaceChildren(h("p", { class: "ms-bad-text" }, reason(error)));
    }
  }
  const none = () => empty({ symbol: "search", text: t(found.installed ? "picker.none.installed" : "picker.none") });
  const text = input({ type: "search", "aria-label": t("picker.search"), placeholder: t("picker.search"), oninput: later((value) => {
    found.text = value.trim();
    search();
  }) });
  const which = choices({
    label: t("picker.which"),
    options: [{ value: "", label: t("kit.all") }, { value: "yes", label: t("picker.installed") }],
    value: "",
    onchange: (value) => {
      found.installed = value;
      search();
    },
  });
  window.body.append(h("div", { class: "ms-row ms-picker-head" }, text, which.element), list, note);
  text.focus();
  search();
  const chosen = await window.closed;
  for (const row of rows.values()) row.close();
  return chosen ?? null;
}

function row(model, choose) {
  const use = button({ label: t("picker.use"), kind: "primary", run: () => choose({ ...model, installed: true }) });
  use.setAttribute("aria-label", t("picker.use.label", { title: model.title }));
  const install = installButton(model, { oninstalled: () => action.replaceChildren(use) });
  const action = h("div", { class: "ms-picker-action" }, model.installed ? use : install.element);
  const element = h(
    "li",
    { class: "ms-picker-row" },
    h("div", {}, h("h3", {}, model.title), h("p", { class: "ms-facts" }, about(model))),
    action,
  );
  return { element, close: install.close };
}

/** What a model gives and weighs, in one line. */
export function about(model) {
  const category = find(`category.${model.category.replaceAll("-", "_")}`) ?? model.category;
  return [category, model.stems.map(stemName).join(", "), model.bytes ? size(model.bytes) : ""].filter(Boolean).join(" · ");
}

/** A function that waits until nobody has called it for a moment. */
export function later(work, pause = 200) {
  let timer = 0;
  return (...given) => {
    clearTimeout(timer);
    timer = setTimeout(() => work(...given), pause);
  };
}
