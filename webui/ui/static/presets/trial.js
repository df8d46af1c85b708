// "Try on the sample": what is being edited runs on the sample song as a job of its own; how far it is and its result are told here.

import { progressText } from "../job_words.js";
import { json } from "../base.js";
import { h, setText } from "../dom.js";
import { jobs } from "../jobs.js";
import { button } from "../kit/button.js";
import { follow, route } from "../route.js";
import { errorText, t } from "../text.js";

const ENDED = new Set(["completed", "failed", "cancelled"]);

/** @param data () => the preset; ready () => whether all its models are here */
export function trial({ data, ready }) {
  const start = button({ label: t("presets.try"), symbol: "play", run: begin });
  const cancel = button({ label: t("kit.cancel"), kind: "quiet", run: () => jobs.act(id, "cancel") });
  const fill = h("span");
  const meter = h("div", { class: "ms-meter", role: "progressbar", "aria-valuemin": 0, "aria-valuemax": 100, "aria-label": t("presets.try.progress") }, fill);
  const status = h("p", { class: "ms-hint", role: "status" });
  const listen = h("a", { class: "ms-button ms-primary", href: "", onclick: follow(() => ({ tab: "result", job: id })) }, t("presets.try.listen"));
  const under = h("div", { class: "ms-preset-trial-run" }, meter, status, h("div", { class: "ms-row" }, listen, cancel));
  const element = h("div", { class: "ms-preset-trial" }, start, under);
  let id = null;
  let stop = null;
  draw(null);

  async function begin() {
    if (!ready()) return setText(status, t("presets.try.missing"));
    const form = new FormData();
    form.set("sample", "true");
    form.set("door", "ui");
    form.set("title", t("presets.try.song", { title: data().name || t("presets.new") }));
    form.set("preset_json", JSON.stringify(data()));
    setText(status, "");
    const job = await json("jobs", { method: "POST", body: form });
    id = job.id;
    stop?.();
    stop = jobs.subscribe(({ get }) => draw(get.call(jobs, id) ?? null));
    draw(job);
    await jobs.refresh();
    return undefined;
  }
  function draw(job) {
    const busy = job && !ENDED.has(job.state);
    if (job && !busy) {
      stop?.();
      stop = null;
    }
    meter.hidden = cancel.hidden = !busy;
    listen.hidden = job?.state !== "completed";
    start.disabled = Boolean(busy);
    if (!job) return;
    fill.style.transform = `scaleX(${job.progress})`;
    meter.setAttribute("aria-valuenow", Math.floor(job.progress * 100));
    listen.href = route.link({ tab: "result", job: id });
    setText(status, tell(job));
  }
  return { element, close: () => stop?.() };
}

function tell(job) {
  if (job.state === "completed") return t("presets.try.done");
  if (job.state === "failed") return errorText(job.error);
  return job.state === "running" ? progressText(job) : t(`state.${job.state}`);
}
