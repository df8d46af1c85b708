// Separate: songs in, a choice, and the queue beside it.

import { h } from "../dom.js";
import { queue } from "../separate/queue.js";

export function tab(place) {
  const line = h("div", { class: "ms-queue" });
  place.append(line);
  queue(line);
}
