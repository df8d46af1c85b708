// A tool that makes files: its sounds, what is to be done with them, how they are saved, and the jobs it has started.

import { send } from "../base.js";
import { h, setText } from "../dom.js";
import { jobs } from "../jobs.js";
import { MOST_FILES } from "../job_words.js";
import { button } from "../kit/button.js";
import { saveAs } from "../kit/save_as.js";
import { work } from "../kit/work.js";
import { plainName, t } from "../text.js";
import { lacking, sounds } from "./sounds.js";

/**
 * @param id as REST calls it
 * @param together whether all sounds make one file; else each stands for itself
 * @param settings (changed) => { element, value, problem?, watch?(input), references? }: what is to be chosen; `value` is what REST gets
 * @param saveFirst the format is the point of it: do not fold it away
 * @param action the words on the button, for a number of sounds
 * Returns { element }.
 */
export function jobTool({ id, together = false, multiple = true, saveFirst = false, settings, action }) {
  let chosen = null;
  const changed = () => {
    if (!chosen) return;
    chosen.watch?.(place.input);
    update();
  };
  const place = sounds({ key: id, multiple, onchange: changed });
  const save = saveAs(`tools-${id}`);
  const reason = h("p", { class: "ms-hint", role: "status", id: `why-${id}` });
  const done = work(`tools-${id}`, { byFile: true });
  const start = button({ label: action(1), kind: "primary", run: begin, id: `start-${id}`, "aria-describedby": reason.id });
  start.classList.add("ms-go");
  chosen = settings(changed);
  const many = () => Math.max(1, place.input.references.length);
  function update() {
    const why = lacking(place.input, { together }) || chosen.problem || "";
    start.disabled = Boolean(why);
    setText(reason, why);
    setText(start.querySelector("span"), action(many()));
  }
  // A job for as many as one takes.
  async function begin() {
    const ready = place.input.items.filter(({ state }) => state === "ready");
    const said = { settings: chosen.value, ...save.value, door: "ui" };
    for (let at = 0; at < ready.length; at += MOST_FILES) {
      const some = ready.slice(at, at + MOST_FILES);
      const inputs = chosen.references ?? some.map(({ reference }) => reference);
      try {
        const job = await send(`tools/${id}`, { inputs, ...said, title: titleOf(some) });
        jobs.mine.add(job.id);
        done.add(job);
      } catch (error) {
        ready.slice(0, at).forEach(place.input.remove); // those that are left start with the next press
        throw error;
      }
    }
  }
  update();
  return {
    element: h(
      "div",
      { class: "ms-two" },
      h(
        "section",
        { class: "ms-card ms-stack" },
        place.element,
        saveFirst ? save.element : null,
        chosen.element,
        saveFirst ? null : h("details", { class: "ms-details" }, h("summary", {}, t("work.save_as")), save.element),
        h("div", { class: "ms-go-row" }, start, reason),
      ),
      h("section", { class: "ms-stack", "aria-label": t("work.results") }, done.element, hint(done.element)),
    ),
  };
}

// What will be where the results come.
function hint(list) {
  const text = h("p", { class: "ms-empty" }, t("work.results.here"));
  const look = () => (text.hidden = list.childElementCount > 0);
  new MutationObserver(look).observe(list, { childList: true });
  look();
  return text;
}

const titleOf = (songs) => {
  const names = songs.map(({ name }) => plainName(name));
  return names.length > 1 ? `${names[0]} + ${names.length - 1}` : (names[0] ?? "");
};
