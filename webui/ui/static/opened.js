// Which result is open. The address of the page says so (`?job=ID`), so a reload and a link sent to a phone open it again.

class Opened {
  constructor() {
    this._listeners = new Set();
    window.addEventListener("popstate", () => this._tell());
  }

  get id() {
    return new URLSearchParams(location.search).get("job");
  }

  open(id) {
    this._go(id);
  }

  close() {
    this._go(null);
  }

  /** Call `listener(id or null)` now and at every change. */
  subscribe(listener) {
    this._listeners.add(listener);
    listener(this.id);
  }

  _go(id) {
    const url = new URL(location.href);
    if (id) url.searchParams.set("job", id);
    else url.searchParams.delete("job");
    history.replaceState(history.state, "", url);
    this._tell();
  }

  _tell() {
    for (const listener of this._listeners) listener(this.id);
  }
}

export const opened = new Opened();
