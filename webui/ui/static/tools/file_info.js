// File information: what a file is, how loud, and what is odd about it.

import { h } from "../dom.js";
import { clock, size, t } from "../text.js";
import { analyse, facts, lookAt } from "./look.js";

export const fileInfo = () =>
  lookAt({ id: "info", ask: (song, signal) => analyse("info", { input: song.reference }, signal), show, nothing: t("tools.info.nothing") });

function show(info) {
  const db = (value, unit = "dB") => (value === null || value === undefined ? null : `${number(value)} ${unit}`);
  const odd = [
    info.silent ? t("tools.info.silent") : "",
    info.clipped ? t("tools.info.clipped", { count: info.clipped }) : "",
    info.bandwidth_hz && info.bandwidth_hz < 17000 && info.sample_rate >= 40000 ? t("tools.info.narrow", { khz: number(info.bandwidth_hz / 1000) }) : "",
    info.quiet_start > 2 ? t("tools.info.quiet_start", { time: clock(info.quiet_start, 1) }) : "",
  ].filter(Boolean);
  return h(
    "div",
    { class: "ms-stack" },
    ...odd.map((text) => h("p", { class: "ms-odd" }, text)),
    facts([
      [t("tools.info.length"), clock(info.seconds, 1)],
      [t("tools.info.format"), info.container.toUpperCase()],
      [t("tools.info.rate"), `${number(info.sample_rate / 1000)} kHz`],
      [t("tools.info.channels"), { 1: t("songs.mono"), 2: t("songs.stereo") }[info.channels] ?? String(info.channels)],
      [t("tools.info.size"), size(info.bytes)],
      [t("tools.info.bit_rate"), info.bit_rate ? `${Math.round(info.bit_rate / 1000)} kbit/s` : null],
      [t("tools.info.loudness"), db(info.loudness, "LUFS"), t("tools.info.loudness.about")],
      [t("tools.info.peak"), db(info.true_peak_db, "dBTP"), t("tools.info.peak.about")],
      [t("tools.info.rms"), db(info.rms_db)],
      [t("tools.info.bandwidth"), info.bandwidth_hz ? `${number(info.bandwidth_hz / 1000)} kHz` : null, t("tools.info.bandwidth.about")],
    ]),
  );
}

const number = (value) => new Intl.NumberFormat(window.MSST.language, { maximumFractionDigits: 1 }).format(value);
