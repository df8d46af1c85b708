// The models that a preset lacks: each can be installed where it stands, or all at once.

import { h, setText } from "../dom.js";
import { installs } from "../installs.js";
import { button } from "../kit/button.js";
import { installButton } from "../kit/install_button.js";
import { showRows } from "../kit/list.js";
import { size, t } from "../text.js";
import { store } from "./store.js";

/** Returns { element, show({ unknown, not_installed }), close() }. `oninstalled` is called when the last one is here. */
export function missingModels({ oninstalled }) {
  const title = h("h3", {}, "");
  const list = h("ul", { class: "ms-preset-missing-list" });
  const unknown = h("p", { class: "ms-bad-text" });
  const all = button({ label: "", symbol: "download", kind: "primary", run: installAll });
  const element = h("section", { class: "ms-preset-missing", hidden: true }, title, unknown, list, all);
  const rows = new Map();
  let models = [];
  let turn = 0;

  async function show(missing) {
    const mine = (turn += 1);
    const names = missing?.not_installed ?? [];
    element.hidden = !names.length && !missing?.unknown?.length;
    unknown.hidden = !missing?.unknown?.length;
    setText(unknown, t("presets.missing.unknown", { models: (missing?.unknown ?? []).join(", ") }));
    const known = (await store.models(names)).filter((model) => !model.installed);
    if (mine !== turn) return;
    models = known;
    setText(title, names.length === 1 ? t("presets.missing.one") : t("presets.missing.many", { count: names.length }));
    title.hidden = !names.length;
    showRows(list, rows, models, { key: (model) => model.name, make: row });
    const bytes = models.reduce((sum, model) => sum + (model.bytes ?? 0), 0);
    setText(all.querySelector("span"), t("presets.missing.all", { size: size(bytes) }));
    all.hidden = models.length < 2 || models.every((model) => installs.busy(model.name));
  }
  function row(model) {
    const install = installButton(model, { oninstalled: () => here(model) });
    return { element: h("li", {}, h("span", { translate: "no" }, model.title), install.element), close: install.close };
  }
  function here(model) {
    store.learn({ ...model, installed: true });
    if (models.every((each) => installs.get(each.name)?.state === "installed")) oninstalled();
  }
  async function installAll() {
    for (const model of models) if (!installs.busy(model.name) && installs.get(model.name)?.state !== "installed") await installs.start(model.name);
    all.hidden = true;
  }
  return { element, show, close: () => [...rows.values()].forEach((each) => each.close()) };
}
