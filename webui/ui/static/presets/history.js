// Earlier versions of a preset. Bringing one back makes what is here now an earlier one, so it can be undone.

import { h } from "../dom.js";
import { button } from "../kit/button.js";
import { dialog } from "../kit/dialog.js";
import { empty } from "../kit/empty.js";
import { toast } from "../kit/toast.js";
import { t, when } from "../text.js";
import { dropDraft } from "./drafts.js";
import { store } from "./store.js";

export async function showHistory(card) {
  const { steps: here } = await stepsOf(card);
  const window = dialog({ title: t("presets.history.title"), body: [] });
  async function draw() {
    const versions = await store.history(card.name);
    const rows = versions.map((version) => row(version, here, () => restore(version)));
    const about = h("p", { class: "ms-hint" }, t("presets.history.about"));
    window.body.replaceChildren(...(rows.length ? [about, h("ol", { class: "ms-preset-history" }, ...rows)] : [empty({ symbol: "queued", text: t("presets.history.none") })]));
  }
  async function restore(version) {
    await store.restore(card.name, version.at);
    dropDraft(card.name);
    window.close(true);
    toast(t("presets.history.restored"));
  }
  await draw();
  return window.closed;
}

async function stepsOf(card) {
  const { preset } = await store.detail(card.name);
  return { steps: (preset?.steps ?? preset?.flow ?? []).length };
}

function row(version, here, restore) {
  const more = version.steps - here;
  const count = t(version.steps === 1 ? "presets.steps.one" : "presets.steps", { count: version.steps });
  const change = more ? t(more > 0 ? "presets.history.more" : "presets.history.fewer", { count: Math.abs(more) }) : t("presets.history.same");
  const action = button({ label: t("presets.history.restore"), run: restore });
  action.setAttribute("aria-label", t("presets.history.restore.label", { time: when(version.at / 1000) }));
  return h(
    "li",
    {},
    h("div", {}, h("p", {}, t("presets.history.until", { time: when(version.at / 1000) })), h("p", { class: "ms-facts" }, h("span", { translate: "no" }, version.title), ` · ${count} · ${change}`)),
    action,
  );
}
