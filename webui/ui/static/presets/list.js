// The presets there are: one's own, and those that come with the program; each says whether it can run.

import { h, setText } from "../dom.js";
import { button } from "../kit/button.js";
import { showRows } from "../kit/list.js";
import { input } from "../kit/form.js";
import { later } from "../kit/model_picker.js";
import { follow, route } from "../route.js";
import { t } from "../text.js";
import { openNew } from "./actions.js";
import { draftOf, NEW } from "./drafts.js";
import { importPreset } from "./import.js";
import { aboutOf, store, titleOf } from "./store.js";

const MANY = 8;

export function list() {
  const own = section("presets.own");
  const shipped = section("presets.shipped");
  const none = h("p", { class: "ms-hint" }, t("presets.own.none"));
  const draft = h("a", { class: "ms-preset-entry", href: "", onclick: follow(() => ({ tab: "presets", edit: "new" })) }, h("span", { class: "ms-preset-entry-title" }, t("presets.new.draft")), h("span", { class: "ms-tag ms-warn" }, t("presets.unsaved")));
  const nothing = h("p", { class: "ms-hint", role: "status" });
  const search = input({ type: "search", placeholder: t("presets.search"), "aria-label": t("presets.search"), oninput: later(draw, 100) });
  const element = h(
    "div",
    { class: "ms-stack ms-preset-side" },
    h(
      "div",
      { class: "ms-row" },
      button({ label: t("presets.new"), symbol: "plus", kind: "primary", run: openNew }),
      button({ label: t("presets.import"), symbol: "upload", run: importPreset }),
    ),
    search,
    h("div", {}, own.title, none, draft, own.list),
    h("div", {}, shipped.title, shipped.list),
    nothing,
  );

  function draw() {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const fits = (card) => words.every((word) => `${titleOf(card)} ${aboutOf(card)} ${card.name}`.toLowerCase().includes(word));
    const all = store.list ?? [];
    const found = all.filter(fits);
    search.hidden = all.length <= MANY;
    for (const [part, mine] of [[own, true], [shipped, false]]) {
      const cards = found.filter((card) => card.own === mine);
      cards.sort((a, b) => Boolean(a.missing.length) - Boolean(b.missing.length) || titleOf(a).localeCompare(titleOf(b)));
      showRows(part.list, part.rows, cards, { key: (card) => card.name, make: entry });
      part.title.hidden = !cards.length && (!mine || words.length > 0);
    }
    none.hidden = words.length > 0 || all.some((card) => card.own);
    const editsNew = route.get("edit") === "new";
    draft.hidden = !draftOf(NEW) && !editsNew;
    draft.href = route.link({ tab: "presets", edit: "new" });
    if (editsNew) draft.setAttribute("aria-current", "true");
    else draft.removeAttribute("aria-current");
    setText(nothing, found.length || !words.length ? "" : t("presets.search.none"));
  }
  return { element, draw };
}

function section(key) {
  return { title: h("h3", { class: "ms-preset-part" }, t(key)), list: h("ul", { class: "ms-preset-entries" }), rows: new Map() };
}

function entry(first) {
  const title = h("span", { class: "ms-preset-entry-title", translate: first.own ? "no" : null });
  const about = h("span", { class: "ms-preset-entry-about", translate: first.own ? "no" : null });
  const tags = h("span", { class: "ms-preset-entry-tags" });
  const link = h("a", { class: "ms-preset-entry", href: "", "data-preset": first.name, onclick: follow(() => ({ tab: "presets", preset: first.name })) }, title, tags, about);
  return {
    element: h("li", {}, link),
    update(card) {
      setText(title, titleOf(card));
      setText(about, aboutOf(card));
      link.href = route.link({ tab: "presets", preset: card.name });
      if (route.get("preset") === card.name) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
      const drawn = JSON.stringify([card.missing, card.problem, Boolean(draftOf(card.name))]);
      if (tags.dataset.drawn === drawn) return;
      tags.dataset.drawn = drawn;
      tags.replaceChildren(...tagsOf(card));
    },
  };
}

function tagsOf(card) {
  const tags = [];
  if (card.own && draftOf(card.name)) tags.push(h("span", { class: "ms-tag ms-warn" }, t("presets.unsaved")));
  if (card.problem) tags.push(h("span", { class: "ms-tag ms-warn" }, t("presets.problem")));
  else if (card.missing.length) tags.push(h("span", { class: "ms-tag" }, card.missing.length === 1 ? t("presets.missing.tag.one") : t("presets.missing.tag", { count: card.missing.length })));
  return tags;
}
