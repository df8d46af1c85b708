// The editor: the preset's name, the picture of its flow, its steps as cards; checked, kept and undone while one works.

import { json } from "../base.js";
import { h, setText } from "../dom.js";
import { button } from "../kit/button.js";
import { ask } from "../kit/dialog.js";
import { field, input } from "../kit/form.js";
import { menuButton } from "../kit/menu.js";
import { toast } from "../kit/toast.js";
import { route } from "../route.js";
import { t, when } from "../text.js";
import { menuOf, open } from "./actions.js";
import { checker } from "./check.js";
import { Doc } from "./doc.js";
import { draftOf, dropDraft, keepDraft, NEW } from "./drafts.js";
import { missingModels } from "./missing.js";
import { saver, unfinished } from "./save.js";
import { steps } from "./steps.js";
import { store } from "./store.js";
import { trial } from "./trial.js";
import { fill, isText, isTyping, watchTyping } from "./typing.js";

const EMPTY = { version: "2.0.0", name: "", description: "", steps: [], outputs: [] };

/** What is edited: a stored preset of that name, or with "" a new one. Throws what requests throw. */
async function loaded(name) {
  const [made, { kinds, formats }, algorithms] = await Promise.all([
    name ? store.detail(name) : { card: null, preset: EMPTY, revision: null, missing: {} },
    store.kinds(),
    json("ensembles/algorithms").then((answer) => answer.algorithms.map((each) => each.name)),
  ]);
  const data = name ? await store.current(made) : EMPTY;
  const job = name ? null : route.get("from");
  const ran = job ? await json(`jobs/${encodeURIComponent(job)}/preset`) : null;
  await store.models([...data.steps, ...(ran?.steps ?? [])].map((step) => step.model).filter(Boolean));
  return { ...made, data, ran, kinds, formats, algorithms };
}

