// The preset that is being edited: every change is one step of undo, and is kept in this browser until it is saved.

import { Graph } from "./graph.js";
import { start, put } from "./schema.js";
import { find } from "../text.js";

const MOST_UNDO = 200;
let number = 0;

export class Doc {
  /**
   * @param data a preset of version 2.0.0
   * @param kinds Map of kind to schema
   * @param model name => model
   */
  constructor(data, kinds, model) {
    this.kinds = kinds;
    this.model = model;
    this._listeners = new Set();
    this.data = { steps: [], outputs: [], ...structuredClone(data) };
    this.ids = this.data.steps.map(newId);
    this._tidy();
    this._past = [];
    this._future = [];
    this._clean = this.text;
  }

  subscribe(listener) {
    this._listeners.add(listener);
    return () => this._listeners.delete(listener);
  }

  get text() {
    return JSON.stringify(this.data);
  }

  get changed() {
    return this.text !== this._clean;
  }

  /** Nothing of what was done so far can be undone: it is how the document begins. */
  forget() {
    this._past = [];
    this._clean = this.text;
  }

  /** All of it anew, as one change. */
  replace(data) {
    this.edit((now, ids) => {
      for (const key of Object.keys(now)) delete now[key];
      Object.assign(now, { steps: [], outputs: [], ...structuredClone(data) });
      ids.splice(0, ids.length, ...now.steps.map(newId));
    });
  }

  /** What is here now is what is stored. */
  saved(text = this.text) {
    this._clean = text;
    this._tell();
  }

  get graph() {
    return new Graph(this.data, this.kinds, this.model);
  }

  /** Change it: `work(data, ids)`. */
  edit(work) {
    const before = this._state();
    work(this.data, this.ids);
    if (JSON.stringify(this.data) === before.text) return;
    this._past.push(before);
    this._past.splice(0, this._past.length - MOST_UNDO);
    this._future = [];
    this._tell();
  }

  get canUndo() {
    return this._past.length > 0;
  }

  get canRedo() {
    return this._future.length > 0;
  }

  undo() {
    this._swap(this._past, this._future);
  }

  redo() {
    this._swap(this._future, this._past);
  }

  _swap(from, to) {
    const state = from.pop();
    if (!state) return;
    to.push(this._state());
    this.data = JSON.parse(state.text);
    this.ids = state.ids;
    this._tell();
  }

  _state() {
    return { text: this.text, ids: [...this.ids] };
  }

  _tell() {
    for (const listener of [...this._listeners]) listener(this);
  }

  // One spelling for every reference, so that a step may get another input or another model without breaking those that read it.
  _tidy() {
    const graph = this.graph;
    for (const { step, reads } of graph.steps) {
      for (const { at, value } of reads) if (step[at[0]] !== undefined) put(step, at, graph.canonical(value));
    }
    for (const output of this.data.outputs) {
      if (typeof output.from === "string" && !output.from.endsWith(".*")) output.from = graph.canonical(output.from);
    }
  }

  /** A new step; returns its id. `input`: what it reads; `at`: its place. */
  add(kind, { input = "mixture", at = this.data.steps.length } = {}) {
    const id = newId();
    const schema = this.kinds.get(kind);
    this.edit((data, ids) => {
      const step = { kind, name: this._free(find(`step.${kind}`) ?? kind) };
      if (schema.properties.input) step.input = input;
      for (const name of schema.required ?? []) step[name] ??= start(schema.properties[name], schema, { sound: input });
      data.steps.splice(at, 0, step);
      ids.splice(at, 0, id);
      if (!schema.properties.model) data.outputs.push({ from: step.name });
    });
    return id;
  }

  duplicate(index) {
    const id = newId();
    this.edit((data, ids) => {
      const step = structuredClone(data.steps[index]);
      const old = step.name;
      step.name = this._free(old);
      data.steps.splice(index + 1, 0, step);
      ids.splice(index + 1, 0, id);
      for (const output of data.outputs.filter((each) => owner(each.from) === old.toLowerCase())) {
        const { name: _, main: __, ...rest } = output;
        data.outputs.push({ ...rest, from: renamed(output.from, step.name) });
      }
    });
    return id;
  }

