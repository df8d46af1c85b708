// Models: what musicians ask for, all models there are, those of one's own, and the room they take.

import { h } from "../dom.js";
import { installs, modelPath } from "../installs.js";
import { button } from "../kit/button.js";
import { empty } from "../kit/empty.js";
import { json, Refused } from "../base.js";
import { catalogue } from "../models/catalogue.js";
import { disk } from "../models/disk.js";
import { isLocal, linkFolder } from "../models/link.js";
import { addOwn } from "../models/own.js";
import { purposes } from "../models/purposes.js";
import { foldOthers, modelRow, rowOf } from "../models/row.js";
import { problems, sources } from "../models/sources.js";
import { onLibrary } from "../models/state.js";
import { underWay } from "../models/under_way.js";
import { reason } from "../kit/toast.js";
import { route } from "../route.js";
import { t } from "../text.js";

const card = (...children) => h("section", { class: "ms-card ms-stack" }, ...children);

export async function tab(place) {
  const offline = h("p", { class: "ms-note ms-warn", role: "status", hidden: navigator.onLine }, t("models.offline"));
  const add = button({ label: t("models.own.open"), symbol: "plus", run: addOwn });
  const link = isLocal() ? button({ label: t("models.link.open"), symbol: "folder", kind: "quiet", run: linkFolder }) : null;
  const way = h("div", {});
  const wrong = h("section", { class: "ms-card ms-stack" });
  const linked = h("section", { class: "ms-card ms-stack", hidden: true });
  const [advice, all, room, where] = [
    card(h("h2", {}, t("models.purposes"))),
    card(h("h2", {}, t("models.all"))),
    card(h("h2", {}, t("models.disk.title"))),
    card(h("h2", {}, t("models.sources"))),
  ];
  place.append(
    h(
      "div",
      { class: "ms-stack ms-models-tab" },
      offline,
      h("div", { class: "ms-head" }, h("div", {}, h("h2", {}, t("tab.models")), h("p", { class: "ms-hint" }, t("models.intro"))), h("div", { class: "ms-row" }, ...[add, link].filter(Boolean))),
      way,
      linked,
      advice,
      all,
      wrong,
      h("div", { class: "ms-two" }, room, where),
    ),
  );
  for (const name of ["online", "offline"]) window.addEventListener(name, () => (offline.hidden = navigator.onLine));
  underWay(way);
  const parts = [purposes(advice), catalogue(all), disk(room), problems(wrong)];
  sources(where);
  const asked = linkedModel(linked);
  onLibrary(() => [...parts, asked].forEach((part) => part.refresh()));
  await parts[1].loaded;
  route.subscribe(() => route.tab === "models" && asked.show(route.get("model")));
  let open = true;
  route.subscribe(() => {
    const now = route.tab === "models";
    if (now && !open) installs.refresh(); // something may have been begun elsewhere meanwhile
    open = now;
  });
}

// The model that the address names: its row is unfolded where it is listed, else shown on top.
function linkedModel(place) {
  let shown = null; // what was asked for last
  let row = null;
  function clear() {
    row?.close();
    row = null;
    place.hidden = true;
    place.replaceChildren();
  }
  async function show(name) {
    if (name === shown) return;
    shown = name;
    if (!name) {
      foldOthers();
      return clear();
    }
    const there = rowOf(name);
    if (there && there !== row) {
      clear();
      there.open();
      if (!inView(there.element)) there.element.scrollIntoView({ block: "start" });
      return;
    }
    if (there) return;
    clear();
    const close = button({ label: t("kit.close"), symbol: "close", kind: "quiet", bare: true, run: () => route.set({ model: null }) });
    const head = h("div", { class: "ms-head" }, h("h2", { tabindex: "-1" }, t("models.linked")), close);
    try {
      const model = await json(modelPath(name));
      if (shown !== name) return;
      row = modelRow(model);
      place.replaceChildren(head, h("ul", { class: "ms-models" }, row.element));
      place.hidden = false;
      row.open();
    } catch (error) {
      if (shown !== name) return;
      const text = error instanceof Refused && error.status === 404 ? t("models.linked.unknown") : reason(error);
      place.replaceChildren(head, empty({ symbol: "search", text }));
      place.hidden = false;
    }
    place.scrollIntoView({ block: "start" });
  }
  async function refresh() {
    if (!row) return;
    try {
      row?.update(await json(modelPath(shown)));
    } catch (error) {
      if (error.status === 404) route.set({ model: null }); // it was one of the reader's own, and is gone
    }
  }
  return { show, refresh };
}

function inView(element) {
  const { top, bottom } = element.getBoundingClientRect();
  return top >= 0 && bottom <= window.innerHeight;
}
