// What takes how much of the disk, and how to get it back.

import { json } from "../base.js";
import { h, setText } from "../dom.js";
import { button } from "../kit/button.js";
import { ask } from "../kit/dialog.js";
import { toast } from "../kit/toast.js";
import { follow, route } from "../route.js";
import { size, t } from "../text.js";
import { machine } from "./machine.js";

const KINDS = ["jobs", "models", "cache", "uploads"];

export function disk() {
  const whole = h("p", { class: "ms-facts" }, t("kit.loading"));
  const rows = Object.fromEntries(KINDS.map((kind) => [kind, line(kind)]));
  machine.subscribe((system) => {
    const { free, total, partial } = system.disk;
    setText(whole, t(partial ? "settings.disk.partial" : "settings.disk.free", { free: size(free), total: size(total) }));
    const most = Math.max(1, ...KINDS.map((kind) => system.disk[kind]));
    for (const kind of KINDS) rows[kind].show(system.disk[kind], most);
  });
  return h(
    "section",
    { class: "ms-card ms-stack", "data-panel": "disk" },
    h("h3", {}, t("settings.disk")),
    whole,
    h("ul", { class: "ms-disk" }, ...Object.values(rows).map((each) => each.element)),
  );
}

function line(kind) {
  const value = h("span", { class: "ms-disk-size" });
  const fill = h("span");
  const action = {
    jobs: () => to("jobs", { tab: "jobs" }),
    models: () => to("models", { tab: "models" }),
    cache: () => clean("cache", "cache/clean"),
    uploads: () => clean("uploads", "uploads/clean"),
  }[kind]();
  const element = h(
    "li",
    { "data-kind": kind },
    h("div", { class: "ms-disk-name" }, h("span", { class: "ms-label" }, t(`settings.disk.${kind}`)), h("span", { class: "ms-hint" }, t(`settings.disk.${kind}.about`))),
    value,
    h("div", { class: "ms-meter", "aria-hidden": "true" }, fill),
    action,
  );
  return {
    element,
    show(bytes, most) {
      setText(value, bytes ? size(bytes) : "0");
      fill.style.transform = `scaleX(${bytes / most})`;
      if (action.tagName === "BUTTON") action.disabled = !bytes;
    },
  };
}

const to = (kind, values) =>
  h("a", { class: "ms-button ms-quiet", href: route.link(values), onclick: follow(values) }, t(`settings.disk.${kind}.open`));

function clean(kind, path) {
  const element = button({
    label: t("settings.disk.clean"),
    symbol: "trash",
    kind: "quiet",
    async run() {
      const yes = await ask({ title: t(`settings.disk.${kind}.title`), text: t(`settings.disk.${kind}.ask`), action: t("settings.disk.clean"), danger: true });
      if (!yes) return;
      const { freed } = await json(path, { method: "POST" });
      toast(t("settings.disk.freed", { size: size(freed) }));
      await machine.look();
    },
  });
  element.setAttribute("aria-label", t("settings.disk.clean.of", { name: t(`settings.disk.${kind}`) }));
  return element;
}
