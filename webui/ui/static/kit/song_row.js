// One song in the list: what it is, how far it has come, and why not.

import { Away } from "../base.js";
import { h, icon, setText } from "../dom.js";
import { clock, size, t } from "../text.js";
import { button } from "./button.js";
import { reason } from "./toast.js";

export class SongRow {
  constructor(song, intake) {
    this.name = h("span", { class: "ms-song-name", translate: "no", id: `ms-song-${intake.key}-${song.id}` });
    this.facts = h("span", { class: "ms-facts" });
    this.fill = h("span");
    this.meter = h("div", { class: "ms-meter", role: "progressbar", "aria-valuemin": 0, "aria-valuemax": 100, "aria-labelledby": this.name.id }, this.fill);
    this.problem = h("p", { class: "ms-bad-text", role: "alert" });
    this.again = button({ label: t("kit.retry"), run: () => intake.retry(this.song), "aria-describedby": this.name.id });
    const described = { "aria-describedby": this.name.id };
    this.cross = button({ label: t("songs.remove"), symbol: "close", kind: "quiet", bare: true, run: () => intake.remove(this.song), ...described });
    this.symbol = h("span", { class: "ms-song-symbol" });
    this.element = h(
      "li",
      { class: "ms-song" },
      this.symbol,
      h("div", { class: "ms-song-text" }, this.name, this.facts, this.meter, this.problem),
      this.again,
      this.cross,
    );
  }

  update(song) {
    this.song = song;
    const { state, name, path } = song;
    if (this.element.dataset.state !== state) this.symbol.replaceChildren(icon(state === "failed" ? "failed" : "file"));
    this.element.dataset.state = state;
    setText(this.name, name);
    this.name.title = path || name;
    setText(this.facts, state === "failed" ? "" : facts(song));
    const known = song.fraction > 0;
    const going = state === "sending" || (state === "fetching" && known);
    this.meter.hidden = !going;
    if (going) {
      this.fill.style.transform = `scaleX(${song.fraction})`;
      this.meter.setAttribute("aria-valuenow", Math.floor(song.fraction * 100));
    }
    setText(this.problem, song.error || state === "failed" ? reason(song.error ?? {}) : "");
    this.again.hidden = !(state === "failed" && song.file && mayWork(song.error));
  }
}

// Whether the same file may be taken a little later: the server was away or full, not the file no sound.
const mayWork = (error) => error instanceof Away || error?.status === 429 || error?.status >= 500;

function facts({ state, fraction, name, path, duration, sample_rate, channels, bytes }) {
  const within = path && path !== name ? path.replace(/\/?[^/]*$/, "") : "";
  const percent = Math.floor(fraction * 100);
  const going = {
    waiting: t("songs.waiting"),
    sending: `${percent} %`,
    checking: t("songs.checking"),
    fetching: fraction ? t("songs.fetching.percent", { percent }) : t("songs.fetching"),
    ready: "",
  }[state];
  const is = [
    duration ? clock(duration) : "",
    sample_rate ? `${(sample_rate / 1000).toFixed(1).replace(/\.0$/, "")} kHz` : "",
    { 1: t("songs.mono"), 2: t("songs.stereo") }[channels] ?? (channels ? t("songs.channels", { count: channels }) : ""),
    bytes ? size(bytes) : "",
  ];
  return [going, ...(state === "ready" ? is : [bytes ? size(bytes) : ""]), within].filter(Boolean).join(" · ");
}
