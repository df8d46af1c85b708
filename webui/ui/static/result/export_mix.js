// The mix as it is heard, as one file: a karaoke track, a practice track.

import { h } from "../dom.js";
import { dialog } from "../kit/dialog.js";
import { button } from "../kit/button.js";
import { field, input } from "../kit/form.js";
import { KEYS, SPEEDS, keyText } from "../mixer/bar.js";
import { stepper } from "../mixer/stepper.js";
import { panText } from "../mixer/strip.js";
import { decibels, resultName, t } from "../text.js";
import { heading } from "./facts.js";
import { formatSelect } from "./formats.js";

const VOICES = new Set(["vocals", "vocal", "lead", "singing"]);

/** Ask for the rest and resolve to the body of POST tools/mix, or to null. */
export async function exportMix(job, desk) {
  const parts = desk.mix.map((part, index) => ({ ...part, stem: job.results[index].stem, label: job.results[index].label })).filter((part) => part.gain_db !== null);
  const practice = { ...desk.practice };
  const name = field({ label: t("result.export.name"), control: input({ value: `${job.title} - ${suggestion(job, parts)}`, maxlength: 120 }) });
  const format = field({ label: t("result.export.format"), control: formatSelect(job.format?.container ?? "flac") });
  const speed = stepper({ label: t("result.speed"), values: SPEEDS, neutral: 1, text: (x) => `${Math.round(100 * x)} %`, onchange: (x) => (practice.speed = x) });
  const key = stepper({ label: t("result.key"), values: KEYS, neutral: 0, text: keyText, onchange: (n) => (practice.key = n) });
  speed.show(practice.speed);
  key.show(practice.key);
  const start = button({ label: t("result.export.start"), symbol: "download", kind: "primary", disabled: !parts.length, run: () => window.close(true) });
  const window = dialog({ title: heading("result.export"), body: [heard(parts), name.element, format.element, h("div", { class: "ms-row" }, speed.element, key.element)], actions: [start] });
  if (!(await window.closed)) return null;
  return {
    inputs: parts.map(({ file }) => ({ job: job.id, file })),
    settings: { parts: parts.map(({ gain_db: gain, pan }) => ({ gain_db: round(gain), pan })), speed: practice.speed, semitones: practice.key },
    format: format.value,
    title: name.value.trim() || job.title,
  };
}

function heard(parts) {
  if (!parts.length) return h("p", { class: "ms-bad-text" }, t("result.export.silent"));
  const text = parts.map(({ gain_db: gain, pan, ...result }) => {
    const said = [Math.abs(gain) < 0.05 ? "" : decibels(gain), pan ? panText(pan) : ""].filter(Boolean).join(", ");
    return said ? `${resultName(result)} (${said})` : resultName(result);
  });
  return h("p", {}, t("result.export.about", { stems: text.join(" + ") }));
}

/** What the mix is, by what is in it. */
function suggestion(job, parts) {
  const isVoice = ({ stem }) => VOICES.has(stem.toLowerCase());
  if (job.results.some(isVoice) && !parts.some(isVoice) && parts.length === job.results.length - 1) return t("result.karaoke");
  if (parts.length === 1) return resultName(parts[0]);
  return t("result.mix");
}

const round = (value) => Math.round(value * 100) / 100;
