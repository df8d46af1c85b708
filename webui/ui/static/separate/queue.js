// The list of jobs. Rows are kept and updated, not drawn anew: focus and open details survive every poll.

import { announcer, h, setText } from "../dom.js";
import { jobs } from "../jobs.js";
import { showRows } from "../kit/list.js";
import { follow, route } from "../route.js";
import { t } from "../text.js";
import { done } from "./done.js";
import { JobRow } from "./job_row.js";

const FEW = 6;
const MOST = 25; // rows; a whole folder may be waiting
const ORDER = { running: 0, queued: 1 };

export function queue(place) {
  const list = h("ul", { class: "ms-jobs" });
  const empty = h("p", { class: "ms-empty" }, t("queue.loading"));
  const all = h("a", { class: "ms-button ms-quiet ms-more", href: route.link({ tab: "jobs" }), onclick: follow({ tab: "jobs" }), hidden: true }, t("queue.all"));
  const spoken = announcer();
  const title = h("h2", { id: "queue-title", tabindex: "-1" }, t("queue.title"));
  place.append(h("section", { class: "ms-card", "aria-labelledby": "queue-title" }, title, empty, list, all, spoken.region));

  const rows = new Map();
  const states = new Map();
  const draw = () => {
    const sorted = inOrder(jobs.list ?? []);
    const active = sorted.filter((job) => job.state in ORDER).length;
    const make = (job) => {
      const row = new JobRow(job);
      return { element: row.element, update: (fresh) => row.update(fresh, jobs.away) };
    };
    const shown = sorted.slice(0, Math.min(MOST, Math.max(FEW, active)));
    showRows(list, rows, shown, { make });
    setText(empty, jobs.list ? t("queue.empty") : t("queue.loading"));
    empty.hidden = sorted.length > 0;
    all.hidden = shown.length === sorted.length;
    setText(all, active > shown.length ? t("queue.waiting", { count: active - shown.length }) : t("queue.all"));
  };
  jobs.subscribe(() => {
    draw();
    for (const job of jobs.list ?? []) {
      const before = states.get(job.id);
      states.set(job.id, job.state);
      if (before !== job.state && (before || jobs.mine.has(job.id))) ended(job, spoken);
    }
  });
}

/** Running, then waiting in their order, then the newest. */
function inOrder(list) {
  const rank = (job) => ORDER[job.state] ?? 2;
  return [...list].sort(
    (a, b) =>
      rank(a) - rank(b) ||
      (a.state === "queued" ? (a.queue_position ?? 0) - (b.queue_position ?? 0) : b.created_at - a.created_at),
  );
}

function ended(job, spoken) {
  if (job.state === "completed") {
    spoken.say(t("queue.done", { title: job.title }));
    if (jobs.mine.has(job.id)) done(job);
  } else if (job.state === "failed") {
    spoken.say(t("queue.failed", { title: job.title }));
  }
}
