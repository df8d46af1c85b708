// What the buttons do: start, try a part of it, keep it as a preset.

import { json, send } from "../base.js";
import { jobs } from "../jobs.js";
import { ask, askText } from "../kit/dialog.js";
import { toast } from "../kit/toast.js";
import { route } from "../route.js";
import { t } from "../text.js";
import { presetOfModels, settings } from "./settings.js";

export const TRIED = 30; // seconds

/** Submit a preset over sounds that are here. Resolves to the job. */
export async function submit(preset, inputs, { title, save }) {
  const form = new FormData();
  form.append("inputs", JSON.stringify(inputs));
  form.append("preset_json", JSON.stringify(preset));
  form.append("options", JSON.stringify(settings.value.from === "models" ? settings.value.options : {}));
  form.append("format", save.format);
  form.append("subtype", save.subtype);
  form.append("title", title);
  form.append("door", "ui");
  const job = await json("jobs", { method: "POST", body: form });
  jobs.mine.add(job.id);
  return job;
}

/** Thirty seconds out of the song, from where there is likely to be singing. */
export function part(duration) {
  const start = Math.max(0, Math.min(duration - TRIED, Math.round(duration / 3)));
  return { start, end: Math.min(duration, start + TRIED) };
}

/** Ask for a name and keep the ensemble as a preset of one's own. */
export async function keep(knows) {
  const name = await askText({ title: t("ensemble.save.title"), label: t("ensemble.save.name"), value: t("ensemble.save.example"), action: t("kit.save") });
  if (!name) return;
  const { presets } = await json("presets?runnable=false");
  const there = presets.find((preset) => preset.own && [preset.title, preset.name].includes(name));
  if (there && !(await ask({ title: t("ensemble.save.replace"), text: t("ensemble.save.replace.text", { name }), action: t("ensemble.save.replace.yes"), danger: true }))) return;
  const preset = presetOfModels(settings.value, knows, { name, options: settings.value.options });
  // A new one is stored under a name that is free: names of files differ less than what people type.
  const stored = there
    ? await send(`presets/${encodeURIComponent(there.name)}`, preset, { method: "PUT" })
    : await send(`presets/import?${new URLSearchParams({ name })}`, preset);
  toast(t("ensemble.saved", { name: stored.name }), { action: { label: t("ensemble.saved.use"), run: () => route.go({ tab: "separate", preset: stored.name }) } });
}
