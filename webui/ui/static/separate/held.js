// Songs for which Start was pressed and that wait for a download: kept in this tab of the browser, so that a reload does not forget them.

const KEY = "msst-held";

/** held: Map of songs and { fields }. */
export function keep(held) {
  const known = [...held].filter(([song]) => song.reference).map(([song, { fields }]) => [JSON.stringify(song.reference), fields]);
  try {
    if (known.length) sessionStorage.setItem(KEY, JSON.stringify(known));
    else sessionStorage.removeItem(KEY);
  } catch {
    // they wait until the page is closed
  }
}

/** Map of references (as JSON) and what was chosen for them, from before the page was loaded. */
export function kept() {
  try {
    return new Map(JSON.parse(sessionStorage.getItem(KEY) ?? "[]"));
  } catch {
    return new Map();
  }
}
