// A step as a card: what it takes, how it does it, what it gives. Fields are drawn once and updated, so focus and what is unfolded survive.

import { h, icon, setText } from "../dom.js";
import { button } from "../kit/button.js";
import { askText } from "../kit/dialog.js";
import { menuButton } from "../kit/menu.js";
import { find, t } from "../text.js";
import { draggable } from "./drag.js";
import { group } from "./lists.js";
import { results } from "./results.js";
import { put } from "./schema.js";
import { labelOf, widget } from "./widgets.js";

const NOT_FIELDS = new Set(["kind", "name", "place"]);
const FOLDED = new Set(["stem", "crossovers"]);
const FORBIDDEN = /[.*/\\{}"]/;

/**
 * @param id of the step in the document
 * @param world { doc, formats, algorithms, model(name), addStep, focus(id, what) }
 */
export function card(id, world) {
  const { doc } = world;
  const index = () => doc.ids.indexOf(id);
  const { kind } = doc.data.steps[index()];
  const root = doc.kinds.get(kind);
  const env = {
    kind,
    root,
    ...world,
    index,
    node: () => doc.graph.steps[index()],
    set: (at, value) => doc.edit((data) => put(data.steps[index()], at, value)),
    setModel: (model) => doc.setModel(index(), model),
    hasMain: () => doc.data.outputs.some((output) => output.main),
  };
  const fields = root ? fieldsOf(root, env) : new Map();
  const folded = [...fields].filter(([name]) => FOLDED.has(name)).map(([, each]) => each.element);
  const open = [...fields].filter(([name]) => !FOLDED.has(name)).map(([, each]) => each.element);
  const all = group(fields);
  const gives = results({ env, doc, addStep: world.addStep });
  const problem = h("p", { class: "ms-bad-text", role: "alert" });
  const number = h("span", { class: "ms-preset-number", "aria-hidden": "true" });
  const tag = h("span", { class: "ms-tag" }, find(`step.${kind}`) ?? kind);
  const title = h("h3", { tabindex: "-1", translate: "no" });
  const body = h(
    "div",
    { class: "ms-preset-card-body" },
    h("p", { class: "ms-hint" }, find(`step.${kind}.about`) ?? ""),
    problem,
    h("div", { class: "ms-preset-fields" }, ...open),
    folded.length ? h("details", { class: "ms-details" }, h("summary", {}, t("presets.more")), h("div", { class: "ms-preset-fields" }, ...folded)) : null,
    gives.element,
  );
  const move = (by) => {
    doc.move(index(), index() + by);
    const here = by < 0 ? up : down;
    (here.disabled ? (by < 0 ? down : up) : here).focus();
    world.say(t("presets.moved", { name: doc.data.steps[index()].name, number: index() + 1 }));
  };
  const up = button({ label: t("presets.step.up"), symbol: "up", kind: "quiet", bare: true, run: () => move(-1) });
  const down = button({ label: t("presets.step.down"), symbol: "down", kind: "quiet", bare: true, run: () => move(1) });
  const handle = h("button", { type: "button", class: "ms-button ms-quiet ms-preset-handle" }, icon("grip"));
  const more = menuButton({
    label: t("kit.actions"),
    bare: true,
    items: () => [
      { label: t("presets.step.rename"), symbol: "edit", action: rename },
      { label: t("presets.step.duplicate"), symbol: "copy", action: () => world.focus(doc.duplicate(index())) },
      { label: t("presets.step.remove"), symbol: "trash", danger: true, action: remove },
    ],
  });
  const element = h(
    "li",
    { class: "ms-preset-card", "data-step": id, "data-kind": kind },
    h("div", { class: "ms-preset-card-head" }, handle, number, title, tag, h("div", { class: "ms-preset-card-actions" }, up, down, more)),
    body,
  );
  draggable(handle, element, { index, move: (to) => doc.move(index(), to), step: move });

  async function rename() {
    const taken = new Set(doc.data.steps.filter((_, at) => at !== index()).map((step) => String(step.name).toLowerCase()));
    const check = (name) => (FORBIDDEN.test(name) || name.length > 64 ? t("error.bad_preset.step_name") : taken.has(name.toLowerCase()) ? t("error.bad_preset.step_name_twice") : "");
    const name = await askText({ title: t("presets.step.rename"), label: t("presets.step.name"), value: doc.data.steps[index()].name, action: t("kit.save"), check });
    if (name) doc.rename(index(), name);
  }
  function remove() {
    const at = index();
    doc.remove(at);
    world.focus(doc.ids[Math.min(at, doc.ids.length - 1)]);
  }
  return {
    element,
    update(graph) {
      const node = graph.steps[index()];
      if (!node) return;
      setText(number, String(node.index + 1));
      setText(title, node.name);
      tag.hidden = node.name === tag.textContent;
      element.setAttribute("aria-label", t("presets.step.label", { number: node.index + 1, name: node.name, kind: find(`step.${kind}`) ?? kind }));
      up.disabled = node.index === 0;
      down.disabled = node.index === doc.ids.length - 1;
      handle.setAttribute("aria-label", t("presets.drag", { name: node.name }));
      all.show(node.step, node, graph);
      gives.show(node.step, node, graph);
    },
    /** Show why something at a place of the step cannot be. `reference`: the sound that is wrong, where the place does not say which. */
    problem(path, text, reference) {
      const wrong = reference ? all.references().find(([, value]) => value.toLowerCase() === reference.toLowerCase()) : null;
      const shown = (path.length ? all.problem(path, text) : null) ?? wrong?.[0].problem([], text);
      if (shown) return shown;
      setText(problem, text);
      return () => setText(problem, "");
    },
    outputProblem: gives.problem,
    close: all.close,
    focus() {
      title.focus({ preventScroll: true });
      element.scrollIntoView({ behavior: "smooth", block: "nearest" });
      element.classList.remove("ms-called");
      requestAnimationFrame(() => element.classList.add("ms-called"));
    },
  };
}

function fieldsOf(root, env) {
  const names = Object.keys(root.properties).filter((name) => !NOT_FIELDS.has(name));
  const order = (name) => (name === "input" ? 0 : name === "model" ? 1 : name === "options" ? 3 : 2);
  names.sort((a, b) => order(a) - order(b));
  return new Map(names.map((name) => [name, widget(name, root.properties[name], [name], env, name === "stem" ? t("presets.stem.name") : labelOf(env, name))]));
}
