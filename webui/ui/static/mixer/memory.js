// How a job's mixer was left, in this browser. It is convenience: without it the mixer starts at 0 dB.

import { thisBrowser } from "../kit/storage.js";

const KEY = "msst-mixer";
const KEEP = 50;

const all = () => thisBrowser.get(KEY) ?? {};

/** { faders: { stem file: { db, pan, mute, solo } }, volume, loop, speed, key, picture }, as far as they are known. */
export function recall(jobId) {
  return { faders: {}, volume: 0, loop: null, looping: false, speed: 1, key: 0, picture: "wave", ...all()[jobId] };
}

export function remember(jobId, state) {
  const { [jobId]: _, ...others } = all();
  const kept = Object.entries({ ...others, [jobId]: state }).slice(-KEEP);
  thisBrowser.set(KEY, Object.fromEntries(kept));
}
