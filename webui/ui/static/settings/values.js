// Values in words, and in the units that people think in.

import { find, t } from "../text.js";

/** Settings that are shown in another unit than the server's: so many of its units are one of ours. */
const PER = { job_time_limit: 60 };

export const toShown = (setting, value) => (value === null ? "" : value / (PER[setting.name] ?? 1));
export const fromShown = (setting, text) => (text === "" ? null : Number(text) * (PER[setting.name] ?? 1));
export const unitOf = (setting) => find(`setting.${setting.name}.unit`) ?? setting.unit;

const BORROWED = {
  precision: (value) => find(`option.precision.${value}`),
  overlap: (value) => (typeof value === "number" ? t("setting.overlap.pieces", { count: value }) : find(`option.overlap.${value}`)),
  output_format: (value) => value.toUpperCase(),
  output_subtype: (value) => (value ? find(`quality.${value}`) : null),
  output_rate: (value) => (value === null ? null : t("setting.output_rate.hertz", { value: value / 1000 })),
  language: (value) => window.MSST.languages[value],
  retention_days: (value) => (value ? t("setting.retention_days.days", { count: value }) : null),
};

/** A value as its setting calls it; { text, own } where `own` is a name that is the same in every language. */
export function words(setting, value) {
  const key = value === null || value === "" ? "none" : String(value).toLowerCase().replace(/[^a-z0-9]+/g, "_");
  const text = BORROWED[setting.name]?.(value) ?? find(`setting.${setting.name}.value.${key}`);
  if (text) return { text, own: false };
  if (Array.isArray(value)) return { text: value.join(", "), own: true };
  if (typeof value === "boolean") return { text: t(value ? "kit.yes" : "kit.no"), own: false };
  return { text: String(value), own: true };
}

/** What a setting can be chosen from, or null where anything may be typed. `system`: what GET /system says, or null. */
export function choicesOf(setting, system) {
  const { name, value, choices } = setting;
  if (name === "retention_days") return among([0, 1, 7, 30, 90], value);
  if (name === "overlap") return among([...choices, 2, 4, 8], value);
  if (name === "output_rate") return among([null, ...choices], value);
  if (name === "device") return among([...choices, ...(system?.devices ?? []).map((each) => each.id)], value);
  return setting.kind === "choice" ? among(choices, value) : null;
}

/** Choices beside which something of one's own may be typed. */
export const isOpen = (setting) => setting.kind === "text" && setting.choices.length > 0 && setting.name !== "device";

const among = (list, value) => [...new Set(list.includes(value) ? list : [...list, value])];

/** Why a value was refused, as its setting says it; null where it says nothing. */
export function ruleOf(setting) {
  const rule = find(`setting.${setting.name}.rule`);
  if (rule) return rule;
  if (setting.kind !== "number") return null;
  const [least, most] = [setting.min, setting.max].map((limit) => (limit === null ? null : toShown(setting, limit)));
  return most === null ? t("settings.rule.least", { least }) : t("settings.rule.between", { least, most });
}
