// What the server says about presets, the kinds of steps and their models: asked for when needed, kept for all views of the tab.

import { json } from "../base.js";
import { find } from "../text.js";
import { moveDraft } from "./drafts.js";

const path = (name, rest = "") => `presets/${encodeURIComponent(name)}${rest}`;
const asJson = (data) => ({ headers: { "content-type": "application/json" }, body: JSON.stringify(data) });

class Store {
  constructor() {
    this.list = null; // null until the server has answered once
    this._listeners = new Set();
    this._models = new Map(); // name in lower case -> model, null for one that nobody knows
    this._asked = new Map();
    this._kinds = null;
  }

  /** Call `listener()` at every change of the list or of what is known of a model. Returns a function that ends that. */
  subscribe(listener) {
    this._listeners.add(listener);
    return () => this._listeners.delete(listener);
  }

  tell() {
    for (const listener of [...this._listeners]) listener();
  }

  /** Ask for the list anew. Throws Refused or Away. */
  async load() {
    this.list = (await json("presets?runnable=false")).presets;
    this.tell();
  }

  /** { version, kinds: Map of kind to JSON schema, formats }. Throws Refused or Away. */
  async kinds() {
    if (!this._kinds) {
      const { version, kinds, formats } = await json("steps");
      this._kinds = { version, formats, kinds: new Map(kinds.map(({ kind, schema }) => [kind, schema])) };
    }
    return this._kinds;
  }

  /** A model, undefined while it is asked for, null where there is none. Listeners are told when it is known. */
  model(name) {
    const key = String(name ?? "").toLowerCase();
    if (!key) return null;
    if (!this._models.has(key) && !this._asked.has(key)) this._ask(name, key);
    return this._models.get(key);
  }

  /** What is known of these models, once it is known. */
  async models(names) {
    await Promise.all(names.map((name) => this.model(name) === undefined && this._asked.get(name.toLowerCase())));
    return names.map((name) => this.model(name)).filter(Boolean);
  }

  /** A model that a window or an installation has told about. */
  learn(model) {
    this._models.set(model.name.toLowerCase(), model);
    this.tell();
  }

  async _ask(name, key) {
    const asked = json(`models/${encodeURIComponent(name)}`).then(
      (model) => this._models.set(key, model),
      (error) => error.status && this._models.set(key, null), // else it is asked for again with the next change
    );
    this._asked.set(key, asked);
    await asked;
    this._asked.delete(key);
    this.tell();
  }

  card(name) {
    return this.list?.find((card) => card.name === name);
  }

  detail(name) {
    return json(path(name));
  }

  /** The preset as JSON of the present version, whatever it is stored as. */
  async current(detail) {
    return detail.preset?.version === "2.0.0" ? structuredClone(detail.preset) : json(path(detail.card.name, "/export"));
  }

  async check(data, signal) {
    return json("presets/validate", { method: "POST", signal, ...asJson(data) });
  }

  /** Store; with a revision only if it is still what is stored. */
  save(name, data, revision = null) {
    const query = revision ? `?revision=${encodeURIComponent(revision)}` : "";
    return this._change(path(name, query), "PUT", data);
  }

  /** Store under a name that is free. */
  add(name, data) {
    return this._change(`presets/import?name=${encodeURIComponent(name)}`, "POST", data);
  }

  /** Take in the text of a file, as it is. */
  async take(text) {
    const card = await json("presets/import", { method: "POST", headers: { "content-type": "application/json" }, body: text });
    await this.load();
    return card;
  }

  /** Another name, also for changes of it that are not saved: before anybody who hears of it looks for them. */
  async rename(name, title) {
    const card = await json(path(name, "/rename"), { method: "POST", ...asJson({ name: title }) });
    const { revision } = await this.detail(card.name);
    moveDraft(name, card.name, { title, revision });
    await this.load();
    return card;
  }

  remove(name) {
    return this._change(path(name), "DELETE");
  }

  async history(name) {
    return (await json(path(name, "/history"))).versions;
  }

  restore(name, at) {
    return this._change(path(name, "/restore"), "POST", { at });
  }

  async _change(address, method, data) {
    const answer = await json(address, { method, ...(data === undefined ? {} : asJson(data)) });
    await this.load();
    return answer;
  }
}

export const store = new Store();

/** What a preset is called: shipped ones have a translated name. */
export function titleOf(card) {
  return (card.own ? null : find(`preset.${card.name}`)) ?? (card.title || card.name);
}

export function aboutOf(card) {
  return (card.own ? null : find(`preset.${card.name}.about`)) ?? card.description;
}
