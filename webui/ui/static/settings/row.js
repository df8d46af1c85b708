// One setting: its name, what it does, its control, and what came of a change.

import { Away } from "../base.js";
import { h, icon, setText } from "../dom.js";
import { button } from "../kit/button.js";
import { reason } from "../kit/toast.js";
import { t } from "../text.js";
import { controlOf } from "./control.js";
import { known } from "./known.js";
import { ruleOf, words } from "./values.js";

const SAID_MS = 4000;
const FIELDS = { song: "{song}", stem: "{stem}", step: "{step}", model: "{model}" }; // stand in a hint as they are

/** Returns { element, update(setting, system) }. `below`: what belongs under the control. */
export function row(first, { below = null } = {}) {
  let setting = first;
  const id = `setting-${first.name}`;
  const made = controlOf(first, save);
  made.control.id = id;
  const about = h("p", { class: "ms-hint", id: `${id}-about` }, t(`setting.${first.name}.about`, FIELDS));
  const problem = h("p", { class: "ms-bad-text", id: `${id}-problem`, role: "alert" });
  const saved = h("span", { class: "ms-saved", role: "status" });
  const ruled = h("p", { class: "ms-setting-note", id: `${id}-ruled` });
  const pending = h("p", { class: "ms-setting-note ms-warn" });
  const back = button({ label: t("settings.default"), symbol: "history", kind: "quiet", run: () => save(null) });
  made.control.setAttribute("aria-describedby", `${about.id} ${ruled.id} ${problem.id}`);
  const element = h(
    "div",
    { class: `ms-setting${first.kind === "switch" ? " ms-setting-switch" : ""}`, "data-setting": first.name },
    h("div", { class: "ms-row ms-setting-head" }, h("label", { class: "ms-label", for: id }, t(`setting.${first.name}`)), saved),
    about,
    h("div", { class: "ms-row ms-setting-value" }, made.element, back),
    problem,
    ruled,
    pending,
    below,
  );

  async function save(value) {
    if (value === undefined) return deny(t("settings.refused", { rule: ruleOf(setting) }));
    said(t("settings.saving"));
    try {
      await known.set(setting.name, value);
      refuse("");
      said(t("settings.saved"), true);
    } catch (error) {
      deny(why(error, setting));
    }
    return undefined;
  }
  // The control shows again what holds.
  function deny(text) {
    said("");
    refuse(text);
    document.activeElement === made.control && made.control.blur();
    made.show(setting, system);
  }
  let timer = 0;
  function said(text, brief = false) {
    clearTimeout(timer);
    saved.replaceChildren(...(brief ? [icon("completed"), text] : [text]));
    if (brief) timer = setTimeout(() => saved.replaceChildren(), SAID_MS);
  }
  function refuse(text) {
    setText(problem, text);
    made.control.toggleAttribute("aria-invalid", Boolean(text));
    if (text) made.control.setAttribute("aria-invalid", "true");
  }
  let system = null;
  function update(now, machine) {
    setting = now;
    system = machine;
    made.show(now, machine);
    for (const each of element.querySelectorAll(".ms-setting-value :is(input, select)")) each.disabled = Boolean(now.env || now.fixed);
    setText(ruled, now.env ? t("settings.ruled", { name: now.env }) : now.fixed ? t("settings.fixed") : "");
    ruled.hidden = !ruled.textContent;
    pending.hidden = now.pending === null;
    if (now.pending !== null) setText(pending, t("settings.pending", { value: words(now, now.value).text }));
    back.hidden = Boolean(now.env || now.fixed) || same(now.pending ?? now.value, now.default);
    back.setAttribute("aria-label", t("settings.default.of", { name: t(`setting.${now.name}`), value: words(now, now.default).text }));
    back.title = t("settings.default.is", { value: words(now, now.default).text });
    back.translate = !words(now, now.default).own;
  }
  return { element, update };
}

const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);

/** Why a change was refused: the rule of the setting says more than "cannot have that value". */
function why(error, setting) {
  if (error instanceof Away || error.code !== "bad_setting") return reason(error);
  const rule = ruleOf(setting);
  return rule ? t("settings.refused", { rule }) : reason(error);
}
