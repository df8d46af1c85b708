// What a preset's steps make and read: for choice lists that offer only what exists, and for the picture of the flow.

import { MOST_FILES } from "../job_words.js";
import { stemName, t } from "../text.js";
import { references } from "./schema.js";

const FILE = /^file([1-9][0-9]?)$/i;
const RESIDUAL = "residual";
const same = (one, other) => one.toLowerCase() === other.toLowerCase();

const fileNumber = (reference) => (same(reference, "mixture") ? 1 : Number(FILE.exec(reference)?.[1] ?? 0));
const split = (reference) => {
  const dot = reference.indexOf(".");
  return dot < 0 ? [reference, ""] : [reference.slice(0, dot), reference.slice(dot + 1)];
};

export class Graph {
  /**
   * @param data a preset of version 2.0.0, maybe unfinished
   * @param kinds Map of kind to schema
   * @param model name => model, null or undefined
   */
  constructor(data, kinds, model) {
    this.data = data;
    this.kinds = kinds;
    this._model = model;
    this.steps = (data.steps ?? []).map((step, index) => ({ step, index, name: String(step.name ?? ""), schema: kinds.get(step.kind) }));
    for (const each of this.steps) each.reads = each.schema ? references(each.step, each.schema) : [];
  }

  find(name) {
    return this.steps.find((each) => same(each.name, name));
  }

  /** What a reference means: { file } or { node, stem }, or null where nothing has this name. A step's name alone is its main stem. */
  resolve(reference) {
    const file = fileNumber(reference ?? "");
    if (file) return { file };
    const [owner, stem] = split(reference ?? "");
    const node = this.find(owner);
    if (!node) return null;
    return { node, stem: this.spelled(node, stem || this.main(node)) };
  }

  spelled(node, stem) {
    return this.stems(node).find((each) => same(each, stem)) ?? stem;
  }

  /** The one way to write a reference that is used here: STEP where the step decides what it makes, else STEP.STEM. */
  canonical(reference) {
    const found = this.resolve(reference);
    if (!found) return reference;
    if (found.file) return found.file === 1 ? "mixture" : `file${found.file}`;
    return this.reference(found.node, found.stem);
  }

  reference(node, stem) {
    const ownsName = !this.hasModel(node) && same(stem, this.main(node));
    return ownsName || !stem ? node.name : `${node.name}.${stem}`;
  }

  modelTitle(node) {
    return (this.hasModel(node) && this._model(node.step.model)?.title) || null;
  }

  hasModel(node) {
    return Boolean(node.schema?.properties.model);
  }

  /** The stem that the bare name of a step means; "" where only the model knows. */
  main(node, seen = new Set()) {
    if (this.hasModel(node)) {
      const stems = this._model(node.step.model)?.stems ?? [];
      return stems.length === 1 ? stems[0] : "";
    }
    const { stem } = node.step;
    const fallback = node.schema?.properties.stem?.default;
    if (stem || fallback) return stem || fallback;
    if (node.schema?.properties.members) return this._alike(node.step.members ?? [], seen);
    return this._stemOf(node.step.input ?? "mixture", seen.add(node));
  }

  _stemOf(reference, seen) {
    if (fileNumber(reference)) return reference;
    const [owner, stem] = split(reference);
    if (stem) return stem;
    const node = this.find(owner);
    return node && !seen.has(node) && !this.hasModel(node) ? this.main(node, seen) : owner;
  }

  _alike(members, seen) {
    const stems = new Set(members.map((each) => (each.from ? this._stemOf(each.from, seen) : (each.stem ?? "")).toLowerCase()));
    const [only] = stems;
    return stems.size === 1 && only ? this._first(members) : "ensemble";
  }

  _first([member]) {
    return member.from ? this._stemOf(member.from, new Set()) : member.stem;
  }

  /** The stems of a step; of a model that is not known (yet) those that somebody reads. */
  stems(node) {
    if (!this.hasModel(node)) return [this.main(node), ...(node.schema?.properties.members ? [RESIDUAL] : [])];
    const known = this._model(node.step.model)?.stems;
    return known ?? [...new Set(this._asked(node))];
  }

  _asked(node) {
    const all = [...this.steps.flatMap((each) => each.reads.map(({ value }) => value)), ...(this.data.outputs ?? []).map((each) => each.from)];
    return all.filter((each) => typeof each === "string" && same(split(each)[0], node.name)).map((each) => split(each)[1]).filter((stem) => stem && stem !== "*");
  }

  /** The steps that need this one, directly or not, and it itself. */
  after(node) {
    const found = new Set([node]);
    for (let grown = true; grown; ) {
      grown = false;
      for (const each of this.steps) {
        if (!found.has(each) && each.reads.some(({ value }) => found.has(this.resolve(value)?.node))) {
          found.add(each);
          grown = true;
        }
      }
    }
    return found;
  }

  /** The steps that read a stem of this one. */
  readers(node, stem) {
    return this.steps.filter((each) => each.reads.some(({ value }) => {
      const found = this.resolve(value);
      return found?.node === node && same(found.stem, stem);
    }));
  }

  /** The outputs of a stem: [{ output, index, every }]. */
  outputs(node, stem) {
    const found = [];
    (this.data.outputs ?? []).forEach((output, index) => {
      const [owner, asked] = split(output.from ?? "");
      if (!same(owner, node.name)) return;
      if (asked === "*" || same(asked || this.main(node), stem)) found.push({ output, index, every: asked === "*" });
    });
    return found;
  }

  get files() {
    const numbers = this.steps.flatMap((each) => each.reads.map(({ value }) => fileNumber(value)));
    return Math.max(1, ...numbers);
  }

  /** What a step may read, for a list to choose from: no stem of a step that waits for it. */
  choices(node, current) {
    const files = Array.from({ length: Math.min(MOST_FILES, this.files + 1) }, (_, index) => index + 1);
    const options = files.map((number) => ({
      value: number === 1 ? "mixture" : `file${number}`,
      label: fileLabel(number),
      group: t("presets.from.files"),
    }));
    const later = this.after(node);
    for (const each of this.steps.filter((other) => !later.has(other))) {
      for (const stem of this.stems(each)) options.push({ value: this.reference(each, stem), label: this.label(each, stem), group: t("presets.from.steps") });
    }
    if (current && !options.some((each) => each.value === current)) options.unshift({ value: current, label: t("presets.from.gone", { name: current }) });
    return options;
  }

  label(node, stem) {
    return t("presets.from.stem", { number: node.index + 1, step: node.name, stem: stemName(stem) });
  }

  /** Columns of steps: each right of all it reads. A ring does not hang it. */
  columns() {
    const depth = new Map();
    const of = (node, way) => {
      if (depth.has(node)) return depth.get(node);
      if (way.has(node)) return 0;
      const next = new Set(way).add(node);
      const before = node.reads.map(({ value }) => this.resolve(value)?.node).filter(Boolean);
      const found = 1 + Math.max(0, ...before.map((each) => of(each, next)));
      depth.set(node, found);
      return found;
    };
    const columns = [];
    for (const node of this.steps) (columns[of(node, new Set()) - 1] ??= []).push(node);
    return columns.filter(Boolean);
  }
}

export function fileLabel(number) {
  return number === 1 ? t("presets.from.song") : t("presets.from.file", { number });
}
