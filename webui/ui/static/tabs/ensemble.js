// Ensemble: one stem that several models agree on, or one sound out of several files.

import { h, setText } from "../dom.js";
import { algorithm } from "../ensemble/algorithm.js";
import { disagreement } from "../ensemble/disagreement.js";
import { estimate } from "../ensemble/estimate.js";
import { members } from "../ensemble/members.js";
import { TRIED, keep, part, submit } from "../ensemble/start.js";
import { presetOfFiles, presetOfModels, settings } from "../ensemble/settings.js";
import { weights } from "../ensemble/weight.js";
import { MOST_FILES } from "../job_words.js";
import { button } from "../kit/button.js";
import { choices, field, select, toggle } from "../kit/form.js";
import { resultButton } from "../kit/result_picker.js";
import { saveAs } from "../kit/save_as.js";
import { songs } from "../kit/songs.js";
import { work } from "../kit/work.js";
import { route } from "../route.js";
import { plainName, t } from "../text.js";
import { parts } from "../tools/parts.js";

export function tab(place) {
  const byModels = () => settings.value.from === "models";
  let ready = false;
  const changed = () => ready && update();
  const takeSample = () => one.add({ sample: "song" }, { name: t("songs.sample.title") });
  const one = songs({ key: "ensemble", label: t("songs.list"), onchange: changed, sample: takeSample });
  const many = songs({ key: "ensemble-files", label: t("ensemble.files"), choose: t("ensemble.files.choose"), onchange: changed });
  const models = members({ onchange: changed });
  const shares = parts({ label: t("ensemble.files.weights"), row: () => weights({ weight: 1, bands: [1, 1, 1] }) });
  const how = algorithm({
    onchange(flags) {
      models.show(flags);
      for (const { row } of shares.rows) row.show(flags);
    },
  });
  const time = estimate();
  const save = saveAs("ensemble");
  const done = work("ensemble", { keep: 6, extra: disagreement });
  const from = choices({
    label: t("ensemble.from"),
    options: ["models", "files"].map((value) => ({ value, label: t(`ensemble.from.${value}`) })),
    onchange: (value) => {
      settings.set({ from: value });
      if (route.get("from")) route.set({ from: null });
    },
  });
  const start = button({ label: t("ensemble.start"), kind: "primary", run: begin, id: "ensemble-start", "aria-describedby": "ensemble-why" });
  start.classList.add("ms-go");
  const attempt = button({ label: t("ensemble.try", { seconds: TRIED }), run: tryPart, id: "ensemble-try" });
  const store = button({ label: t("ensemble.save"), symbol: "save", run: () => keep(how.knows), id: "ensemble-save" });
  const why = h("p", { class: "ms-hint", role: "status", id: "ensemble-why" });
  const only = { models: [models.element, ...options()], files: [h("p", { class: "ms-hint" }, t("ensemble.files.about"))] };

  const input = () => (byModels() ? one : many);
  const songsOf = (place) => place.items.filter(({ state }) => state === "ready");
  async function begin() {
    const how_saved = { save: save.value };
    if (!byModels()) {
      const rows = shares.rows;
      const preset = presetOfFiles(settings.value, how.knows, rows.map(({ row }) => row.value));
      done.add(await submit(preset, rows.map(({ song }) => song.reference), { ...how_saved, title: `${plainName(rows[0].song.name)} + ${rows.length - 1}` }));
      return;
    }
    const preset = presetOfModels(settings.value, how.knows);
    const submitted = [];
    let refused = false;
    for (const song of songsOf(one)) {
      one.refuse(song, null);
      try {
        done.add(await submit(preset, [song.reference], { ...how_saved, title: plainName(song.name) }));
        submitted.push(song);
      } catch (error) {
        refused = true;
        one.refuse(song, error);
      }
    }
    if (refused) submitted.forEach(one.remove); // those that are left start with the next press
  }
  async function tryPart() {
    const [song] = songsOf(one);
    const preset = presetOfModels(settings.value, how.knows, { part: part(song.duration) });
    done.add(await submit(preset, [song.reference], { save: save.value, title: t("ensemble.try.title", { name: plainName(song.name), seconds: TRIED }) }));
  }
  function problem() {
    const place = input();
    if (byModels() && models.problem) return models.problem;
    if (place.pending) return t("work.wait.songs");
    const { length } = place.references;
    if (byModels()) return length ? "" : t("work.need.one");
    if (length > MOST_FILES) return t("work.most", { count: MOST_FILES });
    return length < 2 ? t("ensemble.need.files") : "";
  }
  function update() {
    const reason = problem();
    shares.watch(many);
    for (const { row } of shares.rows) row.show(how.knows);
    time.songs(byModels() ? songsOf(one).map(({ duration }) => duration ?? 0) : []);
    start.disabled = Boolean(reason);
    setText(why, reason);
    const longest = Math.max(0, ...songsOf(one).slice(0, 1).map(({ duration }) => duration ?? 0));
    attempt.hidden = !byModels() || longest <= TRIED;
    attempt.disabled = Boolean(reason);
    store.hidden = !byModels();
    store.disabled = Boolean(models.problem && settings.value.members.length < 2);
  }
  const modelSongs = h("section", { class: "ms-card ms-stack", "aria-labelledby": "ensemble-songs" }, h("h3", { id: "ensemble-songs" }, t("songs.list")), one.element, h("div", {}, resultButton(() => one, { multiple: true })));
  const fileSongs = h("section", { class: "ms-card ms-stack", "aria-labelledby": "ensemble-files" }, h("h3", { id: "ensemble-files" }, t("ensemble.files")), ...only.files, many.element, h("div", {}, resultButton(() => many, { multiple: true })), shares.element);
  const modelCard = h("section", { class: "ms-card ms-stack ms-ensemble-models", "aria-labelledby": "ensemble-models" }, h("h3", { id: "ensemble-models" }, t("ensemble.members")), ...only.models.slice(0, 1));
  const rest = only.models.slice(1);
  place.append(
    h("div", { class: "ms-ensemble-head" }, h("h2", {}, t("tab.ensemble")), h("p", { class: "ms-hint" }, t("ensemble.about"))),
    from.element,
    h(
      "div",
      { class: "ms-two" },
      h(
        "div",
        { class: "ms-stack" },
        fileSongs,
        modelCard,
        h(
          "section",
          { class: "ms-card ms-stack ms-ensemble-how", "aria-label": t("ensemble.how") },
          how.element,
          h("details", { class: "ms-details" }, h("summary", {}, t("ensemble.more")), h("div", { class: "ms-stack" }, ...rest, how.bands, save.element)),
        ),
      ),
      h(
        "div",
        { class: "ms-stack" },
        modelSongs,
        h("section", { class: "ms-card ms-stack ms-ensemble-go", "aria-label": t("ensemble.start") }, time.element, h("div", { class: "ms-go-row" }, start, attempt, store), why),
        h("section", { class: "ms-stack", "aria-label": t("work.results") }, done.element, hint(done.element)),
      ),
    ),
  );
  ready = true;
  settings.subscribe(({ from: value }) => {
    from.value = value;
    modelCard.hidden = modelSongs.hidden = value !== "models";
    fileSongs.hidden = value === "models";
    for (const each of rest) each.hidden = value !== "models";
    update();
  });
  route.subscribe(() => {
    const asked = route.tab === "ensemble" ? route.get("from") : null;
    if (["models", "files"].includes(asked) && asked !== settings.value.from) settings.set({ from: asked });
  });
}

// How the models separate, and what else is kept.
function options() {
  const say = (name, value) => {
    const next = { ...settings.value.options };
    if (value) next[name] = value;
    else delete next[name];
    settings.set({ options: next });
  };
  const rest = toggle({ label: t("ensemble.rest"), hint: t("ensemble.rest.hint"), onchange: (on) => settings.set({ rest: on }) });
  const overlap = select({ options: ["standard", "fast", "high"].map((value) => ({ value: value === "standard" ? "" : value, label: t(`option.overlap.${value}`) })), onchange: (value) => say("overlap", value) });
  const tta = toggle({ label: t("option.tta"), hint: t("option.tta.about"), onchange: (on) => say("tta", on) });
  settings.subscribe(({ rest: on, options: set }) => {
    rest.control.checked = on;
    overlap.value = set.overlap ?? "";
    tta.control.checked = Boolean(set.tta);
  });
  return [rest.element, field({ label: t("option.overlap"), hint: t("option.overlap.about"), control: overlap }).element, tta.element];
}

function hint(list) {
  const text = h("p", { class: "ms-empty" }, t("ensemble.results.here"));
  const look = () => (text.hidden = list.childElementCount > 0);
  new MutationObserver(look).observe(list, { childList: true });
  look();
  return text;
}
