// Keys for programs, friends and phones: made (shown once), seen, taken away.

import { json, send } from "../base.js";
import { belongsTo, h, setText } from "../dom.js";
import { button } from "../kit/button.js";
import { copy } from "../kit/copy.js";
import { ask, askText, dialog } from "../kit/dialog.js";
import { showRows } from "../kit/list.js";
import { reason, toast } from "../kit/toast.js";
import { t, when } from "../text.js";

const LONGEST = 80;

export class Keys {
  constructor() {
    this.list = [];
    this.onload = () => {};
    this._rows = new Map();
    this._note = h("p", { class: "ms-hint" }, t("kit.loading"));
    this._list = h("ul", { class: "ms-access-keys" });
    this._make = button({
      label: t("settings.key.make"),
      symbol: "key",
      run: async () => {
        if (await makeKey()) await this.load();
      },
    });
    this.element = h("div", { class: "ms-stack" }, h("h4", {}, t("settings.keys")), h("p", { class: "ms-hint" }, t("settings.keys.about"), " ", h("code", {}, "Authorization: Bearer KEY")), this._note, this._list, h("div", { class: "ms-row" }, this._make));
  }

  /** The key that this browser came in with, if any. */
  get mine() {
    return this.list.find((key) => key.current);
  }

  async load() {
    try {
      this.list = (await json("keys")).keys;
      setText(this._note, this.list.length ? "" : t("settings.keys.none"));
      this._make.hidden = false;
    } catch (error) {
      setText(this._note, reason(error));
      this._make.hidden = true;
    }
    this._note.hidden = !this._note.textContent;
    showRows(this._list, this._rows, this.list, { make: (key) => this._row(key) });
    this.onload();
  }

  _row(key) {
    const used = h("span", { class: "ms-facts" });
    const own = h("span", { class: "ms-tag ms-good" }, t("settings.key.current"));
    const revoke = button({ label: t("settings.key.revoke"), symbol: "trash", kind: "quiet", run: () => this._revoke(key) });
    const name = h("strong", { translate: "no" }, key.name);
    belongsTo(revoke, name);
    const element = h("li", { "data-key": key.id }, name, own, used, revoke);
    return {
      element,
      update(now) {
        own.hidden = !now.current;
        const last = now.used_at ? t("settings.key.used", { time: when(now.used_at) }) : t("settings.key.unused");
        setText(used, `${t("settings.key.made", { time: when(now.created_at) })} · ${last}`);
      },
    };
  }

  async _revoke(key) {
    const text = t(key.current ? "settings.key.revoke.own" : "settings.key.revoke.text", { name: key.name });
    if (!(await ask({ title: t("settings.key.revoke.title"), text, action: t("settings.key.revoke"), danger: true }))) return;
    try {
      await json(`keys/${encodeURIComponent(key.id)}`, { method: "DELETE" });
      toast(t("settings.key.gone", { name: key.name }));
    } finally {
      await this.load();
    }
  }
}

/** Ask for a name, make a key, show it. Resolves to whether there is one now. `first`: it is for whoever asks. */
export async function makeKey({ first = false } = {}) {
  const name = await askText({
    title: t(first ? "settings.key.first" : "settings.key.make"),
    label: t("settings.key.name"),
    value: first ? t("settings.key.name.own") : "",
    action: t("settings.key.create"),
    check: (text) => (text.length > LONGEST ? t("settings.key.long", { count: LONGEST }) : ""),
  });
  if (!name) return false;
  const { key } = await send("keys", { name });
  await show(name, key);
  return true;
}

async function show(name, key) {
  const text = h("code", { class: "ms-key", tabindex: "0" }, key);
  const take = button({ label: t("kit.copy"), symbol: "copy", kind: "primary", run: () => copy(key) });
  const done = button({ label: t("settings.key.done"), run: () => window.close() });
  const window = dialog({ title: t("settings.key.new", { name }), body: [h("p", {}, t("settings.key.once")), text], actions: [take, done] });
  await window.closed;
}
