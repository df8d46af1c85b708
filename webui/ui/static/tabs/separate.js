// Separate: songs in, a choice, and the queue beside it.

import { h } from "../dom.js";
import { songs } from "../kit/songs.js";
import { t } from "../text.js";
import { queue } from "../separate/queue.js";

export function tab(place) {
  const line = h("div", { class: "ms-queue" });
  const input = songs({ key: "separate", sample: () => input.add({ sample: "song" }, { name: t("songs.sample.title") }) });
  place.append(h("section", { class: "ms-card" }, input.element), line);
  queue(line);
}
