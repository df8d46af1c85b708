// The steps of the preset that is being edited, as a list of cards, and the picture of the flow above it.

import { announcer, h } from "../dom.js";
import { menuButton } from "../kit/menu.js";
import { find, t } from "../text.js";
import { card } from "./card.js";
import { flow } from "./flow.js";

/**
 * @param world { doc, formats, algorithms, model(name) }
 * Returns { element, picture, draw(), place(parts, text, params), focus(index), mark(index), close() }.
 */
export function steps(world) {
  const { doc } = world;
  const cards = new Map();
  const list = h("ol", { class: "ms-preset-cards" });
  const spoken = announcer();
  const add = menuButton({ label: t("presets.step.add"), symbol: "plus", className: "ms-button", items: () => kinds((kind) => addStep(kind, lastSound(doc))) });
  const picture = h("div", { class: "ms-flow", tabindex: "0", role: "region", "aria-label": t("presets.flow", { title: t("presets.steps.title") }), translate: "no" });
  const element = h("section", { class: "ms-stack" }, h("h3", {}, t("presets.steps.title")), list, h("div", { class: "ms-preset-add" }, add), spoken.region);
  const inside = { ...world, addStep, focus: (id) => cards.get(id)?.focus(), say: spoken.say };
  let wrong = null;

  function kinds(action) {
    return [...doc.kinds.keys()].map((kind) => ({ label: find(`step.${kind}`) ?? kind, action: () => action(kind) }));
  }
  function addStep(kind, input, at) {
    const id = doc.add(kind, { input, at });
    cards.get(id)?.focus();
    spoken.say(t("presets.added", { name: doc.data.steps[doc.ids.indexOf(id)].name }));
  }
  function draw() {
    const graph = doc.graph;
    for (const [id, each] of cards) {
      if (doc.ids.includes(id) && each.element.dataset.kind === doc.data.steps[doc.ids.indexOf(id)].kind) continue;
      each.close();
      each.element.remove();
      cards.delete(id);
    }
    doc.ids.forEach((id, index) => {
      if (!cards.has(id)) cards.set(id, card(id, inside));
      const { element: row } = cards.get(id);
      if (list.children[index] !== row) list.insertBefore(row, list.children[index] ?? null);
    });
    for (const each of cards.values()) each.update(graph);
    drawFlow(graph);
  }
  function drawFlow(graph = doc.graph) {
    const at = document.activeElement?.closest?.(".ms-flow-box")?.dataset.index;
    picture.hidden = !graph.steps.length;
    picture.replaceChildren(flow(graph, { choose: focus, wrong }));
    if (at !== undefined) picture.querySelector(`[data-index="${at}"]`)?.focus();
  }
  function focus(index) {
    cards.get(doc.ids[index])?.focus();
  }
  return {
    element,
    picture,
    draw,
    focus,
    /** Which step is wrong, in the picture. */
    mark(index) {
      if (wrong === index) return;
      wrong = index;
      drawFlow();
    },
    place([kind, index, ...rest], text, params = {}) {
      if (kind === "steps") return cards.get(doc.ids[Number(index)])?.problem(rest, text, params.reference) ?? null;
      if (kind !== "outputs") return null;
      for (const each of cards.values()) {
        const shown = each.outputProblem(Number(index), rest[0], text);
        if (shown) return shown;
      }
      return null;
    },
    close: () => cards.forEach((each) => each.close()),
  };
}

/** What a new step at the end reads: what the last one makes, if that is one thing; else the song. */
function lastSound(doc) {
  const graph = doc.graph;
  const last = graph.steps.at(-1);
  if (!last) return "mixture";
  const stems = graph.stems(last).filter(Boolean);
  if (!stems.length) return "mixture";
  const stem = stems.find((each) => each.toLowerCase() === "vocals") ?? stems[0];
  return graph.reference(last, stem);
}
