// What is being installed now, wherever it was begun: seen at the top, whatever the list below is filtered by.

import { h } from "../dom.js";
import { installs } from "../installs.js";
import { button } from "../kit/button.js";
import { installButton } from "../kit/install_button.js";
import { showRows } from "../kit/list.js";
import { t } from "../text.js";
import { libraryChanged } from "./state.js";

const ENDED = new Set(["installed", "failed", "cancelled"]);

export function underWay(place) {
  const list = h("ul", { class: "ms-under-way" });
  const rows = new Map();
  const box = h("section", { class: "ms-card", hidden: true, "aria-label": t("models.under_way") }, h("h2", {}, t("models.under_way")), list);
  place.append(box);
  const states = new Map();
  function draw() {
    const unfinished = installs.unfinished();
    box.hidden = !unfinished.length;
    showRows(list, rows, unfinished, { key: (install) => install.name, make: row });
  }
  installs.subscribe((changed) => {
    let ended = false; // also what ended badly left something on the disk
    for (const name of changed) {
      const state = installs.get(name)?.state;
      ended ||= ENDED.has(state) && states.get(name) !== state && states.has(name);
      states.set(name, state);
    }
    draw();
    if (ended) libraryChanged();
  });
  draw();
}

function row({ name, title, total }) {
  const install = installButton({ name, title, bytes: total, installed: false });
  const away = button({ label: t("kit.close"), symbol: "close", kind: "quiet", bare: true, run: () => installs.forget(name) });
  const element = h("li", { class: "ms-row" }, h("strong", { translate: "no" }, title), h("div", { class: "ms-row" }, install.element, away));
  return { element, close: install.close, update: ({ state }) => (away.hidden = state !== "failed") };
}
