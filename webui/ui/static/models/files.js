// What can be done with a model's files: look whether they are whole, mend them, remove them, or install them from elsewhere.

import { json } from "../base.js";
import { h, icon } from "../dom.js";
import { installs, modelPath } from "../installs.js";
import { button } from "../kit/button.js";
import { ask } from "../kit/dialog.js";
import { toast } from "../kit/toast.js";
import { find, size, t } from "../text.js";
import { installFrom } from "./elsewhere.js";
import { libraryChanged } from "./state.js";

/** Buttons for a model as GET /models/NAME gives it, and what became of them. */
export function fileActions(model) {
  const result = h("div", { role: "status" });
  const buttons = h("div", { class: "ms-row" });
  const builtIn = model.installed && !model.sources.length && !model.own;
  if (model.installed) buttons.append(button({ label: t("models.verify"), symbol: "completed", run: () => verify(model, result) }));
  if (model.installed && !builtIn) {
    buttons.append(button({ label: t("models.remove"), symbol: "trash", kind: "danger", run: () => remove(model) }));
  }
  if (!model.installed && model.supported && model.sources.length) {
    buttons.append(button({ label: t("models.elsewhere"), symbol: "link", run: () => installFrom(model) }));
  }
  return buttons.childElementCount ? h("div", { class: "ms-stack ms-close" }, buttons, result) : null;
}

async function verify(model, result) {
  result.replaceChildren(h("p", { class: "ms-hint" }, t("models.verify.busy")));
  let found;
  try {
    found = await json(`${modelPath(model.name)}/verify`, { method: "POST" });
  } catch (error) {
    result.replaceChildren();
    throw error;
  }
  if (found.whole) {
    const text = found.known ? t("models.verify.whole") : t("models.verify.nothing_known");
    return result.replaceChildren(h("p", { class: "ms-note ms-good" }, icon("completed"), text));
  }
  const lines = [...new Set(found.codes)].map((code) => h("li", {}, find(`models.verify.${code}`) ?? t("models.verify.bytes")));
  const mend = model.sources.length ? button({ label: t("models.repair"), symbol: "again", kind: "primary", run: () => repair(model) }) : null;
  return result.replaceChildren(h("div", { class: "ms-note ms-bad" }, icon("failed"), h("ul", {}, ...lines)), h("div", {}, mend ?? t("models.verify.add_again")));
}

async function repair(model) {
  const begun = await installs.repair(model.name);
  toast(begun ? t("models.repair.begun", model) : t("models.verify.whole"));
  libraryChanged();
}

/** Ask, remove a model, and say what became free. Resolves to whether it was removed. */
export async function remove(model) {
  const { models } = await json("models/disk");
  const use = models.find((each) => each.name === model.name);
  const bytes = use ? use.converted + (use.linked ? 0 : use.bytes) : 0;
  const kind = use?.partial ? "partial" : use?.linked ? "linked" : model.own && !model.sources?.length ? "own" : "again";
  const sure = await ask({
    title: t("models.remove.title", model),
    text: t(`models.remove.${kind}`, { size: size(bytes) }),
    action: t("models.remove"),
    danger: true,
  });
  if (!sure) return false;
  const { freed } = await json(modelPath(model.name), { method: "DELETE" });
  installs.forget(model.name);
  toast(t("models.removed", { title: model.title, size: size(freed) }));
  libraryChanged();
  return true;
}
