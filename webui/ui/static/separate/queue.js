// The list of jobs. Rows are kept and updated, not drawn anew: focus and open details survive every poll.

import { announcer, h, setText } from "../dom.js";
import { JobRow } from "./job_row.js";
import { jobs } from "../jobs.js";
import { route } from "../route.js";
import { t } from "../text.js";

const FEW = 6;
const ORDER = { running: 0, queued: 1 };

export function queue(place) {
  const list = h("ul", { class: "ms-jobs" });
  const empty = h("p", { class: "ms-empty" }, t("queue.loading"));
  const more = h("button", { type: "button", class: "ms-button ms-quiet ms-more", hidden: true });
  const spoken = announcer();
  const title = h("h2", { id: "queue-title", tabindex: "-1" }, t("queue.title"));
  place.append(h("section", { class: "ms-card", "aria-labelledby": "queue-title" }, title, empty, list, more, spoken.region));

  const rows = new Map();
  const states = new Map();
  let all = false;
  const draw = () => {
    const sorted = inOrder(jobs.list ?? []);
    const shown = all ? sorted : sorted.slice(0, Math.max(FEW, sorted.filter((job) => job.state in ORDER).length));
    place_rows(list, rows, shown);
    setText(empty, jobs.list ? t(narrow() ? "queue.empty.phone" : "queue.empty") : t("queue.loading"));
    empty.hidden = sorted.length > 0;
    more.hidden = sorted.length <= FEW || (!all && shown.length === sorted.length);
    setText(more, all ? t("queue.less") : t("queue.more", { count: sorted.length - shown.length }));
  };
  more.addEventListener("click", () => {
    all = !all;
    draw();
  });
  jobs.subscribe(() => {
    draw();
    for (const job of jobs.list ?? []) {
      const before = states.get(job.id);
      states.set(job.id, job.state);
      if (before !== job.state && (before || jobs.mine.has(job.id))) ended(job, spoken);
    }
  });
  route.subscribe(draw);
}

const narrow = () => window.matchMedia("(max-width: 720px)").matches;

/** Running, then waiting in their order, then the newest. */
function inOrder(list) {
  const rank = (job) => ORDER[job.state] ?? 2;
  return [...list].sort(
    (a, b) =>
      rank(a) - rank(b) ||
      (a.state === "queued" ? (a.queue_position ?? 0) - (b.queue_position ?? 0) : b.created_at - a.created_at),
  );
}

function place_rows(list, rows, shown) {
  const wanted = new Set(shown.map((job) => job.id));
  for (const [id, row] of rows) {
    if (wanted.has(id)) continue;
    row.element.remove();
    rows.delete(id);
  }
  shown.forEach((job, index) => {
    let row = rows.get(job.id);
    if (!row) rows.set(job.id, (row = new JobRow(job)));
    row.update(job);
    if (list.children[index] !== row.element) list.insertBefore(row.element, list.children[index] ?? null);
  });
}

// A song that was started here opens when it is done, unless something else is open already.
function ended(job, spoken) {
  if (job.state === "completed") {
    spoken.say(t("queue.done", { title: job.title }));
    if (jobs.mine.has(job.id) && route.tab === "separate") route.go({ tab: "result", job: job.id });
  } else if (job.state === "failed") {
    spoken.say(t("queue.failed", { title: job.title }));
  }
}
