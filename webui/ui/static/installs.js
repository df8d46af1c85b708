// The one copy of the server's list of installations in this page: asked for what has changed while something is under way.

import { json, send } from "./base.js";

const BUSY_MS = 900;
const HIDDEN_MS = 10000;
const AWAY_MAX_MS = 15000;
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

  /** Look whether something was begun elsewhere: on another page, by a program. */
  refresh() {
    if (this._listeners.size) this._follow();
  }

  /** Install a model. Throws Refused or Away. */
  start(name, source = {}) {
    return this._post(`${modelPath(name)}/install`, source);
  }

  cancel(name) {
    return this._post(`${modelPath(name)}/cancel`);
  }

  retry(name) {
    return this._post(`${modelPath(name)}/retry`);
  }

  /** Verify a model, and download again what is wrong. Resolves to its installation, or null where nothing was wrong. */
  async repair(name) {
    const { install } = await send(`${modelPath(name)}/repair`);
    if (install) this._begun(install);
    return install;
  }

  /** Forget how a model came here: it is gone. */
  forget(name) {
    this._known.delete(name);
    for (const listener of [...this._listeners]) listener(new Set([name]));
  }

  /** Those that are under way or ended badly, the oldest first. */
  unfinished() {
    return [...this._known.values()].filter(({ state }) => UNDER_WAY.has(state) || state === "failed");
  }

  async _post(address, body) {
    const answer = await send(address, body);
    this._begun(answer);
    return answer;
  }

  _begun(install) {
    this._take([install]);
    this._follow();
  }

  // Goes on while something is under way and somebody listens; starts again with the next installation that is asked for here.
  _follow() {
    this._following ??= this._run().finally(() => (this._following = null));
  }

  async _run() {
    let failures = 0;
    let asked = false;
    while (this._listeners.size && (!asked || [...this._known.keys()].some((name) => this.busy(name)))) {
      try {
        const since = this._revision;
        const { revision, installs } = await json(`models/installs?since=${since}`);
        failures = 0;
        asked = true;
        if (revision < this._revision) this._known.clear(); // the server was started anew
        this._revision = revision;
        // what had arrived before this page looked is told by the list of models, which also knows what was removed since
        this._take(since ? installs : installs.filter(({ name, state }) => state !== "installed" || this._known.has(name)));
      } catch {
        failures += 1;
        this._revision = 0;
      }
      const pause = document.hidden ? HIDDEN_MS : BUSY_MS;
      await new Promise((resolve) => setTimeout(resolve, failures ? Math.min(AWAY_MAX_MS, pause * 2 ** failures) : pause));
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

/** The address of a model below api/v1. */
export const modelPath = (name) => `models/${encodeURIComponent(name)}`;

export const installs = new Installs();
