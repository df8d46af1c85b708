// What a model is and does, in the reader's language. Its title is a name; its sentence is English and left to models of one's own.

import { find, size, stemName, t } from "../text.js";

const { texts, language } = window.MSST;
const STEMS_SHOWN = 6;
const ALTERNATIVES = 20;

export const categoryName = (category) => find(`category.${category}`) ?? category;
export const familyName = (family) => find(`family.${family}`) ?? family;

/** "Karaoke: gives lead vocals, backing vocals" */
export function whatFor(model) {
  if (model.own && model.purpose && model.purpose !== "Your own model.") return { text: model.purpose, own: true };
  const [what, stems] = [categoryName(model.category), stemList(model.stems, STEMS_SHOWN)];
  return { text: stems.startsWith(what) ? t("models.gives.stems", { stems }) : t("models.gives", { what, stems }), own: false };
}

/** Names of stems; beside the singing alone, "other" is all that plays. */
export function stemList(stems, most = Infinity) {
  const names = [...new Set(stems.map((stem) => nameAmong(stem, stems)))];
  const shown = names.slice(0, most).join(t("models.comma"));
  return names.length > most ? t("models.and_more", { stems: shown, count: names.length - most }) : shown;
}

export function nameAmong(stem, stems) {
  const plain = stems.map((each) => each.toLowerCase());
  const halves = plain.length === 2 && plain.includes("vocals") && plain.includes("other");
  return stemName(halves && stem.toLowerCase() === "other" ? "instrumental" : stem);
}

/** The score that a row shows: of the stem that is looked for, else of what the model is for, else the first. */
function mainScore(model, stem = "") {
  const scores = Object.entries(model.scores);
  const same = (name) => scores.find(([key]) => name && stemName(key) === stemName(name));
  const aims = model.category === "instrumental" ? ["instrumental", ...model.stems] : [model.target, ...model.stems];
  return (stem && same(stem)) || aims.map(same).find(Boolean) || scores[0] || null;
}

export const decibels = (value) => new Intl.NumberFormat(language, { minimumFractionDigits: 1, maximumFractionDigits: 1 }).format(value);

/** "quick (23 × the built-in model)" or "" where nobody measured it. */
function speedText(speed) {
  if (speed == null) return "";
  const level = speed <= 10 ? "quick" : speed <= 40 ? "good" : speed <= 130 ? "slow" : "very_slow";
  return t("models.speed", { level: t(`models.speed.${level}`), times: times(speed) });
}

export const times = (speed) => new Intl.NumberFormat(language, { maximumSignificantDigits: 2 }).format(speed);

/** Size, speed and score in one line. */
export function facts(model, stem) {
  const score = mainScore(model, stem);
  return [
    model.bytes ? size(model.bytes) : model.installed ? "" : null,
    speedText(model.speed),
    score && score[1].sdr >= 1 ? t("models.score.short", { stem: nameAmong(score[0], model.stems), sdr: decibels(score[1].sdr) }) : "",
  ].filter(Boolean).join(" · ");
}

/** Why a model cannot run here. */
export function whyNot(model) {
  if (model.reason_code === "packages") return t("models.reason.packages");
  return t(model.reason_code === "family" ? "models.reason.family" : "models.reason.parts", { family: familyName(model.family) });
}

/** The server searches English words: what a word of the reader's language may mean there. */
export function alternatives(text) {
  const wanted = text.trim().toLowerCase();
  if (language === "en" || !wanted) return [];
  const found = new Set();
  for (const [key, value] of Object.entries(texts)) {
    const [area, name, more] = key.split(".");
    if (more || !["stem", "category", "purpose"].includes(area)) continue;
    if (value.toLowerCase().includes(wanted)) found.add(name.replaceAll("_", " "));
  }
  return [...found].slice(0, ALTERNATIVES);
}

// What is wrong with a file of weights, a line each, as the server's inspection writes it.
const LINES = [
  [/^(.+) is missing$/, "models.line.missing", ["key"]],
  [/^(.+) is not known$/, "models.line.unknown", ["key"]],
  [/^(.+) is (\[.*\]) instead of (\[.*\])$/, "models.line.shape", ["key", "is", "wanted"]],
];

export function problemLines(text) {
  return String(text ?? "").split("\n").filter(Boolean).map((line) => {
    for (const [form, key, names] of LINES) {
      const found = form.exec(line);
      if (found) return t(key, Object.fromEntries(names.map((name, at) => [name, found[at + 1]])));
    }
    return line;
  });
}
