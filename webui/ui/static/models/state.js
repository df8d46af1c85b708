// What this browser remembers about models: favourites for good, the filters until the tab of the browser is closed; and word to all
// parts of the tab when the models here have changed.

const FAVOURITES = "msst-favourite-models";
const FILTERS = "msst-models-filters";

export const NO_FILTERS = Object.freeze({ text: "", show: "", category: "", stem: "", size: "", family: "", sort: "recommended", page: 0 });

/** A value of the browser's storage ("localStorage" or "sessionStorage") that cannot break the page, even where naming it is refused. */
function read(storage, key, otherwise) {
  try {
    return JSON.parse(window[storage].getItem(key)) ?? otherwise;
  } catch {
    return otherwise;
  }
}

function write(storage, key, value) {
  try {
    window[storage].setItem(key, JSON.stringify(value));
  } catch {
    // a private window: then it holds until the page is left
  }
}

let favourites = new Set([read("localStorage", FAVOURITES, [])].flat().map(String));

export const isFavourite = (name) => favourites.has(name);
export const favouriteNames = () => [...favourites];

export function setFavourite(name, on) {
  favourites = new Set([read("localStorage", FAVOURITES, [...favourites])].flat().map(String)); // another window may have changed them
  if (on) favourites.add(name);
  else favourites.delete(name);
  write("localStorage", FAVOURITES, [...favourites]);
}

window.addEventListener("storage", (event) => {
  if (event.key === FAVOURITES) favourites = new Set([read("localStorage", FAVOURITES, [])].flat().map(String));
});

export function filters() {
  const kept = read("sessionStorage", FILTERS, {});
  return Object.fromEntries(Object.entries(NO_FILTERS).map(([name, value]) => [name, typeof kept[name] === typeof value ? kept[name] : value]));
}

export const keepFilters = (values) => write("sessionStorage", FILTERS, values);

const listeners = new Set();

/** Call `listener()` whenever a model was installed, added or removed. */
export const onLibrary = (listener) => listeners.add(listener);

/** Say that a model was installed, added or removed. */
export function libraryChanged() {
  for (const listener of listeners) listener();
}
