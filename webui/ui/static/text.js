// Texts in the reader's language, and numbers as people read them. The rule for placeholders is that of webui/i18n.

const { texts, language } = window.MSST;

/** The text of a key with its {placeholders} filled; null if there is none or a value is missing. */
export function find(key, params = {}) {
  const text = texts[key];
  if (text === undefined) return null;
  let complete = true;
  const filled = text.replace(/\{(\w+)\}/g, (_, name) => {
    if (params[name] === undefined) complete = false;
    return String(params[name]);
  });
  return complete ? filled : null;
}

export function t(key, params = {}) {
  return find(key, params) ?? key;
}

/** An error of a job or of a request: translated by its code, else in the server's words. */
export function errorText(error) {
  const exact = find(`error.${error.code}.${error.params?.reason}`, error.params);
  if (exact) return exact; // some codes have texts of their own for what exactly was wrong
  const message = find(`error.${error.code}`, error.params) ?? error.message ?? t("error.error");
  const hint = find(`error.${error.code}.hint`, error.params) ?? error.hint ?? "";
  return message.endsWith("。") ? message + hint : `${message} ${hint}`.trim(); // full-width stops bring their own space
}

// Authors write "lead-vocal", "Lead_Vocal" or "lead vocal" for the same key.
const stemText = (stem) => find(`stem.${stem.toLowerCase().replace(/[\s-]+/g, "_")}`);

/** Whether a stem has a name in the reader's language. */
export const isStem = (stem) => stemText(stem) !== null;

/** What a stem is called. */
export function stemName(stem) {
  return stemText(stem) ?? stem.charAt(0).toUpperCase() + stem.slice(1).replaceAll("_", " ");
}

/** What a result of a job is called: as its preset named it, where that says more than its stem. */
export function resultName({ stem, label = stem }) {
  const plain = label.toLowerCase();
  return plain.endsWith(stem.toLowerCase()) && find(`stem.${plain}`) === null ? stemName(stem) : stemName(label);
}

/** 83.4 -> "1:23", or "1:23.4" with one digit of tenths. */
export function clock(seconds, digits = 0) {
  const unit = 10 ** digits;
  const whole = Math.floor(Math.max(0, seconds) * unit + 1e-6);
  const rest = whole % (60 * unit);
  const minutes = (whole - rest) / (60 * unit);
  const tail = (rest / unit).toFixed(digits).padStart(digits ? 3 + digits : 2, "0");
  if (minutes < 60) return `${minutes}:${tail}`;
  return `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")}:${tail}`;
}

/** A span of time in words: "8 s", "2 min 5 s", "1 h 3 min". */
export function span(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return t("time.seconds", { seconds: whole });
  if (whole < 3600) return t("time.minutes", { minutes: Math.floor(whole / 60), seconds: whole % 60 });
  return t("time.hours", { hours: Math.floor(whole / 3600), minutes: Math.floor((whole % 3600) / 60) });
}

/** Time left, as rough as it is known: steps of 5 s below a minute, whole minutes above. */
export function timeLeft(seconds) {
  if (seconds < 55) return t("time.left.seconds", { seconds: Math.max(1, seconds < 10 ? Math.round(seconds) : Math.round(seconds / 5) * 5) });
  return t("time.left.minutes", { minutes: Math.max(1, Math.round(seconds / 60)) });
}

export function size(bytes) {
  const format = (value, unit) =>
    new Intl.NumberFormat(language, { maximumFractionDigits: value < 10 ? 1 : 0 }).format(value) + ` ${unit}`;
  if (bytes < 1e6) return format(Math.max(1, bytes / 1e3), "KB");
  return bytes < 1e9 ? format(bytes / 1e6, "MB") : format(bytes / 1e9, "GB");
}

export function decibels(db) {
  if (db === -Infinity) return t("mixer.silent");
  const text = Math.abs(db).toFixed(1);
  return `${text === "0.0" ? "" : db > 0 ? "+" : "−"}${text} dB`;
}

const daysAgo = (date) => Math.round((new Date().setHours(0, 0, 0, 0) - new Date(date).setHours(0, 0, 0, 0)) / 86_400_000);

export function when(epoch) {
  const date = new Date(epoch * 1000);
  const today = date.toDateString() === new Date().toDateString();
  const time = { hour: "2-digit", minute: "2-digit" };
  if (!today && daysAgo(date) === 1) {
    const yesterday = new Intl.RelativeTimeFormat(language, { numeric: "auto" }).format(-1, "day");
    return `${yesterday.charAt(0).toUpperCase()}${yesterday.slice(1)}, ${new Intl.DateTimeFormat(language, time).format(date)}`;
  }
  const day = today ? {} : { month: "short", day: "numeric" };
  return new Intl.DateTimeFormat(language, { ...day, ...time }).format(date);
}

/** A device as the server names it, its words in the reader's language: "CPU, 8 threads"; a graphics card's name stays. */
export function deviceName(name) {
  const cpu = /^CPU, (\d+) threads$/.exec(name);
  return cpu ? t("kit.device.cpu", { count: cpu[1] }) : name;
}

/** A file's name without its ending. */
export const plainName = (name) => name.replace(/\.[^.]{1,5}$/, "");

const COLOURED = new Set(["vocals", "accompaniment", "instrumental", "drums", "bass", "guitar", "piano"]);

/** The name by which styles colour a stem. */
export const colourOf = (stem) => (COLOURED.has(stem.toLowerCase()) ? stem.toLowerCase() : "other");
