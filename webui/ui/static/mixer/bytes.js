// Sounds and their outlines come from the server, which may be away for a while: it is asked again until it answers.

import { Away, request } from "../base.js";

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 8000;

/** The bytes at a path below api/v1. Waits for the server as long as it takes; rejects if it refuses, or if the signal says so. */
export async function bytes(path, signal) {
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(LONGEST_PAUSE_MS, pause * 2)) {
    try {
      const response = await request(path, { signal });
      return await response.arrayBuffer();
    } catch (error) {
      if (signal.aborted || !(error instanceof Away || error instanceof TypeError)) throw error; // TypeError: the line broke within the body
      await sleep(pause, signal);
    }
  }
}

function sleep(ms, signal) {
  return new Promise((resolve, reject) => {
    setTimeout(resolve, ms);
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}
