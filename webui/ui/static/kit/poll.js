// Asking again and again, as often as it is of use: quickly while something happens, seldom while nobody looks.

const HIDDEN_MS = 20000;
const AWAY_MAX_MS = 15000;

/**
 * Call `work()` (async; resolves to the milliseconds until the next time) until `stop` is called. Errors make it slower, not stop it.
 * Returns { now(), stop() }.
 */
export function poll(work) {
  let timer = 0;
  let failures = 0;
  let stopped = false;
  let running = null;
  let again = false;
  async function turn() {
    clearTimeout(timer);
    if (running) {
      again = true; // the answer under way may be older than what the caller did
      return running;
    }
    let pause;
    running = (async () => {
      try {
        pause = await work();
        failures = 0;
      } catch (error) {
        if (!["AbortError", "TimeoutError"].includes(error.name) && !error.status) console.debug("poll:", error.message);
        failures += 1;
        pause = Math.min(AWAY_MAX_MS, 1000 * 1.6 ** failures);
      }
    })();
    await running;
    running = null;
    if (stopped) return undefined;
    if (again) {
      again = false;
      return turn();
    }
    timer = setTimeout(turn, document.hidden ? Math.max(HIDDEN_MS, pause) : pause);
    return undefined;
  }
  const seen = () => document.hidden || turn();
  document.addEventListener("visibilitychange", seen);
  turn();
  return {
    now: turn,
    stop() {
      stopped = true;
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", seen);
    },
  };
}
