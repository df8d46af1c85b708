// What can be done with a job. Everything that takes something away asks first and says what is lost.

import { send } from "../base.js";
import { jobs, zipOf } from "../jobs.js";
import { copy } from "../kit/copy.js";
import { ask } from "../kit/dialog.js";
import { busy } from "../kit/button.js";
import { toast } from "../kit/toast.js";
import { route } from "../route.js";
import { size, t } from "../text.js";

const MOVES = ["first", "up", "down", "last"];
const MOVE_ICONS = { first: "upload", up: "up", down: "down", last: "download" };
const ACTIVE = ["queued", "running"];

export const isActive = (job) => ACTIVE.includes(job.state);
const linkTo = (job) => new URL(route.link({ tab: "jobs", job: job.id }), location.href).href;

/** The same once more; the new job belongs to this page. */
export async function runAgain(job) {
  const made = await jobs.act(job.id, "rerun");
  toast(t("jobs.again.done", { title: job.title }));
  return made;
}

/** Ask, then delete. Resolves to whether that was done. */
export async function remove(list) {
  const bytes = list.reduce((sum, job) => sum + (job.bytes ?? 0), 0);
  const running = list.some(isActive);
  const lost = list.length === 1 ? t("jobs.delete.one", { title: list[0].title }) : t("jobs.delete.many", { count: list.length });
  const text = [lost, bytes ? t("jobs.delete.size", { size: size(bytes) }) : "", running ? t("jobs.delete.running") : ""];
  const yes = await ask({
    title: list.length === 1 ? t("jobs.delete.title") : t("jobs.delete.title.many", { count: list.length }),
    text: text.filter(Boolean).join(" "),
    action: t("kit.delete"),
    danger: true,
  });
  if (!yes) return false;
  const { deleted, freed } = await send("jobs/delete", { ids: list.map((job) => job.id) });
  if (list.some((job) => job.id === route.get("job"))) route.set({ job: null });
  toast(t("jobs.deleted", { count: deleted, size: size(freed) }));
  await jobs.refresh();
  return true;
}

/** The entries of a job's menu. `act(work)` runs one with its errors told, and looks at the list again. */
export function menuOf(job, act) {
  const item = (name, symbol, work, more = {}) => ({ label: t(`jobs.${name}`), symbol, action: () => act(work), ...more });
  const again = job.inputs_gone
    ? [{ label: t("jobs.again.gone"), symbol: "again", disabled: true }]
    : [
        isActive(job) ? null : item("again", "again", () => runAgain(job)),
        job.tool ? null : item("again.changed", "edit", () => route.go({ tab: "separate", again: job.id })),
      ];
  return [
    ...(job.state === "queued" ? MOVES.map((to) => item(`move.${to}`, MOVE_ICONS[to], () => jobs.move(job.id, to))) : []),
    job.state === "completed" ? { label: t("jobs.zip"), symbol: "download", href: zipOf(job) } : null,
    ...again,
    item("link", "link", () => copy(linkTo(job))),
    item("delete", "trash", () => remove([job]), { danger: true }),
  ];
}

/** Run `work` for a control, then have `changed` look at the list. */
export function acting(element, changed) {
  return (work) =>
    busy(element, async () => {
      try {
        await work();
      } finally {
        changed();
      }
    });
}
