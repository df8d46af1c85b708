// The one copy of the server's list of jobs in this page: polled while it is of use, handed to whoever listens.

import { address, Away, json, send } from "./base.js";

const BUSY_MS = 1000; // something runs and somebody looks
const IDLE_MS = 6000;
const HIDDEN_MS = 20000;
const AWAY_MAX_MS = 15000;
const NEWEST = 50;
const ACTIVE = new Set(["queued", "running"]);

class Jobs {
  constructor() {
    this.list = null; // null until the server has answered once
    this.away = false;
    this.mine = new Set(); // submitted from this page since it was loaded
    this._listeners = new Set();
    this._failures = 0;
    this._timer = 0;
    this._asked = Promise.resolve();
    document.addEventListener("visibilitychange", () => document.hidden || this.refresh());
    window.addEventListener("online", () => this.refresh());
  }

  /** Call `listener(jobs)` now, if the list is known, and at every change. */
  subscribe(listener) {
    this._listeners.add(listener);
    if (this.list !== null || this.away) listener(this);
    if (this._listeners.size === 1) this.refresh();
    return () => this._listeners.delete(listener);
  }

  get(id) {
    return this.list?.find((job) => job.id === id);
  }

  get busy() {
    return (this.list ?? []).some((job) => ACTIVE.has(job.state));
  }

  /** Ask now. A request under way may have been answered before what the caller did: then one more follows it. */
  refresh() {
    this._asked = this._asked.then(() => this._poll());
    return this._asked;
  }

  /** Cancel, run again or delete; then the list as it is. Throws Refused or Away. */
  async act(id, action) {
    const path = `jobs/${encodeURIComponent(id)}`;
    const answer = action === "delete" ? await json(path, { method: "DELETE" }) : await send(`${path}/${action}`, action === "rerun" ? { door: "ui" } : {});
    if (action === "rerun") this.mine.add(answer.id);
    await this.refresh();
    return answer;
  }

  /** Give a waiting job another place in the line: "first", "up", "down" or "last". Throws Refused or Away. */
  async move(id, to) {
    await send(`jobs/${encodeURIComponent(id)}/move`, { to });
    await this.refresh();
  }

  async _poll() {
    try {
      this.list = await newest();
      this.away = false;
      this._failures = 0;
    } catch (error) {
      this._failures += 1;
      this.away = this._failures >= 2; // one lost answer is nothing to speak of
      if (!(error instanceof Away) && error.name !== "AbortError") console.warn("jobs:", error.message);
    }
    for (const listener of this._listeners) listener(this);
    clearTimeout(this._timer);
    this._timer = setTimeout(() => this.refresh(), this._pause());
  }

  _pause() {
    if (this._failures) return Math.min(AWAY_MAX_MS, BUSY_MS * 1.6 ** this._failures);
    if (document.hidden) return HIDDEN_MS;
    return this.busy ? BUSY_MS : IDLE_MS;
  }
}

/** The address of all that a job made, as one file. */
export const zipOf = (job) => address(`api/v1/jobs/${encodeURIComponent(job.id)}/zip`);

/** The newest jobs; and where the line is longer than that, all that wait and run. */
async function newest() {
  const ask = (query) => json(`jobs?${query}`, { cache: "no-cache", signal: timeout(10000) });
  const { jobs, total } = await ask(`limit=${NEWEST}`);
  if (!(total > jobs.length && ACTIVE.has(jobs.at(-1).state))) return jobs;
  const line = await ask("limit=500&state=running&state=queued");
  return [...new Map([...line.jobs, ...jobs].map((job) => [job.id, job])).values()];
}

function timeout(ms) {
  const control = new AbortController();
  setTimeout(() => control.abort(), ms);
  return control.signal;
}

export const jobs = new Jobs();
