// A public address for a while, through Gradio's relay: opened and closed here.

import { json } from "../base.js";
import { h } from "../dom.js";
import { button } from "../kit/button.js";
import { ask } from "../kit/dialog.js";
import { errorText, t } from "../text.js";
import { addressRow } from "./addresses.js";
import { known } from "./known.js";
import { machine } from "./machine.js";

export function sharing() {
  const body = h("div", { class: "ms-stack", role: "status" });
  let drawn = "";
  machine.subscribe(({ share }) => {
    const key = JSON.stringify(share);
    if (key === drawn) return;
    drawn = key;
    body.replaceChildren(...states[share.state](share));
  });
  return h(
    "section",
    { class: "ms-card ms-stack", "data-panel": "sharing" },
    h("h3", {}, t("settings.share")),
    h("p", { class: "ms-hint" }, t("settings.share.about")),
    body,
  );
}

const open = () => button({ label: t("settings.share.open"), symbol: "share", run: start });
const close = () => button({ label: t("settings.share.close"), symbol: "close", run: stop });

const states = {
  off: () => [h("div", { class: "ms-row" }, open())],
  starting: () => [h("p", {}, t("settings.share.starting")), h("div", { class: "ms-row" }, close())],
  open: ({ url }) => [h("ul", { class: "ms-addresses" }, addressRow(url, { open: true })), h("div", { class: "ms-row" }, close())],
  failed: ({ error }) => [h("p", { class: "ms-bad-text" }, error ? errorText(error) : t("error.share_failed")), h("div", { class: "ms-row" }, open())],
};

async function start() {
  const everybody = known.get("access").value === "open";
  const text = t(everybody ? "settings.share.ask.open" : "settings.share.ask.keys");
  if (!(await ask({ title: t("settings.share.open"), text, action: t("settings.share.yes"), danger: everybody }))) return;
  await json("share", { method: "POST" });
  await machine.look();
}

async function stop() {
  await json("share", { method: "DELETE" });
  await machine.look();
}
