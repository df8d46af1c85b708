// Presets: the list of them, and beside it the one that the address names, to read or to edit.

import { h } from "../dom.js";
import { button } from "../kit/button.js";
import { empty } from "../kit/empty.js";
import { poll } from "../kit/poll.js";
import { reason } from "../kit/toast.js";
import { detail } from "../presets/detail.js";
import { editor } from "../presets/editor.js";
import { openNew } from "../presets/actions.js";
import { list } from "../presets/list.js";
import { store } from "../presets/store.js";
import { route } from "../route.js";
import { t } from "../text.js";

export function tab(place) {
  const side = list();
  const status = h("p", { class: "ms-hint", role: "status" }, t("kit.loading"));
  const main = h("div", { class: "ms-preset-main" });
  const back = h("a", { class: "ms-button ms-quiet ms-preset-back", href: route.link({ tab: "presets" }), onclick: toList }, t("presets.back"));
  const heading = h("h2", {}, t("tab.presets"));
  const page = h("div", { class: "ms-preset-page" }, h("div", { class: "ms-card ms-preset-left" }, heading, status, side.element), h("div", { class: "ms-preset-right" }, back, main));
  place.append(page);
  let shown = null; // what the address named when `main` was filled
  let view = null;
  let turn = 0;
  let known = null;

  function toList(event) {
    event.preventDefault();
    route.go({ tab: "presets" });
  }
  async function show({ anew = false } = {}) {
    const edit = route.get("edit");
    const name = edit === "new" ? "" : route.get("preset");
    const wanted = JSON.stringify([name, edit]);
    if (wanted === shown && !anew && !route.get("from")) return;
    const moved = shown !== null && wanted !== shown;
    shown = wanted;
    view?.close();
    view = null;
    const mine = (turn += 1);
    page.classList.toggle("ms-one", name !== null);
    main.inert = false;
    if (name === null) return nothing();
    main.setAttribute("aria-busy", "true");
    main.inert = true; // what is there still is about another preset
    const inside = h("div", {});
    try {
      const own = edit && (name === "" || store.card(name)?.own);
      const made = await (own ? editor : detail)(inside, name, { reopen: () => show({ anew: true }) });
      if (mine !== turn) return made.close();
      view = made;
      main.replaceChildren(inside);
      main.inert = false;
      if (moved) focus(inside.querySelector("h2"));
    } catch (error) {
      if (mine !== turn) return undefined;
      if (!error.status && error.constructor.name !== "Away") console.error(error);
      const again = button({ label: t("kit.retry"), run: () => show({ anew: true }) });
      main.replaceChildren(h("section", { class: "ms-card" }, empty({ symbol: "warning", text: reason(error), action: again })));
    } finally {
      if (mine === turn) {
        main.removeAttribute("aria-busy");
        main.inert = false;
      }
    }
    return undefined;
  }
  function nothing() {
    const action = button({ label: t("presets.new"), symbol: "plus", kind: "primary", run: openNew });
    main.replaceChildren(h("section", { class: "ms-card" }, empty({ symbol: "presets", text: t("presets.choose.one"), action })));
  }
  function focus(element) {
    element?.focus({ preventScroll: true });
    if (page.getBoundingClientRect().top < 0) page.scrollIntoView();
  }
  store.subscribe(() => {
    side.draw();
    if (store.list === known) return;
    const first = known === null;
    known = store.list;
    status.hidden = true;
    const name = route.get("preset");
    if (first) show();
    else if (name && !store.card(name)) return; // renamed or deleted: whoever did it goes elsewhere
    else view?.refresh();
  });
  // Asked anew whenever the tab is opened: a preset may have been made elsewhere.
  let asking = null;
  route.subscribe(() => {
    if (route.tab !== "presets") {
      asking?.stop();
      asking = null;
      return;
    }
    if (!asking) {
      asking = poll(async () => {
        await store.load();
        asking?.stop();
        return 60000;
      });
    }
    if (known) {
      side.draw();
      show();
    }
  });
}