  /** Take a step away. Who read it reads what it read; what was kept of it is kept of that, unless it is the song itself. */
  remove(index) {
    this.edit((data, ids) => {
      const graph = this.graph;
      const node = graph.steps[index];
      const input = node.reads.find(({ at }) => at[0] === "input")?.value ?? node.reads[0]?.value ?? "mixture";
      for (const other of graph.steps) {
        for (const { at, value } of other.reads) if (graph.resolve(value)?.node === node) put(other.step, at, input);
      }
      const mine = (output) => owner(output.from) === node.name.toLowerCase();
      const kept = data.outputs.findIndex(mine);
      const before = graph.resolve(input);
      const taken = data.outputs.some((each) => graph.canonical(each.from) === graph.canonical(input));
      if (kept >= 0 && before?.node && before.node !== node && !taken) data.outputs[kept] = { ...data.outputs[kept], from: input };
      data.outputs = data.outputs.filter((output) => !mine(output));
      data.steps.splice(index, 1);
      ids.splice(index, 1);
    });
  }

  move(index, to) {
    if (to < 0 || to >= this.data.steps.length || to === index) return;
    this.edit((data, ids) => {
      data.steps.splice(to, 0, ...data.steps.splice(index, 1));
      ids.splice(to, 0, ...ids.splice(index, 1));
    });
  }

  /** Another name for a step, also where it is read. */
  rename(index, name) {
    this.edit((data) => {
      const graph = this.graph;
      const node = graph.steps[index];
      for (const other of graph.steps) {
        for (const { at, value } of other.reads) if (graph.resolve(value)?.node === node) put(other.step, at, renamed(value, name));
      }
      for (const output of data.outputs) if (owner(output.from) === node.name.toLowerCase()) output.from = renamed(output.from, name);
      data.steps[index].name = name;
    });
  }

  /** Another model: what is kept of stems that it does not make goes; if nothing would be left of the step, all of its stems are kept. */
  setModel(index, model) {
    this.edit((data) => {
      const step = data.steps[index];
      const graph = this.graph;
      const had = step.model && data.outputs.some((each) => owner(each.from) === step.name.toLowerCase());
      const read = graph.steps.some((each) => each.reads.some(({ value }) => graph.resolve(value)?.node === graph.steps[index]));
      step.model = model.name;
      const makes = new Set(model.stems.map((stem) => `${step.name}.${stem}`.toLowerCase()));
      data.outputs = data.outputs.filter(
        ({ from }) => owner(from) !== step.name.toLowerCase() || from.endsWith(".*") || makes.has(from.toLowerCase()),
      );
      const left = data.outputs.some((each) => owner(each.from) === step.name.toLowerCase());
      if (!left && (had || !read)) data.outputs.push(...model.stems.map((stem) => ({ from: `${step.name}.${stem}` })));
    });
  }

  /** Keep a stem as a result, or not. */
  keep(index, stem, wanted) {
    this.edit((data) => {
      const graph = this.graph;
      const node = graph.steps[index];
      const from = graph.reference(node, stem);
      if (wanted) return data.outputs.push({ from });
      const gone = new Set(graph.outputs(node, stem).map((each) => each.output));
      data.outputs = data.outputs.flatMap((output) => {
        if (!gone.has(output)) return [output];
        if (!output.from.endsWith(".*")) return [];
        return graph.stems(node).filter((each) => each !== stem).map((each) => ({ ...output, from: graph.reference(node, each) }));
      });
      return undefined;
    });
  }

  _free(wanted) {
    const plain = wanted.replace(/[.*/\\{}"]/g, " ").replace(/ \d+$/, "").trim().slice(0, 56) || "step";
    const taken = new Set(this.data.steps.map((step) => String(step.name).toLowerCase()));
    for (let count = 1; ; count += 1) {
      const name = count === 1 ? plain : `${plain} ${count}`;
      if (!taken.has(name.toLowerCase())) return name;
    }
  }
}

const newId = () => `s${(number += 1)}`;
const owner = (from) => String(from ?? "").split(".")[0].toLowerCase();
const renamed = (reference, name) => {
  const dot = reference.indexOf(".");
  return dot < 0 ? name : name + reference.slice(dot);
};
