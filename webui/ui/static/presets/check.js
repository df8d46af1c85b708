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
  let clear = () => {};
  let last = null;

  function soon() {
    clearTimeout(timer);
    timer = setTimeout(now, PAUSE_MS);
  }
  async function now() {
    clearTimeout(timer);
    control?.abort();
    control = new AbortController();
    const mine = control;
    try {
      show(await store.check(doc.data, mine.signal));
    } catch (error) {
      if (error.name === "AbortError") return null;
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
      control?.abort();
    },
  };
}

/** The parts of a JSON pointer; a model that nobody knows is at its step. */
function pointer(place, error) {
  const parts = place.split("/").slice(1).map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
  if (error?.code === "unknown_model" && parts[0] === "steps") parts.push("model");
  return parts;
}
