// What is to be done with the songs, as it was chosen: kept in this browser, taken from a link, and told to REST.

import { thisBrowser } from "../kit/storage.js";
import { route } from "../route.js";

const KEY = "msst-separate";
const START = {
  by: "purpose", // or "preset", "model", "job" (the steps of an earlier job, whatever they were)
  card: "purpose/vocals_and_instrumental", // the card of what one wants: a purpose, or a preset that is one
  quality: "", // "best", "fast", or "" for what is installed
  preset: "my_preset",
  model: "spleeter_2stems",
  family: "", // of the model
  stems: [], // of the model, to keep; none: all
  job: null, // { id, title, preset: JSON }
  options: {},
  container: null, // null: as the settings say
  subtype: null,
};
const KEPT = ["by", "card", "quality", "preset", "model", "family", "stems", "options", "container", "subtype"];

class Choice {
  constructor() {
    this._listeners = new Set();
    this.value = { ...START, ...kept() };
  }

  /** Change some of it; the address no longer says what is chosen then. */
  set(changes) {
    Object.assign(this.value, changes);
    if (changes.by !== "job" && this.value.by !== "job") this.value.job = null;
    thisBrowser.set(KEY, Object.fromEntries(KEPT.map((name) => [name, this.value[name]])));
    for (const listener of this._listeners) listener(this.value);
  }

  /** Call `listener(value)` now and at every change. */
  subscribe(listener) {
    this._listeners.add(listener);
    listener(this.value);
  }

  /** What to separate with, as REST names it: { purpose, quality } | { preset } | { model } | { preset_json }. */
  what() {
    const { by, card, quality, preset, model, job } = this.value;
    if (by === "preset") return { preset };
    if (by === "model") return { model };
    if (by === "job" && job) return { preset_json: JSON.stringify(job.preset) };
    const [kind, name] = split(card);
    if (kind === "preset") return { preset: name };
    return quality ? { purpose: name, quality } : { purpose: name };
  }

  /** The purpose that is chosen, or null. */
  get purpose() {
    const { by, card } = this.value;
    return by === "purpose" && card.startsWith("purpose/") ? card.slice(8) : null;
  }
}

export const split = (card) => [card.slice(0, card.indexOf("/")), card.slice(card.indexOf("/") + 1)];

function kept() {
  const found = Object(thisBrowser.get(KEY));
  if (found.by === "job") found.by = "purpose";
  return Object.fromEntries(KEPT.filter((name) => name in found).map((name) => [name, found[name]]));
}

export const choice = new Choice();

/** What a link chooses: `?tab=separate&purpose=karaoke`, `&preset=NAME`, `&model=NAME`. `again(job)` is called for `&again=JOB`. */
export function followAddress(again) {
  let last = "";
  route.subscribe(() => {
    if (route.tab !== "separate") return;
    const [purpose, preset, model, job] = ["purpose", "preset", "model", "again"].map((name) => route.get(name));
    const said = JSON.stringify([purpose, preset, model, job]);
    if (said === last) return;
    last = said;
    if (job) again(job);
    else if (model) choice.set({ by: "model", model, family: "", stems: [] });
    else if (preset) choice.set({ by: "preset", preset });
    else if (purpose) choice.set({ by: "purpose", card: `purpose/${purpose}`, quality: route.get("quality") ?? "" });
  });
}

/** The reader changed something by hand: the address must not bring the linked choice back at the next reload. */
export function chosenByHand(changes) {
  if (["purpose", "preset", "model", "again", "quality"].some((name) => route.get(name))) {
    route.set({ purpose: null, preset: null, model: null, again: null, quality: null });
  }
  choice.set(changes);
}
