// What the server knows of the present choice: which models it takes, whether they are here, and how long it will be.

import { json } from "../base.js";
import { jobs } from "../jobs.js";
import { choice } from "./choice.js";

const CALM_MS = 250; // between a change and the question about it
const MOST = 60; // songs asked about one by one

class About {
  constructor() {
    /** { seconds, low, high, basis, models, missing_bytes, queue_seconds }, or null while it is not known. */
    this.facts = null;
    this.error = null;
    this._listeners = new Set();
    this._durations = [];
    this._timer = 0;
    this._turn = 0;
    this._waiting = []; // for the answer about what is chosen now
  }

  /** Resolves when the facts are those of the present choice. */
  settled() {
    return this._timer ? new Promise((resolve) => this._waiting.push(resolve)) : Promise.resolve();
  }

  subscribe(listener) {
    this._listeners.add(listener);
    listener(this);
  }

  /** The songs' lengths in seconds. */
  songs(durations) {
    if (JSON.stringify(durations) === JSON.stringify(this._durations)) return;
    this._durations = durations;
    this.refresh();
  }

  refresh() {
    this._turn += 1; // an answer that is still on its way is about something else
    clearTimeout(this._timer);
    this._timer = setTimeout(() => this._ask(), CALM_MS);
  }

  async _ask() {
    this._turn += 1;
    const turn = this._turn;
    const { preset_json: inline, ...what } = choice.what();
    if (inline) return this._tell(turn, null, null); // its models were here when it ran
    const query = new URLSearchParams(what);
    const few = this._durations.slice(0, MOST);
    for (const duration of few) query.append("duration", duration);
    const options = choice.value.options;
    if (Object.keys(options).length) query.set("options", JSON.stringify(options));
    try {
      const facts = await json(`estimates?${query}`);
      const times = few.length ? this._durations.length / few.length : 1;
      for (const name of ["seconds", "low", "high"]) if (facts[name] != null) facts[name] *= times;
      return this._tell(turn, facts, null);
    } catch (error) {
      return this._tell(turn, null, error);
    }
  }

  _tell(turn, facts, error) {
    if (turn !== this._turn) return;
    this._timer = 0;
    this.facts = facts;
    this.error = error;
    for (const listener of this._listeners) listener(this);
    for (const resolve of this._waiting.splice(0)) resolve();
  }
}

export const about = new About();

/** Ask when the choice changes, and when the line of jobs does. */
export function keepAsking() {
  choice.subscribe(() => about.refresh());
  let line = "";
  jobs.subscribe(({ list }) => {
    const now = (list ?? []).filter((job) => ["queued", "running"].includes(job.state)).map((job) => job.id).join();
    if (now !== line) about.refresh();
    line = now;
  });
}
