// What is to be combined and how, as it was chosen: kept in this browser, and made into the preset that the server runs.

import { OF_MODELS, ofFiles } from "../job_words.js";
import { thisBrowser } from "../kit/storage.js";

const KEY = "msst-ensemble";
const STEP = "ensemble"; // what the step is called in the preset
const START = {
  from: "models", // or "files"
  stem: "vocals",
  members: [], // { key, name, stem, weight, bands: [low, middle, high] }: models, the stem as the model calls it
  algorithm: "avg_wave",
  crossovers: [250, 4000], // Hz
  rest: false,
  options: {}, // of the separations: overlap, tta
};

class Settings {
  constructor() {
    this._listeners = new Set();
    this.value = { ...structuredClone(START), ...kept() };
    this._last = this.value.members.reduce((most, { key }) => Math.max(most, key), 0);
  }

  set(changes) {
    Object.assign(this.value, changes);
    thisBrowser.set(KEY, this.value);
    for (const listener of this._listeners) listener(this.value);
  }

  /** Call `listener(value)` now and at every change. */
  subscribe(listener) {
    this._listeners.add(listener);
    listener(this.value);
  }

  add(name, stem) {
    this._last += 1;
    this.set({ members: [...this.value.members, { key: this._last, name, stem, weight: 1, bands: [1, 1, 1] }] });
  }

  change(key, changes) {
    this.set({ members: this.value.members.map((member) => (member.key === key ? { ...member, ...changes } : member)) });
  }

  remove(key) {
    this.set({ members: this.value.members.filter((member) => member.key !== key) });
  }
}

function kept() {
  const found = Object(thisBrowser.get(KEY));
  return Object.fromEntries(Object.keys(START).filter((name) => typeof found[name] === typeof START[name]).map((name) => [name, found[name]]));
}

export const settings = new Settings();

/**
 * The preset that combines models, as JSON of version 2.0.0.
 * @param knows { weighted, banded }: whether the algorithm minds weights, and weights for bands
 * @param options of every separation, for a preset that is kept (those of a job are sent beside it)
 * @param part { start, end } in seconds: separate only that part
 */
export function presetOfModels(value, knows, { part = null, name = OF_MODELS, options = {} } = {}) {
  const each = Object.keys(options).length ? { options } : {};
  const members = value.members.map((member) => ({ model: member.name, ...(member.stem ? { stem: member.stem } : {}), ...each, ...counted(member, knows) }));
  const before = part ? [{ kind: "cut", name: "part", input: "mixture", ...part }] : [];
  return preset(name, [...before, { ...step(value, members), ...(part ? { input: "part" } : {}) }], value.rest);
}

/** The preset that combines the files of a job. shares: [{ weight, bands }], one for each. */
export function presetOfFiles(value, knows, shares) {
  const members = shares.map((share, index) => ({ from: index ? `file${index + 1}` : "mixture", ...counted(share, knows) }));
  return preset(ofFiles(shares.length), [{ ...step(value, members), stem: "ensemble" }], false);
}

const step = ({ algorithm, crossovers }, members) => ({ kind: "ensemble", name: STEP, algorithm, crossovers, members });

const counted = ({ weight, bands }, { weighted, banded }) => ({
  weight: weighted ? weight : 1,
  ...(banded && bands.some((band) => band !== 1) ? { bands } : {}),
});

function preset(name, steps, rest) {
  const outputs = [{ from: STEP }, ...(rest ? [{ from: `${STEP}.residual` }] : [])];
  return { version: "2.0.0", name, description: "", steps, outputs };
}
