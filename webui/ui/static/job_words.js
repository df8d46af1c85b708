// What a job was for, in the reader's language: the same words in the queue, in lists and over the mixer.

import { find, t, timeLeft } from "./text.js";

// As inference/presets/ensembles.py calls a preset that nobody gave a name.
export const OF_MODELS = "Ensemble of models";
export const ofFiles = (count) => `Ensemble of ${count} files`;
const FILES = new RegExp(`^${ofFiles("(\\d+)")}$`);

// As inference/presets/references.py: the most that one job takes.
export const MOST_FILES = 32;

/** { text, own }, where `own` tells a name that somebody gave and no text. */
export function what({ tool, purpose, quality, preset, model, model_title: title }) {
  const known = words({ tool, purpose, quality, preset });
  return { text: known ?? purpose ?? preset ?? title ?? model ?? "", own: known === null };
}

function words({ tool, purpose, quality, preset }) {
  if (tool) return find(`job.tool.${tool.replaceAll("-", "_")}`) ?? t("job.tool");
  if (purpose) {
    const said = find(`purpose.${purpose}`);
    const how = quality ? find(`jobs.quality.${quality}`) : null;
    return said && [said, how].filter(Boolean).join(", ");
  }
  if (!preset) return null;
  if (preset === OF_MODELS) return t("job.ensemble.models");
  const files = FILES.exec(preset);
  return files ? t("job.ensemble.files", { count: files[1] }) : find(`preset.${preset}`);
}

/** In which state a job is, in words. */
export function stateText(job) {
  if (job.state === "queued" && job.queue_position) return t("state.queued.place", { position: job.queue_position });
  return t(`state.${job.state}`);
}

/** How far a running job is, in one line. `stage` says something else in place of what it does. */
export function progressText(job, { stage = find(`stage.${job.stage}`) ?? "", left = true } = {}) {
  const rest = left && job.seconds_left != null ? timeLeft(job.seconds_left) : "";
  return [`${Math.floor(job.progress * 100)} %`, stage, rest].filter(Boolean).join(" · ");
}
