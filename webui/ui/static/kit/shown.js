// Work for the eyes of whoever has a tab open: it begins when the tab is shown and ends when another one is.

import { route } from "../route.js";
import { poll } from "./poll.js";

/** Poll (kit/poll.js) while `tab` is the open one. Returns { now() }, which does nothing at other times. */
export function pollWhile(tab, work) {
  let polling = null;
  route.subscribe(() => {
    if (route.tab === tab) polling ??= poll(work);
    else {
      polling?.stop();
      polling = null;
    }
  });
  return { now: () => polling?.now() };
}
