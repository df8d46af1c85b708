// When a song that was started here is done: a note with "Listen"; and it opens by itself if it was the only one and nobody did anything else.

import { jobs } from "../jobs.js";
import { toast } from "../kit/toast.js";
import { route } from "../route.js";
import { t } from "../text.js";

const MANY = 3;

let awaited = null; // the job that opens by itself
let presses = 0;

/** How often the reader has pressed anything: whether something was done between two moments. */
export const deeds = () => presses;

/** The one job that was started when `deeds()` was `since`: open it when it is done, unless the reader does something meanwhile. */
export function openWhenDone(id, since) {
  if (since !== presses) return;
  const others = (jobs.list ?? []).some((job) => job.id !== id && jobs.mine.has(job.id) && ["queued", "running"].includes(job.state));
  awaited = others ? null : id;
}

// Any press of a key or a button is something else; looking and scrolling is not.
for (const kind of ["pointerdown", "keydown", "drop"]) document.addEventListener(kind, deed, true);
route.subscribe(() => route.tab !== "separate" && (awaited = null));

function deed() {
  presses += 1;
  awaited = null;
}

/** A job of this page has ended. */
export function done(job) {
  const open = () => route.go({ tab: "result", job: job.id });
  if (job.id === awaited && route.tab === "separate" && !document.querySelector("dialog[open]")) return open();
  if (route.get("job") === job.id) return undefined;
  const left = (jobs.list ?? []).filter((each) => jobs.mine.has(each.id) && ["queued", "running"].includes(each.state)).length;
  if (left >= MANY) return undefined; // the queue shows it; a note for each song of an album would be too much
  return toast(t("queue.done", { title: job.title }), { action: { label: t("job.open"), run: open } });
}
