// Saving: only what is sound, never over what somebody else saved meanwhile without asking.

import { h } from "../dom.js";
import { askText, dialog } from "../kit/dialog.js";
import { reason, toast } from "../kit/toast.js";
import { t } from "../text.js";
import { open } from "./actions.js";
import { dropDraft, keepDraft, NEW } from "./drafts.js";
import { store } from "./store.js";

/**
 * @param name of the stored preset, "" for a new one
 * @param state { revision } of what the editor started from
 * @param check () => a fresh answer of the check, or null
 * @param keep keeps what is not saved in this browser, or forgets it where all is
 * @param show brings what is wrong into view
 */
export function saver({ name, doc, state, check, keep, show }) {
  const self = { busy: false, save, saveAs, words };

  async function sound() {
    const answer = await check();
    if (!answer) return toast(t("error.away"), { kind: "bad" }), false;
    if (answer.valid) return true;
    show();
    toast(t("presets.save.wrong", { reason: words(answer) }), { kind: "bad" });
    return false;
  }
  async function save() {
    if (!(await sound())) return;
    if (!name) return storeNew(doc.data.name);
    self.busy = true;
    try {
      await put(state.revision);
    } catch (error) {
      if (error.code !== "preset_changed") throw error;
      await settle();
    } finally {
      self.busy = false;
    }
  }
  // What is changed while it is under way is not saved yet.
  async function put(revision = null) {
    const { text } = doc;
    await store.save(name, doc.data, revision);
    state.revision = (await store.detail(name)).revision;
    doc.saved(text);
    keep(); // also where the editor was closed meanwhile
    toast(t("presets.saved"));
  }
  async function saveAs() {
    if (await sound()) await storeNew("", t("presets.copy.title", { title: doc.data.name || name }));
  }
  async function storeNew(title, proposed = "") {
    const chosen = title || (await askText({ title: t("presets.save.as"), label: t("presets.name"), value: proposed, action: t("kit.save") }));
    if (!chosen) return;
    const { text } = doc;
    const made = await store.add(chosen, { ...doc.data, name: chosen });
    if (doc.text !== text) keepDraft(made.name, { ...doc.data, name: chosen }, (await store.detail(made.name)).revision); // changed meanwhile
    doc.saved();
    dropDraft(name || NEW);
    toast(t("presets.saved"));
    open(made.name, true);
  }
  // Somebody else saved it: over theirs (which stays in the history), as one's own copy, or neither.
  async function settle() {
    const choice = (label, value, kind = "") => {
      const made = h("button", { type: "button", class: `ms-button${kind}` }, label);
      made.addEventListener("click", () => window.close(value));
      return made;
    };
    const actions = [choice(t("kit.cancel"), ""), choice(t("presets.conflict.over"), "over", " ms-danger"), choice(t("presets.conflict.copy"), "copy", " ms-primary")];
    const window = dialog({ title: t("presets.conflict"), body: [h("p", {}, t("presets.conflict.about"))], actions });
    const chosen = await window.closed;
    if (chosen === "over") await put();
    else if (chosen === "copy") await storeNew("", t("presets.copy.title", { title: doc.data.name || name }));
  }
  return self;
}

/** Whether something is only still to be chosen: no mistake, the next thing to do. */
export function unfinished({ error, place }) {
  return error?.params.reason === "missing" && place.endsWith("/model");
}

/** What the check says, with its place, in the reader's language. */
function words({ error, place }) {
  if (place === "/outputs") return t("presets.check.outputs");
  if (place === "/steps") return t("presets.check.steps");
  const text = unfinished({ error, place }) ? t("presets.check.model") : reason({ ...error, message: error.detail });
  const [, index] = /^\/steps\/(\d+)/.exec(place) ?? [];
  return index === undefined ? text : `${t("presets.at.step", { number: Number(index) + 1 })}: ${text}`;
}
