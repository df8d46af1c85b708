// A line for what the server does one at a time anyway: requests that wait there would hold all the connections a browser has to it.

let last = Promise.resolve();

/** Run `work` (async) when all that was given before has ended; resolves as it does. An aborted `signal` takes it out of the line. */
export function oneByOne(work, signal) {
  const turn = last.then(() => {
    signal.throwIfAborted();
    return work();
  });
  last = turn.catch(() => {});
  return turn;
}
