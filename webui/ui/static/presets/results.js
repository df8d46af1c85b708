// What a step gives: for each stem whether it is kept, under which name, and who goes on with it.

import { h, setText } from "../dom.js";
import { menuButton } from "../kit/menu.js";
import { field, input, select, setOptions, toggle } from "../kit/form.js";
import { colourOf, find, stemName, t } from "../text.js";
import { put } from "./schema.js";
import { fill } from "./typing.js";

const BRACES = Object.fromEntries(["song", "stem", "step", "model"].map((word) => [word, `{${word}}`]));

export function results({ env, doc, addStep }) {
  const list = h("ul", { class: "ms-preset-stems" });
  const none = h("p", { class: "ms-hint" }, t("presets.gives.none"));
  const element = h("fieldset", { class: "ms-choices ms-preset-gives" }, h("legend", { class: "ms-label" }, t("presets.gives")), none, list);
  let drawn = "";
  let rows = new Map();
  return {
    element,
    show(step, node, graph) {
      const stems = graph.stems(node).filter(Boolean);
      none.hidden = stems.length > 0;
      if (JSON.stringify(stems) !== drawn) {
        rows = new Map(stems.map((stem) => [stem.toLowerCase(), stemRow(stem, { env, doc, addStep })]));
        list.replaceChildren(...[...rows.values()].map((row) => row.element));
        drawn = JSON.stringify(stems);
      }
      for (const row of rows.values()) row.show(node, graph);
    },
    /** The reason against an output: index among all outputs, and the field. */
    problem(index, name, text) {
      const row = [...rows.values()].find((each) => each.has(index)) ?? null;
      return row ? row.problem(name, text) : null;
    },
  };
}

function stemRow(stem, { env, doc, addStep }) {
  const title = stemName(stem);
  const keep = toggle({ label: t("presets.keep"), onchange: (on) => doc.keep(env.index(), stem, on) });
  keep.control.setAttribute("aria-label", t("presets.keep.label", { stem: title }));
  const used = h("span", { class: "ms-hint", translate: "no" });
  const kinds = () => [...doc.kinds.keys()].map((kind) => ({ label: find(`step.${kind}`) ?? kind, action: () => addStep(kind, doc.graph.reference(env.node(), stem), env.index() + 1) }));
  const next = menuButton({ label: t("presets.next.label", { stem: title }), symbol: "plus", bare: true, items: kinds });
  const settings = outputSettings({ env, doc, stem, title });
  const problem = h("p", { class: "ms-bad-text", role: "alert" });
  const element = h(
    "li",
    { class: "ms-preset-stem", "data-stem": colourOf(stem) },
    h("div", { class: "ms-preset-stem-line" }, h("span", { class: "ms-preset-stem-name" }, title), used, keep.element, next),
    settings.element,
    problem,
  );
  let outputs = [];
  return {
    element,
    show(node, graph) {
      outputs = graph.outputs(node, stem);
      keep.control.checked = outputs.length > 0;
      const readers = graph.readers(node, stem).map((each) => `${each.index + 1}. ${each.name}`);
      setText(used, readers.length ? t("presets.used.by", { steps: readers.join(", ") }) : outputs.length ? "" : t("presets.unused"));
      element.classList.toggle("ms-unused", !readers.length && !outputs.length);
      settings.show(outputs[0]);
    },
    has: (index) => outputs.some((each) => each.index === index),
    problem(name, text) {
      return settings.problem(name, text) ?? (setText(problem, text), () => setText(problem, ""));
    },
  };
}

/** Name, format and main of what is kept of a stem, folded away. */
function outputSettings({ env, doc, title }) {
  let shown = null; // { output, index, every }
  const change = (field_, value) =>
    doc.edit((data) => {
      put(data.outputs, [shown.index, field_], value);
      if (field_ === "format") delete data.outputs[shown.index].subtype;
    });
  const name = input({ maxlength: 200, placeholder: "{song}_{stem}", translate: "no", onchange: (text) => change("name", text.trim() || undefined) });
  const nameLine = field({ label: t("presets.output.name"), hint: t("presets.output.name.hint", BRACES), control: name });
  const format = select({
    options: [{ value: "", label: t("presets.output.usual") }, ...Object.keys(env.formats).map((each) => ({ value: each, label: each.toUpperCase() }))],
    onchange: (value) => change("format", value || undefined),
  });
  const formatLine = field({ label: t("presets.output.format"), control: format });
  const subtype = select({ options: [], onchange: (value) => change("subtype", value) });
  const subtypeLine = field({ label: t("presets.output.quality"), control: subtype });
  const main = toggle({
    label: t("presets.output.main"),
    hint: t("presets.output.main.hint"),
    onchange: (on) =>
      doc.edit((data) => {
        for (const output of data.outputs) delete output.main;
        if (on) data.outputs[shown.index].main = true;
      }),
  });
  const summary = h("summary", {});
  const element = h(
    "details",
    { class: "ms-details" },
    summary,
    h("div", { class: "ms-preset-fields" }, nameLine.element, formatLine.element, subtypeLine.element, main.element),
  );
  const lines = { name: nameLine, format: formatLine, subtype: subtypeLine };
  return {
    element,
    show(first) {
      shown = first ?? null;
      element.hidden = !shown;
      if (!shown) return;
      const { output } = shown;
      setText(summary, output.name || output.format ? [output.name, output.format?.toUpperCase()].filter(Boolean).join(" · ") : t("presets.output.more"));
      summary.setAttribute("aria-label", `${summary.textContent}: ${title}`);
      if (output.name) summary.setAttribute("translate", "no");
      else summary.removeAttribute("translate");
      fill(name, output.name ?? "");
      format.value = output.format ?? "";
      subtypeLine.element.hidden = !output.format;
      const subtypes = env.formats[output.format] ?? [];
      setOptions(subtype, subtypes.map((each) => ({ value: each, label: find(`quality.${each}`) ?? each })), output.subtype ?? subtypes[0]);
      main.control.checked = Boolean(output.main) || (shown.index === 0 && !env.hasMain());
    },
    problem(field_, text) {
      const line = lines[field_];
      if (!line) return null;
      element.open = true;
      line.setProblem(text);
      return () => line.setProblem("");
    },
  };
}
