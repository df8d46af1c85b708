// All that is known of a job: its files, its settings, its log.

import { address, json } from "../base.js";
import { belongsTo, h, icon, setText } from "../dom.js";
import { what } from "../job_words.js";
import { button } from "../kit/button.js";
import { copy } from "../kit/copy.js";
import { reason } from "../kit/toast.js";
import { clock, errorText, resultName, size, stemName, t } from "../text.js";
import { formatText, fullWhen, optionsOf } from "./words.js";

/** Returns { element, update(job) }. */
export function details(job) {
  const error = h("div", { class: "ms-run-error", hidden: true });
  const files = h("section", {});
  const settings = h("dl", { class: "ms-pairs" });
  const log = logOf(job.id);
  const element = h(
    "div",
    { class: "ms-stack" },
    error,
    files,
    h("section", {}, h("h4", {}, t("jobs.settings")), settings),
    log.element,
  );
  let drawn = "";
  function update(now) {
    const key = `${now.state} ${now.stage} ${now.started_at}`;
    if (key === drawn) return;
    drawn = key;
    drawError(error, now);
    drawFiles(files, now);
    settings.replaceChildren(...pairs(now).flatMap(([name, value, own]) => pair(name, value, own)));
    log.load();
  }
  update(job);
  return { element, update };
}

function drawError(place, job) {
  place.hidden = job.state !== "failed" || !job.error;
  if (place.hidden) return;
  const technical = [job.error.code, job.error.message].filter(Boolean).join(": ");
  place.replaceChildren(
    h("p", {}, icon("failed"), h("span", {}, errorText(job.error))),
    h("details", { class: "ms-details" }, h("summary", {}, t("jobs.technical")), h("pre", { class: "ms-log", tabindex: "0" }, technical)),
  );
}

function drawFiles(place, job) {
  place.hidden = !job.results.length;
  place.replaceChildren(h("h4", {}, t("jobs.files")), h("ul", { class: "ms-run-files" }, ...job.results.map(fileRow)));
}

function fileRow(result) {
  const name = h("span", {}, resultName(result));
  const href = address(result.url.replace(/^\//, ""));
  const props = { class: "ms-button ms-quiet", href, download: result.file, "aria-label": t("jobs.download"), title: t("jobs.download") };
  const link = belongsTo(h("a", props, icon("download")), name);
  const file = h("span", { class: "ms-facts", translate: "no" }, result.file);
  return h("li", { class: "ms-run-file" }, name, file, h("span", { class: "ms-facts" }, size(result.bytes)), link);
}

function pairs(job) {
  const { text, own } = what(job);
  const date = (name, epoch) => (epoch ? [[t(`jobs.${name}`), fullWhen(epoch)]] : []);
  return [
    [t("jobs.what"), text, own],
    ...(job.model && job.model !== text ? [[t("jobs.model"), job.model, true]] : []),
    ...(job.stems.length ? [[t("separate.stems"), job.stems.map(stemName).join(t("models.comma"))]] : []),
    [t("jobs.song"), [job.file, ...job.more_files].join(", "), true],
    ...(job.duration == null ? [] : [[t("jobs.length"), clock(job.duration)]]),
    [t("jobs.format"), formatText(job)],
    ...optionsOf(job.options),
    ...date("created", job.created_at),
    ...date("started", job.started_at),
    ...date("finished", job.finished_at),
    [t("jobs.column.source"), t(`jobs.source.${job.source}`)],
    [t("jobs.id"), job.id, true],
  ];
}

const pair = (name, value, own) => [h("dt", {}, name), h("dd", { translate: own ? "no" : null }, value)];

function logOf(id) {
  const text = h("pre", { class: "ms-log", tabindex: "0", "aria-label": t("jobs.log") });
  const note = h("p", { class: "ms-hint" }, t("kit.loading"));
  const take = button({ label: t("jobs.log.copy"), symbol: "copy", kind: "quiet", run: () => copy(text.textContent) });
  text.hidden = take.hidden = true;
  async function load() {
    try {
      const { lines } = await json(`jobs/${encodeURIComponent(id)}/log`);
      setText(text, lines.map((line) => `${fullWhen(line.time)}  ${line.message}`).join("\n"));
      setText(note, lines.length ? "" : t("job.log.empty"));
    } catch (error) {
      setText(note, reason(error));
    }
    note.hidden = !note.textContent;
    text.hidden = take.hidden = !text.textContent;
  }
  const element = h("section", {}, h("div", { class: "ms-head ms-run-loghead" }, h("h4", {}, t("jobs.log")), take), note, text);
  return { element, load };
}
