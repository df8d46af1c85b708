// The machine and its addresses, as GET /system says them, while the tab is open.

import { json } from "../base.js";
import { pollWhile } from "../kit/shown.js";

const EVERY_MS = 5000;
const STARTING_MS = 1000; // a public address is being opened

class Machine {
  constructor() {
    this.now = null; // until the server has answered once
    this._listeners = new Set();
  }

  start() {
    this._polling = pollWhile("settings", async () => {
      this.now = await json("system");
      for (const listener of this._listeners) listener(this.now);
      return this.now.share.state === "starting" ? STARTING_MS : EVERY_MS;
    });
  }

  /** Call `listener(system)` with what is known, and at every look. */
  subscribe(listener) {
    this._listeners.add(listener);
    if (this.now) listener(this.now);
  }

  look() {
    return this._polling.now();
  }
}

export const machine = new Machine();
