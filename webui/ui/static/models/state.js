// What this browser remembers about models: favourites for good, the filters until the tab of the browser is closed; and word to all
// parts of the tab when the models here have changed.

import { thisBrowser, thisTab } from "../kit/storage.js";

const FAVOURITES = "msst-favourite-models";
const FILTERS = "msst-models-filters";

export const NO_FILTERS = Object.freeze({ text: "", show: "", category: "", stem: "", size: "", family: "", sort: "recommended", page: 0 });

const kept = () => [thisBrowser.get(FAVOURITES) ?? []].flat().map(String);

let favourites = new Set(kept());

export const isFavourite = (name) => favourites.has(name);
export const favouriteNames = () => [...favourites];

export function setFavourite(name, on) {
  if (thisBrowser.get(FAVOURITES)) favourites = new Set(kept()); // another window may have changed them
  if (on) favourites.add(name);
  else favourites.delete(name);
  thisBrowser.set(FAVOURITES, [...favourites]);
}

window.addEventListener("storage", (event) => {
  if (event.key === FAVOURITES) favourites = new Set(kept());
});

export function filters() {
  const found = Object(thisTab.get(FILTERS));
  return Object.fromEntries(Object.entries(NO_FILTERS).map(([name, value]) => [name, typeof found[name] === typeof value ? found[name] : value]));
}

export const keepFilters = (values) => thisTab.set(FILTERS, values);

const listeners = new Set();

/** Call `listener()` whenever a model was installed, added or removed. */
export const onLibrary = (listener) => listeners.add(listener);

/** Say that a model was installed, added or removed. */
export function libraryChanged() {
  for (const listener of listeners) listener();
}
