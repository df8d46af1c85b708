// Lists in a step: the sounds of a mix, the links of a chain of effects, the members of an ensemble. Rows can be added, moved, taken away.

import { h } from "../dom.js";
import { button } from "../kit/button.js";
import { menuButton } from "../kit/menu.js";
import { find, t } from "../text.js";
import { memberWidget } from "./member.js";
import { look, plain, start, startObject, variants } from "./schema.js";
import { labelOf, widget } from "./widgets.js";

export function listWidget({ name, schema, at, env, label }) {
  const kinds = variants(schema.items, env.root);
  const rows = h("ol", { class: "ms-preset-rows" });
  const problem = h("p", { class: "ms-bad-text", role: "alert" });
  const add = kinds ? adder(kinds, append) : button({ label: t(`presets.add.${name === "members" ? "member" : "sound"}`), symbol: "plus", run: () => append() });
  const element = h("fieldset", { class: "ms-choices ms-preset-several" }, h("legend", { class: "ms-label" }, label), rows, problem, add);
  let drawn = "";
  let made = [];
  let latest = [];

  function append(kind) {
    const first = { sound: latest[1]?.step.input ?? "mixture" };
    const item = kind ? startObject(kinds.of.get(kind), env.root, { fixed: { [kinds.name]: kind } }) : start(schema.items, env.root, first);
    change((list) => list.push(fresh(item)));
    focusRow(-1);
  }
  // A row that says nothing by itself is one with a model that is still to be chosen.
  const fresh = (item) => (item && typeof item === "object" && !Object.keys(item).length ? { model: "" } : item ?? {});
  function change(work) {
    const list = structuredClone(look(latest[0], at) ?? []);
    work(list);
    env.set(at, list);
  }
  function focusRow(index) {
    rows.querySelectorAll(":scope > li").item(index < 0 ? rows.children.length - 1 : index)?.querySelector("select, input, button")?.focus();
  }
  function row(item, index, count) {
    const place = [...at, index];
    const inside = inner(item, place, { schema, env, kinds });
    const title = kinds ? find(`effect.${item[kinds.name]}`) ?? item[kinds.name] : null;
    const what = title ?? t("presets.row", { label, number: index + 1 });
    const act = (symbol, key, run, disabled) => button({ label: t(key, { what }), symbol, kind: "quiet", bare: true, run, disabled: disabled || null });
    const move = (to) => {
      change((list) => list.splice(to, 0, ...list.splice(index, 1)));
      focusRow(to);
    };
    const remove = () => {
      change((list) => list.splice(index, 1));
      if (count > 1) focusRow(Math.min(index, count - 2));
      else element.querySelector(":scope > button, :scope > .ms-menu-root > button")?.focus();
    };
    const actions = h(
      "div",
      { class: "ms-preset-row-actions" },
      act("up", "presets.up", () => move(index - 1), index === 0),
      act("down", "presets.down", () => move(index + 1), index === count - 1),
      act("close", "presets.take", remove),
    );
    const li = h("li", { class: "ms-preset-row" }, h("div", { class: "ms-preset-row-head" }, h("span", { class: "ms-preset-row-title" }, title ?? `${index + 1}`), actions), inside.element);
    return { ...inside, element: li };
  }

  return {
    element,
    show(step, node, graph) {
      latest = [step, node, graph];
      const list = look(step, at) ?? [];
      const shape = JSON.stringify(list.map((item) => (kinds ? item[kinds.name] : item?.model !== undefined)));
      if (shape !== drawn) {
        for (const each of made) each.close?.();
        made = list.map((item, index) => row(item, index, list.length));
        rows.replaceChildren(...made.map((each) => each.element));
        drawn = shape;
      }
      for (const each of made) each.show(step, node, graph);
    },
    problem(path, text) {
      const inside = made[Number(path[0])]?.problem(path.slice(1), text);
      if (inside) return inside;
      problem.textContent = text;
      return () => (problem.textContent = "");
    },
    references: () => made.flatMap((each) => each.references?.() ?? []),
    close: () => made.forEach((each) => each.close?.()),
  };
}

function adder(kinds, append) {
  const items = () => [...kinds.of.keys()].map((kind) => ({ label: find(`effect.${kind}`) ?? kind, action: () => append(kind) }));
  return menuButton({ label: t("presets.add.effect"), symbol: "plus", className: "ms-button", items });
}

/** What is in a row: a sound alone, a member of an ensemble, or an object's fields side by side. */
function inner(item, at, { schema, env, kinds }) {
  const own = kinds ? kinds.of.get(item[kinds.name]) : plain(schema.items, env.root).schema;
  if (!own?.properties) return single(widget("", schema.items, at, env, t("presets.sound")));
  if (own.properties.model) return memberWidget({ own, at, env });
  const inside = kinds ? { ...env, effect: item[kinds.name] } : env;
  const names = Object.keys(own.properties).filter((name) => name !== kinds?.name);
  const fields = new Map(names.map((name) => [name, widget(name, own.properties[name], [...at, name], inside, name === "from" ? t("presets.sound") : labelOf(inside, name))]));
  return group(fields, h("div", { class: "ms-preset-fields" }, ...[...fields.values()].map((each) => each.element)));
}

function single(made) {
  return { ...made, references: () => (made.reference ? [[made, made.reference()]] : []) };
}

/** Several fields by name as one. */
export function group(fields, element) {
  const all = () => [...fields.values()];
  return {
    element,
    show: (...given) => all().forEach((each) => each.show(...given)),
    problem: (path, text) => fields.get(String(path[0]))?.problem(path.slice(1), text) ?? null,
    references: () => all().flatMap((each) => (each.reference ? [[each, each.reference()]] : (each.references?.() ?? []))),
    close: () => all().forEach((each) => each.close?.()),
  };
}
