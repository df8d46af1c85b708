// One preset to read: what it is for, how the sound flows, what it gives; and what can be done with it.

import { h } from "../dom.js";
import { button } from "../kit/button.js";
import { empty } from "../kit/empty.js";
import { menuButton } from "../kit/menu.js";
import { reason } from "../kit/toast.js";
import { stemName, t } from "../text.js";
import { copy, menuOf, open, use } from "./actions.js";
import { flow } from "./flow.js";
import { Graph } from "./graph.js";
import { missingModels } from "./missing.js";
import { aboutOf, store, titleOf } from "./store.js";
import { trial } from "./trial.js";

/** Fill `place` with the preset of that name. Returns { close(), refresh() }. */
export async function detail(place, name, { reopen }) {
  let made;
  let kinds;
  try {
    [made, { kinds }] = await Promise.all([store.detail(name), store.kinds()]);
  } catch (error) {
    if (!error.status) throw error;
    unreadable(place, name, error);
    return { refresh: reopen, close() {} };
  }
  const { card, preset } = made;
  const missing = missingModels({ oninstalled: () => store.load() });
  const problem = card.problem ? await whyNot(preset) : "";
  const data = await store.current(made).catch(() => null);
  await store.models((data?.steps ?? []).map((step) => step.model).filter(Boolean)).catch(() => []);
  const graph = data?.steps?.length ? new Graph(data, kinds, (each) => store.model(each)) : null;
  const head = h(
    "div",
    { class: "ms-head" },
    h("h2", { tabindex: "-1", translate: card.own ? "no" : null }, titleOf(card)),
    h("div", { class: "ms-row" }, ...actions(card, Boolean(graph)), menuButton({ label: t("kit.actions"), bare: true, items: () => menuOf(card, { broken: !graph }) })),
  );
  const tried = graph && !problem ? trial({ data: () => data, ready: () => !store.card(name)?.missing.length }) : null;
  place.replaceChildren(
    h(
      "section",
      { class: "ms-card ms-stack" },
      head,
      h("p", { translate: card.own ? "no" : null }, aboutOf(card)),
      problem ? h("p", { class: "ms-preset-problem", role: "alert" }, t("presets.problem.why", { reason: problem })) : null,
      missing.element,
      graph ? flowOf(graph, card) : null,
      card.stems.length ? h("p", { class: "ms-facts" }, t("presets.results", { stems: card.stems.map(stemName).join(", ") })) : null,
      tried?.element ?? null,
      card.own ? null : h("p", { class: "ms-hint" }, t("presets.shipped.about")),
    ),
  );
  missing.show(made.missing);
  return {
    /** The list was asked for anew: drawn again only where this preset has changed, as it may be running on the sample song. */
    async refresh() {
      const same = (now) => now.revision === made.revision && JSON.stringify(now.card) === JSON.stringify(card);
      const gone = (error) => Boolean(error.status);
      if (await store.detail(name).then((now) => !same(now), gone)) reopen();
    },
    close() {
      missing.close();
      tried?.close();
    },
  };
}

function actions(card, drawn) {
  const first = button({ label: t("presets.use"), symbol: "separate", kind: "primary", run: () => use(card) });
  if (card.problem) first.hidden = true;
  if (card.own) return [first, drawn ? button({ label: t("presets.edit"), symbol: "edit", run: () => open(card.name, true) }) : null].filter(Boolean);
  return [first, button({ label: t("presets.copy.edit"), symbol: "copy", run: () => copy(card) })];
}

function flowOf(graph, card) {
  const label = t("presets.flow", { title: titleOf(card) });
  return h("div", { class: "ms-flow", tabindex: "0", role: "region", "aria-label": label, translate: "no" }, flow(graph));
}

/** Why it can never run as it is, in the reader's language. */
async function whyNot(preset) {
  const { error } = await store.check(preset);
  return error ? reason({ ...error, message: error.detail }) : "";
}

// A file that is no preset at all: there is still its history, and the way to delete it.
function unreadable(place, name, error) {
  const card = store.card(name);
  const back = button({ label: t("presets.back"), run: () => open(null) });
  const menu = card?.own ? menuButton({ label: t("kit.actions"), items: () => menuOf(card, { broken: true }), className: "ms-button" }) : null;
  const title = h("h2", { tabindex: "-1", translate: "no" }, name);
  place.replaceChildren(h("section", { class: "ms-card ms-stack" }, title, empty({ symbol: "warning", text: reason(error), action: h("div", { class: "ms-row ms-preset-centre" }, back, menu) })));
}
