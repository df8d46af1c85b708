// What the choice needs that is not here yet: models to download once, installed on the spot.

import { h, icon, setText } from "../dom.js";
import { installs } from "../installs.js";
import { button } from "../kit/button.js";
import { installButton } from "../kit/install_button.js";
import { showRows } from "../kit/list.js";
import { size, t } from "../text.js";
import { about } from "./about.js";
import { choice, chosenByHand } from "./choice.js";

// What comes near to a card that cannot be had without the internet, and works with the model that is always here.
const NEAR = "purpose/vocals_and_instrumental";
const FAR = new Set(["purpose/karaoke", "preset/lead_vocal_dry"]);

/** oninstalled is called when one of them has arrived. */
export function need(oninstalled) {
  const words = h("p", {});
  const rows = new Map();
  const list = h("ul", { class: "ms-need-list" });
  let missing = [];
  const all = button({ label: t("separate.need.all"), symbol: "download", run: () => Promise.all(missing.map(({ name }) => installs.start(name))) });
  const take = () => {
    chosenByHand({ card: NEAR, quality: "" });
    document.querySelector("#purpose input:checked")?.focus(); // this button goes away
  };
  const near = button({ label: t(NEAR.replace("/", ".")), id: "need-instead", run: take });
  const instead = h("div", { class: "ms-stack" }, h("p", {}, t("separate.need.instead")), near);
  const element = h("div", { class: "ms-need", id: "need", hidden: true }, icon("download"), h("div", { class: "ms-stack" }, words, list, all, instead));
  const offer = () => {
    all.hidden = missing.filter(({ name }) => !installs.busy(name)).length < 2;
    const { by, card } = choice.value;
    instead.hidden = by !== "purpose" || !FAR.has(card) || !missing.some(({ name }) => installs.get(name)?.error?.code === "download_failed");
  };
  installs.subscribe(offer);
  about.subscribe(({ facts }) => {
    missing = (facts?.models ?? []).filter((model) => !model.installed);
    element.hidden = !missing.length;
    setText(words, t(missing.length > 1 ? "separate.need.many" : "separate.need", { size: size(facts?.missing_bytes ?? 0), count: missing.length }));
    offer();
    showRows(list, rows, missing, { key: ({ name }) => name, make: (model) => row(model, oninstalled) });
  });
  return element;
}

function row(model, oninstalled) {
  const install = installButton(model, { oninstalled, kind: "primary" });
  return { element: h("li", { class: "ms-need-row" }, h("span", { translate: "no" }, model.title), install.element), close: install.close };
}
