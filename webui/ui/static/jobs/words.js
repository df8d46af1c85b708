// A job in words: what it did, with what, and how.

import { find, t } from "../text.js";

/** "FLAC · 24 bit (studio) · 48 kHz" */
export function formatText({ format, rate }) {
  const { container, subtype } = format;
  const hertz = rate ? t("jobs.kilohertz", { value: rate / 1000 }) : "";
  return [container.toUpperCase(), subtype ? (find(`quality.${subtype}`) ?? subtype) : "", hertz].filter(Boolean).join(" · ");
}

/** What is chosen beside the model, as [name, value] in words. */
export function optionsOf(options, prefix = "option") {
  return Object.entries(options ?? {}).flatMap(([name, value]) => {
    if (value && typeof value === "object") return optionsOf(value, `${prefix}.${name}`);
    const words = typeof value === "boolean" ? t(value ? "kit.yes" : "kit.no") : String(value);
    return [[find(`${prefix}.${name}`) ?? name, find(`${prefix}.${name}.${value}`) ?? words]];
  });
}

/** Date and time in full. */
export function fullWhen(epoch) {
  return new Intl.DateTimeFormat(window.MSST.language, { dateStyle: "medium", timeStyle: "medium" }).format(new Date(epoch * 1000));
}
