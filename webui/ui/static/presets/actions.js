// What can be done with a stored preset, from its menu and its buttons.

import { address } from "../base.js";
import { ask, askText } from "../kit/dialog.js";
import { fail, toast } from "../kit/toast.js";
import { route } from "../route.js";
import { t } from "../text.js";
import { dropDraft } from "./drafts.js";
import { showHistory } from "./history.js";
import { store, titleOf } from "./store.js";

export const open = (name, edit = false) => route.go({ tab: "presets", preset: name, edit: edit ? 1 : null });
export const openNew = () => route.go({ tab: "presets", edit: "new" });
export const use = (card) => route.go({ tab: "separate", preset: card.name });

/** A copy of one's own; shipped ones keep their translated name. */
export async function copy(card, { edit = true } = {}) {
  const data = await store.current(await store.detail(card.name));
  const title = t("presets.copy.title", { title: titleOf(card) });
  const made = await store.add(title, { ...data, name: title });
  toast(t("presets.copied", { title }));
  open(made.name, edit);
}

async function rename(card) {
  const title = await askText({ title: t("presets.rename"), label: t("presets.name"), value: card.title || card.name, action: t("kit.save") });
  if (!title || title === card.title) return;
  const made = await store.rename(card.name, title);
  open(made.name, route.get("edit"));
}

async function remove(card) {
  const title = titleOf(card);
  const yes = await ask({ title: t("presets.delete"), text: t("presets.delete.ask", { title }), action: t("kit.delete"), danger: true });
  if (!yes) return;
  await store.remove(card.name);
  dropDraft(card.name);
  route.go({ tab: "presets" });
  const back = async () => {
    const [newest] = await store.history(card.name);
    await store.restore(card.name, newest.at);
    open(card.name);
  };
  toast(t("presets.deleted", { title }), { action: { label: t("presets.undo"), run: back } });
}

/** Where the browser downloads the file from. */
const exported = (card) => address(`api/v1/presets/${encodeURIComponent(card.name)}/export`);

export function menuOf(card, { broken = false } = {}) {
  return [
    broken ? null : { label: t("presets.export"), symbol: "download", href: exported(card) },
    broken ? null : { label: t("presets.copy"), symbol: "copy", action: guarded(() => copy(card)) },
    card.own && !broken ? { label: t("presets.rename"), symbol: "edit", action: guarded(() => rename(card)) } : null,
    card.own ? { label: t("presets.history"), symbol: "queued", action: guarded(() => showHistory(card)) } : null,
    card.own ? { label: t("kit.delete"), symbol: "trash", danger: true, action: guarded(() => remove(card)) } : null,
  ];
}

/** An error is told, not thrown. */
function guarded(work) {
  return async () => {
    try {
      await work();
    } catch (error) {
      fail(error);
    }
  };
}
