// Key and tempo: what to play it in, how fast, and what goes well with it.

import { h } from "../dom.js";
import { find, t } from "../text.js";
import { analyse, facts, lookAt } from "./look.js";

export const keyTempo = () =>
  lookAt({
    id: "key-tempo",
    ask: (song, signal) => analyse("key-tempo", { input: song.reference }, signal),
    show,
    nothing: t("tools.key_tempo.nothing"),
  });

function show({ key, scale, camelot, confidence, tuning_cents: cents, tempo, tempo_alternative: other }) {
  const name = key ? t(`tools.key.${scale}`, { key: key.replace("#", "♯").replace(/b$/, "♭") }) : null;
  const bpm = (value) => t("tools.tempo.bpm", { tempo: Math.round(value * 10) / 10 });
  return h(
    "div",
    { class: "ms-stack" },
    h(
      "div",
      { class: "ms-big-row" },
      big(t("tools.key"), name ?? t("tools.key.none"), name ? sure(confidence) : ""),
      big(t("tools.tempo"), tempo ? bpm(tempo) : t("tools.tempo.none"), tempo && other ? t("tools.tempo.other", { tempo: bpm(other) }) : ""),
    ),
    facts([
      [t("tools.camelot"), camelot, camelot ? t("tools.camelot.fits", { keys: neighbours(camelot).join(", ") }) : ""],
      [t("tools.tuning"), cents === null ? null : t("tools.tuning.cents", { cents: Math.round(cents), pitch: (440 * 2 ** (cents / 1200)).toFixed(1) }), ""],
    ]),
  );
}

const big = (label, value, about) => h("div", { class: "ms-big" }, h("span", { class: "ms-facts" }, label), h("strong", {}, value), about ? h("small", {}, about) : null);

function sure(confidence) {
  const level = confidence > 0.15 ? "sure" : confidence > 0.05 ? "likely" : "unsure";
  return find(`tools.key.${level}`);
}

// On the wheel of DJs: one step to either side, and the other scale of the same number.
function neighbours(camelot) {
  const number = Number(camelot.slice(0, -1));
  const letter = camelot.slice(-1);
  const step = (by) => `${((number - 1 + by + 12) % 12) + 1}${letter}`;
  return [step(-1), step(1), `${number}${letter === "A" ? "B" : "A"}`];
}
