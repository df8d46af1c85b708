// How busy the machine is, live while somebody looks; and what it works on right now.

import { progressText } from "../job_words.js";
import { json } from "../base.js";
import { belongsTo, h, setText } from "../dom.js";
import { jobs } from "../jobs.js";
import { showRows } from "../kit/list.js";
import { pollWhile } from "../kit/shown.js";
import { follow, route } from "../route.js";
import { deviceName, size, t } from "../text.js";

const EVERY_MS = 2000;

/** @param onsystem told what GET /system says */
export function machine(onsystem) {
  const tiles = h("ul", { class: "ms-tiles" });
  const rows = new Map();
  const now = h("ul", { class: "ms-now-list" });
  const nowRows = new Map();
  const idle = h("p", { class: "ms-hint" }, t("jobs.now.none"));
  pollWhile("jobs", async () => {
    const system = await json("system");
    onsystem(system);
    showRows(tiles, rows, measures(system), { make: tile });
    return EVERY_MS;
  });
  jobs.subscribe(({ list }) => {
    const running = (list ?? []).filter((job) => job.state === "running");
    showRows(now, nowRows, running, { make: running_row });
    idle.hidden = list === null || running.length > 0;
  });
  return h("section", { class: "ms-card ms-machine", "aria-label": t("jobs.machine") }, tiles, now, idle);
}

function measures({ cpu, memory, gpu, disk, device }) {
  const own = memory.server + memory.workers.reduce((sum, worker) => sum + worker.bytes, 0);
  const used = disk.total - disk.free;
  return [
    { id: "cpu", name: t("jobs.cpu"), value: `${Math.round(cpu.load)} %`, share: cpu.load / 100, about: t("jobs.cpu.about", { count: cpu.cores }) },
    {
      id: "memory",
      name: t("jobs.memory"),
      value: t("jobs.of", { used: size(memory.used), total: size(memory.total) }),
      share: memory.used / memory.total,
      about: t("jobs.memory.about", { size: size(own) }),
    },
    ...gpu.map((card) => ({
      id: card.id,
      name: t("jobs.gpu"),
      value: card.used === null ? size(card.total) : t("jobs.of", { used: size(card.used), total: size(card.total) }),
      share: card.used === null ? null : card.used / card.total,
      about: card.name,
      own: true,
    })),
    { id: "disk", name: t("jobs.disk"), value: t("jobs.disk.free", { size: size(disk.free) }), share: used / disk.total, about: t("jobs.disk.about", { size: size(disk.jobs) }) },
    ...(gpu.length || device.name === device.id ? [] : [{ id: "device", name: t("jobs.device"), value: deviceName(device.name), share: null, about: "", own: true }]),
  ];
}

function tile(first) {
  const value = h("span", { class: "ms-tile-value", translate: first.id === "device" ? "no" : null });
  const about = h("span", { class: "ms-hint", translate: first.own ? "no" : null });
  const fill = h("span");
  const meter = h("div", { class: "ms-meter", role: "meter", "aria-valuemin": 0, "aria-valuemax": 100, "aria-label": first.name }, fill);
  const element = h("li", { class: "ms-tile", "data-measure": first.id }, h("span", { class: "ms-label" }, first.name), value, meter, about);
  return {
    element,
    update(measure) {
      setText(value, measure.value);
      setText(about, measure.about);
      meter.hidden = measure.share === null;
      fill.style.transform = `scaleX(${Math.min(1, measure.share ?? 0)})`;
      meter.setAttribute("aria-valuenow", Math.round((measure.share ?? 0) * 100));
      meter.setAttribute("aria-valuetext", measure.value);
    },
  };
}

function running_row(job) {
  const values = { tab: "jobs", job: job.id };
  const link = h("a", { href: route.link(values), onclick: follow(values), translate: "no" }, job.title);
  const fill = h("span");
  const meter = h("div", { class: "ms-meter", role: "progressbar", "aria-valuemin": 0, "aria-valuemax": 100, "aria-label": t("jobs.progress") }, fill);
  belongsTo(meter, link);
  const stage = h("span", { class: "ms-stage" });
  return {
    element: h("li", {}, h("div", { class: "ms-row" }, link, stage), meter),
    update(now) {
      setText(stage, progressText(now));
      fill.style.transform = `scaleX(${now.progress})`;
      meter.setAttribute("aria-valuenow", Math.floor(now.progress * 100));
    },
  };
}
