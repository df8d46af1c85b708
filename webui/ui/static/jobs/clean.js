// Clean up: what ended in some way and is of some age goes, after the window has said how much that is.

import { json, send } from "../base.js";
import { h, setText } from "../dom.js";
import { jobs } from "../jobs.js";
import { button } from "../kit/button.js";
import { dialog } from "../kit/dialog.js";
import { field, select, toggle } from "../kit/form.js";
import { reason, toast } from "../kit/toast.js";
import { size, t } from "../text.js";

const ENDED = ["completed", "failed", "cancelled"];
const AGES = [0, 1, 7, 30, 90];
const MOST = 500; // of one answer of the server

/** Resolves when the window is closed, to whether something was deleted. */
export async function cleanUp() {
  const states = new Set(["failed", "cancelled"]);
  let days = 0;
  const all = ended();
  const told = h("p", { role: "status", class: "ms-jobs-told" }, t("kit.loading"));
  const boxes = ENDED.map((state) =>
    toggle({
      label: t(`state.${state}`),
      checked: states.has(state),
      onchange(yes) {
        if (yes) states.add(state);
        else states.delete(state);
        tell();
      },
    }),
  );
  const age = field({
    label: t("jobs.clean.age"),
    control: select({
      options: AGES.map((each) => ({ value: each, label: t(`jobs.clean.age.${each}`) })),
      value: days,
      onchange(value) {
        days = Number(value);
        tell();
      },
    }),
  });
  const go = button({ label: t("kit.delete"), symbol: "trash", kind: "danger", run: erase });
  const no = button({ label: t("kit.cancel"), run: () => window.close(false) });
  const which = h("fieldset", { class: "ms-choices" }, h("legend", { class: "ms-label" }, t("jobs.clean.which")), ...boxes.map((each) => each.element));
  const window = dialog({ title: t("jobs.clean.title"), body: [h("p", {}, t("jobs.clean.about")), which, age.element, told], actions: [no, go] });

  async function tell() {
    go.disabled = true;
    try {
      const limit = Date.now() / 1000 - days * 86400;
      const gone = (await all).filter((job) => states.has(job.state) && (job.finished_at ?? job.created_at) <= limit);
      const bytes = gone.reduce((sum, job) => sum + job.bytes, 0);
      setText(told, gone.length ? t("jobs.clean.told", { count: gone.length, size: size(bytes) }) : t("jobs.clean.none"));
      go.disabled = !gone.length;
    } catch (error) {
      setText(told, reason(error));
    }
  }
  async function erase() {
    const { deleted, freed } = await send("jobs/delete", { states: [...states], older_than_days: days });
    toast(t("jobs.deleted", { count: deleted, size: size(freed) }));
    await jobs.refresh();
    window.close(true);
  }
  tell();
  return (await window.closed) === true;
}

async function ended() {
  const found = [];
  const query = new URLSearchParams([["limit", MOST], ...ENDED.map((state) => ["state", state])]);
  for (;;) {
    query.set("offset", found.length);
    const { jobs: page, total } = await json(`jobs?${query}`);
    found.push(...page);
    if (!page.length || found.length >= total) return found;
  }
}
