// How good a result is, in figures and in words: do the stems add up to the song, how loud and how bright is each, does anything leak.

import { address } from "../base.js";
import { h } from "../dom.js";
import { button } from "../kit/button.js";
import { reason } from "../kit/toast.js";
import { decibels, resultName, t } from "../text.js";

export class Quality {
  /** figures() => the answer of jobs/{id}/quality; they are asked for when the panel is opened. */
  constructor(job, figures) {
    this._job = job;
    this._figures = figures;
    this._body = h("div", { class: "ms-quality-body", role: "status" });
    this.element = h("details", { class: "ms-details ms-quality" }, h("summary", {}, t("result.quality")), this._body);
    this.element.addEventListener("toggle", () => this.element.open && !this._drawn && this._load());
  }

  async _load() {
    this._drawn = true;
    this._body.replaceChildren(h("p", { class: "ms-hint" }, t("result.quality.loading")));
    try {
      this._body.replaceChildren(...this._draw(await this._figures()));
    } catch (error) {
      if (error.name === "AbortError") return;
      this._drawn = false;
      this._body.replaceChildren(h("p", { class: "ms-bad-text" }, reason(error)), button({ label: t("kit.retry"), run: () => this._load() }));
    }
  }

  _draw(quality) {
    const rows = quality.stems.map((stem) => [resultName(this._job.results.find(({ file }) => file === stem.file) ?? stem), stem]);
    if (quality.song) rows.push([t("result.original"), quality.song]);
    const columns = ["peak", "loudness", "bandwidth", "bleed"];
    const head = h("tr", {}, h("th", { scope: "col" }, t("result.quality.stem")), ...columns.map((each) => h("th", { scope: "col", title: t(`result.quality.${each}.about`) }, t(`result.quality.${each}`))));
    const lines = rows.map(([name, figures]) => h("tr", {}, h("th", { scope: "row" }, name), ...cells(figures).map((text, n) => h("td", { "data-label": t(`result.quality.${columns[n]}`) }, text))));
    const table = h("table", { class: "ms-quality-table" }, h("thead", {}, head), h("tbody", {}, ...lines));
    const about = h("ul", { class: "ms-quality-about" }, ...columns.map((each) => h("li", {}, h("strong", {}, t(`result.quality.${each}`)), ` – ${t(`result.quality.${each}.about`)}`)));
    return [verdict(quality.null_db), table, h("div", {}, about), ...this._disagreements()];
  }

  // Where several models made a stem: how far they were apart, over time.
  _disagreements() {
    return this._job.results
      .filter((result) => result.disagreement != null)
      .map((result) => {
        const src = address(`api/v1/jobs/${encodeURIComponent(this._job.id)}/stems/${encodeURIComponent(result.file)}/disagreement`);
        const name = resultName(result);
        const text = t("result.disagreement", { stem: name, db: decibels(result.disagreement) });
        return h("figure", { class: "ms-disagreement" }, h("figcaption", {}, text), h("img", { src, alt: t("result.disagreement.alt", { stem: name }), loading: "lazy" }));
      });
  }
}

function cells({ peak_db: peak, loudness, bandwidth_hz: bandwidth, bleed_db: bleed, silent }) {
  if (silent) return [t("result.quality.silent"), "–", "–", "–"];
  return [
    decibels(peak),
    loudness == null ? "–" : `${minus(loudness.toFixed(1))} LUFS`,
    bandwidth == null ? "–" : bandwidth < 1000 ? `${Math.round(bandwidth)} Hz` : `${(bandwidth / 1000).toFixed(1)} kHz`,
    bleed == null ? "–" : `${decibels(bleed)} · ${t(`result.bleed.${bleed < -30 ? "none" : bleed < -18 ? "little" : "much"}`)}`,
  ];
}

function verdict(db) {
  if (db == null) return h("p", {}, t("result.null.unknown"));
  const kind = db <= -60 ? "exact" : db <= -30 ? "close" : db <= -12 ? "near" : "apart";
  return h("p", {}, h("strong", {}, t("result.null", { db: minus(db.toFixed(0)) })), " ", t(`result.null.${kind}`));
}

const minus = (text) => text.replace("-", "−");
