// The one copy of the server's list of installations in this page. Each answer comes with the next change, so nothing is asked in vain.

import { json } from "./base.js";

const WAIT_S = 25;
const PAUSE_MS = 700; // at least, between two answers: progress changes many times a second
const UNDER_WAY = new Set(["queued", "downloading", "verifying", "checking"]);

class Installs {
  constructor() {
    this._known = new Map();
    this._revision = 0;
    this._listeners = new Set();
    this._following = null;
  }

  /** The installation of a model: { name, title, state, done, total, speed, seconds_left, error }, or undefined. */
  get(name) {
    return this._known.get(name);
  }

  /** Whether a model's installation is under way. */
  busy(name) {
    return UNDER_WAY.has(this.get(name)?.state);
  }

  /** Call `listener(changed)` with the names that changed. Returns a function that ends that. */
  subscribe(listener) {
    this._listeners.add(listener);
    this._follow();
    return () => this._listeners.delete(listener);
  }

  /** Install a model. Throws Refused or Away. */
  start(name, source = {}) {
    return this._post(`${path(name)}/install`, source);
  }

  cancel(name) {
    return this._post(`${path(name)}/cancel`);
  }

  retry(name) {
    return this._post(`${path(name)}/retry`);
  }

  async _post(address, body = {}) {
    const answer = await json(address, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    this._take([answer]);
    this._follow();
    return answer;
  }

  // Goes on while something is under way and somebody listens; starts again with the next installation that is asked for here.
  _follow() {
    this._following ??= this._run().finally(() => (this._following = null));
  }

  async _run() {
    let failures = 0;
    let first = true;
    while (this._listeners.size && (first || [...this._known.keys()].some((name) => this.busy(name)))) {
      try {
        const wait = first ? 0 : WAIT_S;
        const { revision, installs } = await json(`models/installs?since=${this._revision}&wait=${wait}`);
        failures = 0;
        if (revision < this._revision) this._known.clear(); // the server was started anew
        this._revision = revision;
        this._take(installs);
      } catch {
        failures += 1;
        this._revision = 0;
      }
      first = false;
      await new Promise((resolve) => setTimeout(resolve, failures ? Math.min(15000, 1000 * 2 ** failures) : PAUSE_MS));
    }
  }

  _take(installs) {
    const changed = new Set();
    for (const install of installs) {
      if (!install?.name) continue;
      this._known.set(install.name, install);
      changed.add(install.name);
    }
    if (changed.size) for (const listener of [...this._listeners]) listener(changed);
  }
}

const path = (name) => `models/${encodeURIComponent(name)}`;

export const installs = new Installs();
