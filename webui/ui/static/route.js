// What is open, as the page's address says it: `?tab=result&job=ID`. A reload, a link sent to a phone and the browser's back button
// all come through here.

const { tabs } = window.MSST;

class Route {
  constructor() {
    this._listeners = new Set();
    window.addEventListener("popstate", () => this._tell());
  }

  get _search() {
    return new URLSearchParams(location.search);
  }

  get tab() {
    const asked = this._search.get("tab");
    if (tabs.includes(asked)) return asked;
    return this._search.has("job") ? "result" : tabs[0]; // links of earlier versions name the job alone
  }

  /** A value of the address, or null. */
  get(name) {
    return this._search.get(name);
  }

  /** The address of a place in the page, for a link: `link({ tab: "result", job })`. Other values stay only if they are global. */
  link(values) {
    const search = new URLSearchParams();
    for (const [name, value] of this._search) if (name.startsWith("__")) search.set(name, value);
    for (const [name, value] of Object.entries(values)) if (value != null && value !== "") search.set(name, value);
    return `${location.pathname}?${search}`;
  }

  /** Open a place: a new entry of the browser's history. */
  go(values) {
    history.pushState(null, "", this.link(values));
    this._tell();
  }

  /** Change values of the present address without a new entry; null takes one away. */
  set(values) {
    const search = this._search;
    for (const [name, value] of Object.entries(values)) {
      if (value == null || value === "") search.delete(name);
      else search.set(name, value);
    }
    const query = search.toString();
    history.replaceState(history.state, "", location.pathname + (query ? `?${query}` : ""));
    this._tell();
  }

  /** Call `listener(route)` now and at every change. Returns a function that ends that. */
  subscribe(listener) {
    this._listeners.add(listener);
    listener(this);
    return () => this._listeners.delete(listener);
  }

  _tell() {
    document.documentElement.dataset.tab = this.tab;
    for (const listener of [...this._listeners]) listener(this);
  }
}

export const route = new Route();

/** A click handler for a link made by `route.link(values)`: goes there without loading the page; other buttons and keys do as ever. */
export function follow(values) {
  return (event) => {
    if (event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    route.go(typeof values === "function" ? values() : values);
  };
}
