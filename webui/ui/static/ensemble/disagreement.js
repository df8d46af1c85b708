// How far the members of an ensemble disagree over the song: where the line is high, listen closely.

import { json } from "../base.js";
import { h, setText } from "../dom.js";
import { clock, t } from "../text.js";

const SVG = "http://www.w3.org/2000/svg";
const [WIDTH, HEIGHT] = [420, 150];
const [LEFT, RIGHT, TOP, BOTTOM] = [4, 416, 6, 126];
const LOWEST = -60; // dB; what lies below is agreement
const STEPS = [1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 3600]; // seconds between two marks

/** An element for the first result of a job that an ensemble made; null if there is none. */
export function disagreement(job) {
  const result = job.results.find((each) => each.disagreement !== null && each.disagreement !== undefined);
  if (!result) return null;
  const picture = h("div", {});
  const most = h("p", { class: "ms-hint" });
  const figure = h(
    "figure",
    { class: "ms-doubt" },
    h("figcaption", {}, h("strong", {}, t("ensemble.doubt")), " ", verdict(result.disagreement)),
    picture,
    most,
    h("p", { class: "ms-hint" }, t("ensemble.doubt.about")),
  );
  json(`jobs/${encodeURIComponent(job.id)}/stems/${encodeURIComponent(result.file)}/disagreement/levels`)
    .then((found) => {
      if (!found.levels.length) return;
      picture.append(draw(found));
      const highest = Math.max(...found.levels);
      if (highest > -40) setText(most, t("ensemble.doubt.most", { time: clock(found.levels.indexOf(highest) * found.seconds) }));
    })
    .catch(() => {}); // the sentence above says the most of it
  return figure;
}

function verdict(level) {
  const word = level > -6 ? "far" : level > -15 ? "some" : level > -40 ? "little" : "none";
  return t(`ensemble.doubt.${word}`, { db: whole(level) });
}

function draw({ levels, seconds, overall }) {
  const highest = Math.max(0, 10 * Math.ceil(Math.max(...levels) / 10));
  const duration = levels.length * seconds;
  const x = (second) => (LEFT + ((RIGHT - LEFT) * second) / duration).toFixed(1);
  const y = (level) => (TOP + ((BOTTOM - TOP) * (highest - Math.min(highest, Math.max(LOWEST, level)))) / (highest - LOWEST)).toFixed(1);
  const line = levels.map((level, index) => `V${y(level)}H${x((index + 1) * seconds)}`).join("");
  const step = STEPS.find((each) => duration / each <= 6) ?? duration / 6;
  const marks = Array.from({ length: Math.floor(duration / step) + 1 }, (_, index) => index * step);
  const label = t("ensemble.doubt.picture", { db: whole(overall), length: clock(duration) });
  return svg(
    "svg",
    { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": label, class: "ms-doubt-picture" },
    svg("path", { class: "ms-doubt-grid", d: `M${LEFT} ${y(0)}H${RIGHT}M${LEFT} ${y(-20)}H${RIGHT}M${LEFT} ${y(-40)}H${RIGHT}M${LEFT} ${BOTTOM}H${RIGHT}` }),
    svg("path", { class: "ms-doubt-under", d: `M${LEFT} ${BOTTOM}${line}V${BOTTOM}Z` }),
    svg("path", { class: "ms-doubt-line", d: `M${LEFT} ${y(levels[0])}${line}` }),
    svg("path", { class: "ms-doubt-overall", d: `M${LEFT} ${y(overall)}H${RIGHT}` }),
    text(LEFT + 4, TOP + 14, t("ensemble.doubt.high")),
    text(LEFT + 4, BOTTOM - 7, t("ensemble.doubt.low")),
    ...marks.map((second, index) => text(x(second), HEIGHT - 7, clock(second), index ? (x(second) > RIGHT - 14 ? "end" : "middle") : "start")),
  );
}

function svg(name, attributes, ...children) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

const text = (x, y, words, anchor = "start") => svg("text", { x, y, "text-anchor": anchor }, words);

/** A level as people write it, without digits after the point and never "−0". */
const whole = (db) => String(Math.round(db) || 0).replace("-", "−");