/** Fill `place` with the editor. Returns { close(), refresh() }. */
export async function editor(place, name, { reopen }) {
  const { card, data, ran, revision, kinds, formats, algorithms } = await loaded(name);
  const doc = new Doc(data, kinds, (each) => store.model(each));
  if (!name) {
    doc.add("separate");
    doc.forget();
  }
  const state = { revision, away: false, check: null };
  const view = steps({ doc, formats, algorithms, model: (each) => store.model(each) });
  const title = h("h2", { tabindex: "-1" }, "");
  const saving = saver({ name, doc, state, check: () => checks.now(), keep, show: () => showProblem() });
  const undo = button({ label: t("presets.undo"), symbol: "undo", kind: "quiet", bare: true, run: () => doc.undo() });
  const redo = button({ label: t("presets.redo"), symbol: "redo", kind: "quiet", bare: true, run: () => doc.redo() });
  const save = button({ label: t("kit.save"), kind: "primary", run: saving.save });
  const unsaved = h("span", { class: "ms-tag ms-warn" }, t("presets.unsaved"));
  const status = h("p", { class: "ms-preset-status", role: "status" });
  const go = button({ label: t("presets.problem.show"), kind: "quiet", run: () => showProblem() });
  const banner = h("div", { class: "ms-preset-banner", role: "status", hidden: true });
  const missing = missingModels({ oninstalled: () => checks.now() });
  const tried = trial({ data: () => doc.data, ready: () => state.check?.valid && !state.check.missing?.not_installed?.length });
  const nameInput = input({ maxlength: 200, translate: "no", placeholder: t("presets.name.example"), onchange: (text) => doc.edit((now) => (now.name = text.trim())) });
  const about = h("textarea", { class: "ms-input ms-preset-about", rows: 2, translate: "no", onchange: (event) => doc.edit((now) => (now.description = event.target.value.trim())) });
  const nameLine = field({ label: t("presets.name"), control: nameInput });
  const more = menuButton({
    label: t("kit.actions"),
    bare: true,
    items: () => [
      { label: t("presets.save.as"), symbol: "copy", action: saving.saveAs },
      { label: t("presets.discard"), symbol: "undo", action: discard, disabled: !doc.changed && Boolean(name) },
      ...(card ? menuOf(card) : []),
    ],
  });
  const back = button({ label: t("kit.close"), symbol: "close", run: close });
  const element = h(
    "section",
    { class: "ms-card ms-stack ms-preset-editor" },
    h("div", { class: "ms-head" }, title, h("div", { class: "ms-row" }, undo, redo, more, back)),
    banner,
    h("div", { class: "ms-preset-about-fields" }, nameLine.element, field({ label: t("presets.description"), control: about }).element),
    view.picture,
    missing.element,
    view.element,
    tried.element,
    h("div", { class: "ms-preset-bar" }, h("div", { class: "ms-preset-state" }, status, go), unsaved, save),
  );
  place.replaceChildren(element);

  function draw() {
    setText(title, name ? t("presets.edit.title") : t("presets.new"));
    fill(nameInput, doc.data.name ?? "");
    fill(about, doc.data.description ?? "");
    undo.disabled = !doc.canUndo;
    redo.disabled = !doc.canRedo;
    unsaved.hidden = !doc.changed;
    view.draw();
    checks?.again();
  }
  function keep() {
    const had = Boolean(draftOf(name || NEW));
    if (doc.changed) keepDraft(name || NEW, doc.data, state.revision);
    else dropDraft(name || NEW);
    if (had !== doc.changed) store.tell(); // the list says which ones are unsaved
  }
  function told(answer) {
    state.check = answer.away ? state.check : answer;
    const problem = answer.away ? t("error.away") : answer.valid ? "" : saving.words(answer);
    setText(status, problem || t(answer.missing?.not_installed?.length ? "presets.check.missing" : "presets.check.good"));
    status.classList.toggle("ms-bad-text", Boolean(problem) && !unfinished(answer));
    go.hidden = !problem || answer.step === null || answer.step === undefined;
    view.mark(problem && !unfinished(answer) ? answer.step : null);
    if (!answer.away) missing.show(answer.missing);
  }
  function showProblem() {
    const bad = element.querySelector("[aria-invalid]") ?? [...element.querySelectorAll(".ms-preset-card .ms-bad-text")].find((each) => each.textContent)?.closest(".ms-preset-card")?.querySelector("h3");
    for (let box = bad?.closest("details"); box; box = box.parentElement.closest("details")) box.open = true;
    if (bad) {
      bad.focus({ preventScroll: true });
      bad.scrollIntoView({ block: "center", behavior: "smooth" });
    } else if (state.check?.step != null) view.focus(state.check.step);
  }
  function close() {
    if (doc.changed) toast(t("presets.draft.kept"));
    open(name || null);
  }
  async function discard() {
    const yes = await ask({ title: t("presets.discard"), text: t("presets.discard.ask"), action: t("presets.discard.yes"), danger: true });
    if (!yes) return;
    doc.saved();
    dropDraft(name || NEW);
    if (name) reopen();
    else open(null);
  }
  function tellDraft(draft) {
    const other = name && draft.revision !== revision;
    const text = t(other ? "presets.draft.old" : "presets.draft.back", { time: when(draft.at) });
    banner.replaceChildren(h("p", {}, text), button({ label: t("presets.discard.yes"), run: discard }));
    banner.hidden = false;
  }
  function keys(event) {
    if (!(event.ctrlKey || event.metaKey) || event.altKey) return;
    if (route.tab !== "presets" || document.querySelector("dialog[open]")) return; // the editor lives on behind them
    const pressed = event.key.toLowerCase();
    const { target } = event;
    if (pressed === "s") {
      event.preventDefault();
      target.blur?.();
      save.click();
    } else if (pressed === "z" || pressed === "y") {
      if (isTyping(target) || (isText(target) && !element.contains(target))) return; // the browser undoes what is being typed
      event.preventDefault();
      if (pressed === "y" || event.shiftKey) doc.redo();
      else doc.undo();
    }
  }
  watchTyping(element);
  document.addEventListener("keydown", keys);
  const leave = (event) => doc.changed && event.preventDefault();
  window.addEventListener("beforeunload", leave);

  const draft = draftOf(name || NEW);
  if (draft) {
    state.revision = name ? draft.revision : null;
    doc.replace(draft.data);
    tellDraft(draft);
  }
  if (ran) {
    doc.replace(ran); // what a job ran, to be changed; undo brings back what was there
    keep();
    route.set({ from: null });
  }
  let checks = null;
  draw();
  checks = checker(doc, { place: (parts, text, params) => (parts[0] === "name" ? nameProblem(text) : view.place(parts, text, params)), told });
  function nameProblem(text) {
    nameLine.setProblem(text);
    return () => nameLine.setProblem("");
  }
  const stops = [doc.subscribe(draw), doc.subscribe(keep), store.subscribe(view.draw)];

  return {
    /** The list was asked for anew: somebody may have saved this preset. */
    async refresh() {
      if (!name || saving.busy) return;
      const now = await store.detail(name).catch(() => null);
      if (!now || now.revision === state.revision) return;
      if (!doc.changed || draftOf(name)?.revision === now.revision) reopen(); // or it was renamed here, and the changes with it
      else {
        banner.replaceChildren(h("p", {}, t("presets.changed.meanwhile")));
        banner.hidden = false;
      }
    },
    close() {
      stops.forEach((stop) => stop());
      view.close();
      checks.close();
      missing.close();
      tried.close();
      document.removeEventListener("keydown", keys);
      window.removeEventListener("beforeunload", leave);
    },
  };
}
