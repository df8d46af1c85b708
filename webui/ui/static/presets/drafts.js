// Unsaved changes, kept in this browser for each preset, so that a closed page loses nothing.

import { thisBrowser } from "../kit/storage.js";

const KEY = "msst-preset-draft:";
export const NEW = ""; // the draft of a preset that has no name yet

export function draftOf(name) {
  const draft = thisBrowser.get(KEY + name);
  return draft?.data?.steps ? draft : null;
}

/** Keep { data, revision }: what is being edited, and what it started from. */
export function keepDraft(name, data, revision) {
  thisBrowser.set(KEY + name, { data, revision, at: Date.now() / 1000 }); // a browser that keeps nothing still warns before the page is left
}

export function dropDraft(name) {
  thisBrowser.remove(KEY + name);
}

/** A preset has another name now: it is stored as `other` with that revision, and calls itself `title`. */
export function moveDraft(name, other, { title, revision }) {
  const draft = draftOf(name);
  dropDraft(name);
  if (draft) keepDraft(other, { ...draft.data, name: title }, revision);
}
