// Songs for which Start was pressed and that wait for a download: kept in this tab of the browser, so that a reload does not forget them.

import { thisTab } from "../kit/storage.js";

const KEY = "msst-held";

/** held: Map of songs and { fields }. */
export function keep(held) {
  const known = [...held].filter(([song]) => song.reference).map(([song, { fields }]) => [JSON.stringify(song.reference), fields]);
  if (known.length) thisTab.set(KEY, known);
  else thisTab.remove(KEY);
}

/** Map of references (as JSON) and what was chosen for them, from before the page was loaded. */
export function kept() {
  return new Map([thisTab.get(KEY) ?? []].flat().filter(Array.isArray));
}
