// Who is let in, and the keys there are. Nobody locks himself out: the page asks for keys only once this browser has one.

import { address } from "../base.js";
import { h, icon, setText } from "../dom.js";
import { ask } from "../kit/dialog.js";
import { choices } from "../kit/form.js";
import { reason } from "../kit/toast.js";
import { t } from "../text.js";
import { Keys, makeKey } from "./keys.js";
import { known } from "./known.js";

export function access() {
  const keys = new Keys();
  const problem = h("p", { class: "ms-bad-text", role: "alert" });
  const saved = h("p", { class: "ms-saved", role: "status" });
  const ruled = h("p", { class: "ms-setting-note" });
  const warning = h("p", { class: "ms-setting-note ms-warn" }, icon("warning"), h("span", {}, t("settings.access.warning")));
  const out = h("form", { method: "post", action: address("signout") }, h("button", { type: "submit", class: "ms-button ms-quiet" }, t("settings.signout")));
  const choice = choices({
    label: t("setting.access"),
    cards: true,
    options: ["open", "keys"].map((value) => ({ value, label: t(`setting.access.value.${value}`), about: t(`setting.access.value.${value}.about`) })),
    value: known.get("access").value,
    onchange: choose,
  });

  async function choose(value) {
    setText(problem, "");
    setText(saved, "");
    try {
      if (!(await sure(value))) return;
      await known.set("access", value);
      setText(saved, t("settings.saved"));
    } catch (error) {
      setText(problem, reason(error));
    } finally {
      draw();
      keys.load();
    }
  }
  async function sure(value) {
    if (value === "open") return ask({ title: t("settings.access.open.title"), text: t("settings.access.open.text"), action: t("settings.access.open.yes"), danger: true });
    await keys.load();
    if (!keys.mine && !(await makeKey({ first: true }))) return false;
    return ask({ title: t("settings.access.keys.title"), text: t("settings.access.keys.text"), action: t("settings.access.keys.yes") });
  }
  function draw() {
    const { value, env } = known.get("access");
    choice.value = value;
    for (const radio of choice.element.querySelectorAll("input")) radio.disabled = Boolean(env);
    setText(ruled, env ? t("settings.ruled", { name: env }) : "");
    ruled.hidden = !env;
    warning.hidden = value !== "open" || known.get("host").value === "127.0.0.1";
    out.hidden = value !== "keys" || !keys.mine;
  }
  keys.onload = draw;
  known.subscribe(draw);
  keys.load();
  return h(
    "section",
    { class: "ms-card ms-stack", "data-panel": "access", "data-setting": "access" },
    h("h3", {}, t("settings.access")),
    h("p", { class: "ms-hint" }, t("setting.access.about")),
    choice.element,
    saved,
    problem,
    ruled,
    warning,
    keys.element,
    out,
  );
}
