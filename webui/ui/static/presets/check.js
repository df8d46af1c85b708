// Checks while somebody edits: what is wrong is shown at its place, in the reader's language, and said once.

import { reason } from "../kit/toast.js";
import { store } from "./store.js";

const PAUSE_MS = 350;

/**
 * @param doc the document
 * @param place (parts, text, params) => a function that takes the text away; parts of the JSON pointer
 * @param told called with { valid, error, missing, step } or { away: true } after every check
 */
export function checker(doc, { place, told }) {
  let timer = 0;
  let control = null;
  let newest = null; // the check under way, or the last one
  let clear = () => {};
  let last = null;
  let closed = false;

  function soon() {
    clearTimeout(timer);
    timer = setTimeout(now, PAUSE_MS);
  }
  /** Check at once. Resolves to what the server says of the document as it is by then, or to null where it says nothing. */
  function now() {
    newest = ask();
    return newest;
  }
  async function ask() {
    clearTimeout(timer);
    control?.abort();
    control = new AbortController();
    const mine = control;
    try {
      const answer = await store.check(doc.data, mine.signal);
      if (closed) return answer;
      show(answer);
    } catch {
      if (mine !== control) return newest; // it was changed meanwhile: the next check counts
      if (closed) return null;
      told({ away: true });
      timer = setTimeout(now, 5000);
      return null;
    }
    return last;
  }
  function show(answer) {
    last = answer;
    clear();
    clear = () => {};
    const parts = pointer(answer.place, answer.error);
    if (!answer.valid) clear = place(parts, reason({ ...answer.error, message: answer.error.detail }), answer.error.params) ?? (() => {});
    told({ ...answer, step: parts[0] === "steps" ? Number(parts[1]) : null });
  }
  /** Show the last answer again: its place may have been drawn anew. */
  const again = () => last && show(last);
  const stop = doc.subscribe(soon);
  now();
  return {
    now,
    again,
    close() {
      stop();
      clearTimeout(timer);
      closed = true; // the answer under way may be one that a save waits for
    },
  };
}

/** The parts of a JSON pointer; a model that nobody knows is at its step. */
function pointer(place, error) {
  const parts = place.split("/").slice(1).map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
  if (error?.code === "unknown_model" && parts[0] === "steps") parts.push("model");
  return parts;
}
