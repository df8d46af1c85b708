// Score: how near a sound comes to what it should be.

import { h } from "../dom.js";
import { reason } from "../kit/toast.js";
import { t } from "../text.js";
import { analyse, facts } from "./look.js";
import { sounds } from "./sounds.js";

const SAME = 200; // dB: not a sample differs

export function score() {
  const result = h("section", { class: "ms-stack", "aria-live": "polite", "aria-label": t("work.results") });
  let control = null;
  let asked = "";
  const changed = () => queueMicrotask(run); // both places are there by then
  const reference = sounds({ key: "score-reference", title: t("tools.score.reference"), choose: t("tools.score.reference.choose"), onchange: changed });
  const estimate = sounds({ key: "score-estimate", title: t("tools.score.estimate"), choose: t("tools.score.estimate.choose"), onchange: changed });
  async function run() {
    const body = { reference: reference.input.references[0], estimate: estimate.input.references[0] };
    const key = JSON.stringify(body);
    if (key === asked) return;
    asked = key;
    control?.abort();
    if (!body.reference || !body.estimate) return result.replaceChildren(h("p", { class: "ms-empty" }, t("tools.score.nothing")));
    control = new AbortController();
    result.replaceChildren(h("p", { class: "ms-hint ms-listening" }, t("tools.listening")));
    try {
      result.replaceChildren(show(await analyse("score", body, control.signal)));
    } catch (error) {
      if (error.name !== "AbortError") result.replaceChildren(h("p", { class: "ms-card ms-bad-text", role: "alert" }, reason(error)));
    }
    return undefined;
  }
  run();
  return {
    element: h("div", { class: "ms-two" }, h("section", { class: "ms-card ms-stack" }, reference.element, estimate.element), result),
  };
}

function show({ sdr, si_sdr: scaled, sdr_median: median, per_channel: channels, resampled, difference, seconds }) {
  const db = (value) => (value === null ? "–" : value >= SAME ? t("tools.score.same") : `${value.toFixed(2)} dB`);
  const names = channels.length === 2 ? [t("tools.score.left"), t("tools.score.right")] : channels.map((_, index) => t("tools.score.channel", { number: index + 1 }));
  const notes = [
    resampled ? t("tools.score.resampled") : "",
    Math.abs(difference) > 0.0005 ? t("tools.score.difference", { seconds: Math.abs(difference).toFixed(3) }) : "",
  ].filter(Boolean);
  return h(
    "article",
    { class: "ms-card ms-stack" },
    h("div", { class: "ms-big-row" }, big("SDR", db(sdr), t("tools.score.sdr.about")), big("SI-SDR", db(scaled), t("tools.score.si_sdr.about"))),
    h("p", {}, verdict(sdr)),
    ...notes.map((text) => h("p", { class: "ms-hint" }, text)),
    h(
      "details",
      { class: "ms-details" },
      h("summary", {}, t("tools.score.more")),
      facts([
        [t("tools.score.median"), db(median), t("tools.score.median.about")],
        ...channels.flatMap((each, index) => [[names[index], db(each.sdr), `SI-SDR ${db(each.si_sdr)}`]]),
        [t("tools.info.length"), `${seconds.toFixed(2)} s`],
      ]),
    ),
  );
}

const big = (label, value, about) => h("div", { class: "ms-big" }, h("span", { class: "ms-facts" }, label), h("strong", {}, value), h("small", {}, about));

function verdict(sdr) {
  if (sdr === null) return t("tools.score.silent");
  return t(`tools.score.verdict.${sdr >= SAME ? "same" : sdr >= 20 ? "near" : sdr >= 10 ? "good" : sdr >= 5 ? "fair" : "far"}`);
}
