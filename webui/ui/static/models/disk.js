// What the models take of the disk, and what can be freed.

import { json } from "../base.js";
import { h } from "../dom.js";
import { modelPath } from "../installs.js";
import { button } from "../kit/button.js";
import { showRows } from "../kit/list.js";
import { reason } from "../kit/toast.js";
import { size, t } from "../text.js";
import { remove } from "./files.js";

let number = 0;

/** Fills `place`. Returns { refresh() }. */
export function disk(place) {
  const fill = h("span");
  const bar = h("div", { class: "ms-meter", "aria-hidden": "true" }, fill);
  const line = h("p", {});
  const list = h("ul", { class: "ms-disk-list" });
  const rows = new Map();
  const note = h("p", { class: "ms-hint" });
  const each = h("details", { class: "ms-details" }, h("summary", {}, t("models.disk.each")), note, list);
  place.append(line, bar, each);
  async function refresh() {
    try {
      const { models, bytes, free } = await json("models/disk");
      line.textContent = t("models.disk", { used: size(bytes), free: size(free) });
      fill.style.transform = `scaleX(${bytes / Math.max(1, bytes + free)})`;
      each.hidden = !models.length;
      note.textContent = t("models.disk.about");
      showRows(list, rows, models, { key: (use) => use.name, make: row });
    } catch (error) {
      line.textContent = reason(error);
    }
  }
  each.hidden = true;
  refresh();
  return { refresh };
}

function row(first) {
  const text = h("p", { class: "ms-facts" });
  const id = `ms-disk-${(number += 1)}`;
  const action = button({ label: t("models.remove"), symbol: "trash", kind: "quiet", id: `${id}-remove`, "aria-labelledby": `${id}-remove ${id}`, run: async () => {
    const { own, sources } = await json(modelPath(first.name));
    return remove({ name: first.name, title: first.title, own, sources });
  } });
  const element = h("li", { class: "ms-row" }, h("div", {}, h("strong", { translate: "no", id }, first.title), text), action);
  return {
    element,
    update(use) {
      const parts = [t(use.partial ? "models.disk.partial" : use.linked ? "models.disk.linked" : "models.disk.files", { size: size(use.bytes) })];
      if (use.converted) parts.push(t("models.disk.converted", { size: size(use.converted) }));
      text.textContent = parts.join(" · ");
    },
  };
}
