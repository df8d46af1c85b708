// What a browser keeps for the page. Where it keeps nothing (a private window, site data blocked, a full store), things hold until the page
// is closed.

const store = (area) => ({
  /** What was kept under a key, or null. */
  get(key) {
    try {
      return JSON.parse(window[area].getItem(key));
    } catch {
      return null;
    }
  },
  set(key, value) {
    try {
      window[area].setItem(key, JSON.stringify(value));
    } catch {
      // see above
    }
  },
  remove(key) {
    try {
      window[area].removeItem(key);
    } catch {
      // see above
    }
  },
});

/** Kept for all windows, until somebody clears it. */
export const thisBrowser = store("localStorage");

/** Kept until this tab of the browser is closed. */
export const thisTab = store("sessionStorage");
