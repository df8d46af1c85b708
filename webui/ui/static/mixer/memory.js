// Where the faders stand, per job, in this browser. It is convenience: without it the mixer starts at 0 dB.

const KEY = "msst.mixer";
const KEEP = 50;

function all() {
  try {
    return JSON.parse(localStorage.getItem(KEY)) ?? {};
  } catch {
    return {};
  }
}

/** { stem file: { db, mute, solo } } */
export function recall(jobId) {
  return all()[jobId] ?? {};
}

export function remember(jobId, faders) {
  const { [jobId]: _, ...others } = all();
  const kept = Object.entries({ ...others, [jobId]: faders }).slice(-KEEP);
  try {
    localStorage.setItem(KEY, JSON.stringify(Object.fromEntries(kept)));
  } catch {
    // A private window or a full store: then it is not remembered.
  }
}
