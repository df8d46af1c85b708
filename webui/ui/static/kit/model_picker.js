// A window to choose a model in: search, what it is for, and installing it on the spot.

import { json } from "../base.js";
import { h } from "../dom.js";
import { t } from "../text.js";
import { dialog } from "./dialog.js";
import { button } from "./button.js";
import { empty } from "./empty.js";
import { keepFocus } from "./focus.js";
import { choices, input } from "./form.js";
import { installButton } from "./install_button.js";
import { showRows } from "./list.js";
import { alternatives, facts, whatFor } from "./model_words.js";
import { reason } from "./toast.js";

const PAGE = 40;
let number = 0;

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
    const query = new URLSearchParams({ supported: "true", limit: PAGE, sort: "recommended" });
    if (found.text) query.set("text", found.text);
    for (const also of alternatives(found.text)) query.append("also", also);
    if (stem) query.set("stem", stem);
    try {
      const asked = [true, ...(found.installed ? [] : [false])].map((installed) => json(`models?${query}&installed=${installed}`));
      const answers = await Promise.all(asked); // what is here comes first
      if (mine !== turn) return;
      const models = answers.flatMap((answer) => answer.models).slice(0, PAGE);
      const total = answers.reduce((sum, answer) => sum + answer.total, 0);
      showRows(list, rows, models, { key: (model) => model.name, make: (model) => row(model, stem, window.close) });
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

function row(model, stem, choose) {
  const use = button({ label: t("picker.use"), kind: "primary", run: () => choose({ ...model, installed: true }) });
  const id = `ms-pick-${(number += 1)}`;
  use.id = `${id}-use`;
  use.setAttribute("aria-labelledby", `${use.id} ${id}`);
  const action = h("div", { class: "ms-picker-action" });
  const install = installButton(model, { oninstalled: () => keepFocus(action, () => action.replaceChildren(use)) });
  action.append(model.installed ? use : install.element);
  const purpose = whatFor(model);
  const forWhat = h("p", purpose.own ? { translate: "no" } : {}, purpose.text);
  const element = h(
    "li",
    { class: "ms-picker-row" },
    h("div", {}, h("h3", { id, translate: "no" }, model.title), forWhat, h("p", { class: "ms-facts" }, facts(model, stem))),
    action,
  );
  return { element, close: install.close };
}

/** What a model gives, weighs and is known to be worth, in one line. */
export const about = (model) => [whatFor(model).text, facts(model)].filter(Boolean).join(" · ");

/** A function that waits until nobody has called it for a moment. */
export function later(work, pause = 200) {
  let timer = 0;
  return (...given) => {
    clearTimeout(timer);
    timer = setTimeout(() => work(...given), pause);
  };
}
