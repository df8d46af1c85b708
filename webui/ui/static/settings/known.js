// The settings of the server as this page knows them: asked for while the tab is open, so that what others change is seen.

import { json, send } from "../base.js";
import { pollWhile } from "../kit/shown.js";

const EVERY_MS = 8000;

class Known {
  constructor() {
    this.list = null; // as GET /settings gives it
    this._listeners = new Set();
    this._changes = 0;
  }

  /** Begin to ask. `onerror(error)` hears of a first answer that does not come. */
  start(onerror) {
    pollWhile("settings", async () => {
      const before = this._changes;
      try {
        const { settings } = await json("settings");
        if (before === this._changes) this._take(settings); // older than what was changed meanwhile
      } catch (error) {
        if (this.list === null) onerror(error);
        throw error;
      }
      return EVERY_MS;
    });
  }

  subscribe(listener) {
    this._listeners.add(listener);
    if (this.list !== null) listener(this);
  }

  get(name) {
    return this.list?.find((setting) => setting.name === name);
  }

  /** Save a value; null takes the default. Throws Refused or Away, and then nothing has changed. */
  async set(name, value) {
    this._changes += 1;
    try {
      const { settings } = await send("settings", { [name]: value }, { method: "PATCH" });
      this._take(settings);
    } finally {
      this._changes += 1;
    }
  }

  _take(list) {
    this.list = list;
    for (const listener of this._listeners) listener(this);
  }
}

export const known = new Known();
