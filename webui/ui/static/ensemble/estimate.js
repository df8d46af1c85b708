// How long it will take: each model once over all songs.

import { json } from "../base.js";
import { h, setText } from "../dom.js";
import { later } from "../kit/model_picker.js";
import { span, t } from "../text.js";
import { settings } from "./settings.js";

const MOST = 60; // songs asked about one by one

/** Returns { element, songs(durations) }. */
export function estimate() {
  const element = h("p", { class: "ms-hint", role: "status" });
  let durations = [];
  let turn = 0;
  const refresh = later(async () => {
    const mine = (turn += 1);
    const names = [...new Set(settings.value.members.map(({ name }) => name))]; // the same model runs once
    if (names.length === 0 || !durations.length) return setText(element, "");
    const some = durations.slice(0, MOST);
    const ask = (model) => {
      const query = new URLSearchParams({ model, options: JSON.stringify(settings.value.options) });
      for (const duration of some) query.append("duration", duration);
      return json(`estimates?${query}`);
    };
    try {
      const found = await Promise.all(names.map(ask));
      if (mine === turn) setText(element, words(found, durations.length / some.length));
    } catch {
      if (mine === turn) setText(element, ""); // a model that is not known says so itself; without the server there is nothing to say
    }
    return undefined;
  }, 300);
  settings.subscribe(refresh);
  return {
    element,
    songs(next) {
      if (JSON.stringify(next) === JSON.stringify(durations)) return;
      durations = next;
      refresh();
    },
  };
}

function words(found, times) {
  if (found.some(({ seconds }) => seconds === null)) return t("ensemble.time.unknown");
  const seconds = found.reduce((sum, each) => sum + each.seconds, 0) * times;
  const rough = seconds < 60 ? Math.ceil(seconds / 5) * 5 : Math.round(seconds / 60) * 60;
  const before = found[0].queue_seconds;
  return [t("ensemble.time", { time: span(rough).replace(/ 0 ?\S+$/, "") }), before ? t("ensemble.time.queue", { time: span(before) }) : ""].filter(Boolean).join(" ");
}
