// What musicians ask for, and the models that do it best: one purpose is open at a time.

import { json } from "../base.js";
import { h } from "../dom.js";
import { button } from "../kit/button.js";
import { choices } from "../kit/form.js";
import { showRows } from "../kit/list.js";
import { thisBrowser } from "../kit/storage.js";
import { reason } from "../kit/toast.js";
import { find, t } from "../text.js";
import { modelRow } from "./row.js";

const KEPT = "msst-models-purpose";
const FIRST = "vocals_and_instrumental";
const FEW = 8; // shown at first on a phone

/** Fills `place`. Returns { refresh() }. */
export function purposes(place) {
  const about = h("p", { class: "ms-lead" });
  const best = h("ul", { class: "ms-models" });
  const also = h("ul", { class: "ms-models" });
  const more = h("details", { class: "ms-details" }, h("summary", {}, t("models.also")), also);
  const note = h("div", { role: "status" }, h("p", { class: "ms-hint" }, t("kit.loading")));
  const [bestRows, alsoRows] = [new Map(), new Map()];
  let recommended = {};
  let chosen = remembered();
  const bar = choices({ label: t("models.purpose"), options: [], value: chosen, onchange: choose });
  bar.element.classList.add("ms-purposes");
  const all = button({ label: t("models.purposes.all"), symbol: "down", kind: "quiet", class: "ms-button ms-quiet ms-all-purposes", run: showAll });
  place.append(bar.element, all, about, best, more, note);

  function showAll() {
    bar.element.classList.add("ms-all");
    all.hidden = true;
  }
  function choose(name) {
    chosen = name;
    thisBrowser.set(KEPT, name);
    about.textContent = find(`purpose.${name}.about`) ?? "";
    more.open = false;
    return draw();
  }
  async function draw() {
    const entry = recommended[chosen];
    if (!entry) return;
    const wanted = chosen;
    const names = [...new Set([entry.best, entry.fast, ...entry.also])];
    try {
      const { models } = await json(`models?${new URLSearchParams([...names.map((name) => ["name", name]), ["limit", "100"]])}`);
      if (wanted !== chosen) return;
      const get = (name) => models.find((model) => model.name === name);
      const firsts = [...new Set([entry.best, entry.fast])].map(get).filter(Boolean);
      const badge = (model) => (model.name !== entry.best ? "fast" : entry.best === entry.fast ? "both" : "best");
      const key = (model) => `${chosen} ${model.name}`;
      showRows(best, bestRows, firsts, { key, make: (model) => modelRow(model, { badge: t(`models.badge.${badge(model)}`) }) });
      const others = entry.also.map(get).filter((model) => model && !firsts.includes(model));
      showRows(also, alsoRows, others, { key, make: (model) => modelRow(model) });
      more.hidden = !others.length;
      note.replaceChildren();
    } catch (error) {
      note.replaceChildren(h("p", { class: "ms-bad-text" }, reason(error)), button({ label: t("kit.retry"), symbol: "again", run: draw }));
    }
  }
  async function refresh() {
    try {
      ({ recommended } = await json("models/recommended"));
    } catch (error) {
      note.replaceChildren(h("p", { class: "ms-bad-text" }, reason(error)), button({ label: t("kit.retry"), symbol: "again", run: refresh }));
      return;
    }
    const names = Object.keys(recommended);
    if (!names.includes(chosen)) chosen = names.includes(FIRST) ? FIRST : names[0];
    bar.setOptions(names.map((value) => ({ value, label: find(`purpose.${value}`) ?? value })), chosen);
    if (names.indexOf(chosen) >= FEW) showAll();
    about.textContent = find(`purpose.${chosen}.about`) ?? "";
    await draw();
  }
  more.hidden = true;
  refresh();
  return { refresh: draw };
}

const remembered = () => thisBrowser.get(KEPT) ?? FIRST;
