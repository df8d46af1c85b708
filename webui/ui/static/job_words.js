// What a job was for, in the reader's language: the same words in the queue, in lists and over the mixer.

import { find, t } from "./text.js";

const FILES = /^Ensemble of (\d+) files$/; // as inference/presets/ensembles.py calls a preset that nobody gave a name
const MODELS = "Ensemble of models";

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
  if (preset === MODELS) return t("job.ensemble.models");
  const files = FILES.exec(preset);
  return files ? t("job.ensemble.files", { count: files[1] }) : find(`preset.${preset}`);
}
