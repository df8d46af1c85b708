// How a job's mixer was left, in this browser. It is convenience: without it the mixer starts at 0 dB.

const KEY = "msst-mixer";
const KEEP = 50;

function all() {
  try {
    return JSON.parse(localStorage.getItem(KEY)) ?? {};
  } catch {
    return {};
  }
}

/** { faders: { stem file: { db, pan, mute, solo } }, volume, loop, speed, key, picture }, as far as they are known. */
export function recall(jobId) {
  return { faders: {}, volume: 0, loop: null, looping: false, speed: 1, key: 0, picture: "wave", ...all()[jobId] };
}

export function remember(jobId, state) {
  const { [jobId]: _, ...others } = all();
  const kept = Object.entries({ ...others, [jobId]: state }).slice(-KEEP);
  try {
    localStorage.setItem(KEY, JSON.stringify(Object.fromEntries(kept)));
  } catch {
    // A private window or a full store: then it is not remembered.
  }
}
