// The flow as a picture: the song on the left, steps in columns, what is kept on the right; lines in the colour of their stem, with its name.

import { colourOf, find, stemName, t } from "../text.js";
import { fileLabel } from "./graph.js";

const BOX = { width: 146, gap: 116, row: 30, head: 46, between: 20 };
const LANE = 16;
const SMALLEST = 0.8; // to what part of its size a wide picture shrinks before it scrolls
const EDGE = 10;
const SPACE = "http://www.w3.org/2000/svg";

function s(tag, props = {}, ...children) {
  const element = document.createElementNS(SPACE, tag);
  for (const [name, value] of Object.entries(props)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value != null) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child != null));
  return element;
}

/**
 * The picture of a graph.
 * @param choose called with a step's place in the list when its box is pressed; without it boxes are no buttons
 */
export function flow(graph, { choose = null, wrong = null } = {}) {
  const plan = layout(graph);
  const picture = s("svg", {
    class: "ms-flow-picture",
    viewBox: `0 0 ${plan.width} ${plan.height}`,
    width: plan.width,
    height: plan.height,
    role: choose ? "group" : "img",
    "aria-label": t("presets.flow.label", { steps: graph.steps.length, results: plan.kept.length }),
  });
  picture.style.minWidth = `${Math.round(plan.width * SMALLEST)}px`;
  picture.append(...plan.lines.map(line), ...plan.boxes.map((box) => boxOf(box, choose, wrong)));
  return picture;
}

/** Where everything is: boxes { x, y, height, title, about, node }, lines { from, to, stem }. */
function layout(graph) {
  const columns = graph.columns();
  const numbers = [...new Set([1, ...graph.steps.flatMap(({ reads }) => reads.map(({ value }) => graph.resolve(value)?.file).filter(Boolean))])].sort((a, b) => a - b);
  const songs = numbers.map((file) => ({ file, title: fileLabel(file), kind: "song", ports: [{ stem: "mixture" }] }));
  const kept = [];
  const boxOfNode = new Map();
  const all = [songs, ...columns.map(() => []), []];
  columns.forEach((nodes, place) => nodes.forEach((node) => {
    const box = { node, title: node.name, about: aboutOf(graph, node), kind: "step", ports: graph.stems(node).filter(Boolean).map((stem) => ({ stem })) };
    boxOfNode.set(node, box);
    for (const port of box.ports) {
      port.box = box;
      for (const { output } of graph.outputs(node, port.stem)) {
        const result = { kind: "kept", title: nameOf(output, port.stem), port, ports: [] };
        kept.push(result);
        all[place + 2].push(result);
      }
    }
    all[place + 1].push(box);
  }));
  if (!all.at(-1).length) all.pop();
  const height = (box) => Math.max(box.kind === "kept" ? 34 : BOX.head, box.ports.length * BOX.row);
  all.forEach((boxes, column) => {
    if (column > 1) boxes.sort((a, b) => centre(a) - centre(b)); // by what they read, so that few lines cross
    let y = EDGE;
    for (const box of boxes) {
      Object.assign(box, { x: EDGE + column * (BOX.width + BOX.gap), y, height: height(box) });
      box.ports.forEach((port, index) => Object.assign(port, { column, x: box.x + BOX.width, y: y + (box.height * (index + 0.5)) / box.ports.length }));
      y += box.height + BOX.between;
    }
  });
  function centre(box) {
    const sources = box.port ? [box.port] : (box.node?.reads ?? []).map(({ value }) => source(value)).filter(Boolean);
    const known = sources.map((port) => port.y).filter((y) => y !== undefined);
    return known.length ? known.reduce((sum, y) => sum + y, 0) / known.length : 0;
  }
  function source(reference) {
    const found = graph.resolve(reference);
    if (found?.file) return songs.find((box) => box.file === found.file)?.ports[0];
    return boxOfNode.get(found?.node)?.ports.find((port) => port.stem.toLowerCase() === found.stem.toLowerCase());
  }
  const boxes = all.flat();
  const tallest = Math.max(...boxes.map((box) => box.y + box.height));
  for (const column of all) {
    const lowest = Math.max(0, ...column.map((box) => box.y + box.height));
    for (const box of column) {
      box.y += (tallest - lowest) / 2;
      for (const port of box.ports) port.y += (tallest - lowest) / 2;
    }
  }
  const lines = [];
  for (const [node, box] of boxOfNode) {
    node.reads.forEach(({ value }, index) => {
      const port = source(value);
      if (port) lines.push({ port, x: box.x, y: box.y + (box.height * (index + 1)) / (node.reads.length + 1), column: columnOf(box) });
    });
  }
  const floor = below(lines, tallest);
  for (const box of kept) lines.push({ port: box.port, x: box.x, y: box.y + box.height / 2 });
  for (const { ports } of boxes) for (const port of ports) if (!lines.some((each) => each.port === port)) lines.push({ port, x: port.x + 26, y: port.y, unused: true });
  const named = new Set();
  for (const each of lines) {
    each.named = !named.has(each.port); // one name at each beginning, however many go on with it
    named.add(each.port);
  }
  return { boxes, lines, kept, width: EDGE * 2 + all.length * BOX.width + (all.length - 1) * BOX.gap, height: floor + EDGE };
}

const columnOf = (box) => Math.round((box.x - EDGE) / (BOX.width + BOX.gap));

/** Lines that pass by whole columns run below all boxes, a lane for each sound. Returns how far down that goes. */
function below(lines, tallest) {
  const lanes = new Map();
  for (const line of lines) {
    if (line.column - line.port.column < 2) continue;
    if (!lanes.has(line.port)) lanes.set(line.port, tallest + LANE * (lanes.size + 1));
    line.lane = lanes.get(line.port);
  }
  return tallest + LANE * lanes.size;
}

function curve(x, y, toX, toY) {
  const bend = Math.max(24, (toX - x) / 2);
  return `C${x + bend} ${y} ${toX - bend} ${toY} ${toX} ${toY}`;
}

function around(port, lane, x, y) {
  const turn = BOX.gap * 0.85;
  return `${curve(port.x, port.y, port.x + turn, lane)}H${x - turn}${curve(x - turn, lane, x, y)}`;
}

const aboutOf = (graph, node) => graph.modelTitle(node) ?? find(`step.${node.step.kind}`) ?? node.step.kind;
const nameOf = (output, stem) => (output.name ? output.name.replace(/^\{song\}[_ -]*/, "").replaceAll("{stem}", stem) : stemName(stem));

function line({ port, x, y, unused, named, lane }) {
  const way = lane ? around(port, lane, x, y) : curve(port.x, port.y, x, y);
  const path = s("path", { class: "ms-flow-line", d: `M${port.x} ${port.y}${way}` });
  const text = named ? s("text", { class: "ms-flow-stem", x: port.x + 7, y: port.y - 5 }, short(stemName(port.stem), 15)) : null;
  const dot = s("circle", { cx: port.x, cy: port.y, r: 4 });
  const name = s("title", {}, unused ? t("presets.flow.unused", { stem: stemName(port.stem) }) : stemName(port.stem));
  return s("g", { class: `ms-flow-wire${unused ? " ms-unused" : ""}`, "data-stem": colourOf(port.stem) }, name, path, dot, text);
}

function boxOf({ x, y, height, kind, title, about, node }, choose, wrong) {
  const middle = y + height / 2;
  const button = choose && node ? { tabindex: 0, role: "button" } : {};
  const group = s(
    "g",
    { class: `ms-flow-box ms-flow-${kind}${node && node.index === wrong ? " ms-wrong" : ""}`, "data-index": node?.index, ...button },
    s("title", {}, choose && node ? t("presets.flow.go", { number: node.index + 1, name: node.name }) : about ? `${title}: ${about}` : title),
    s("rect", { x, y, width: BOX.width, height, rx: kind === "kept" ? 17 : 9 }),
    s("text", { class: "ms-flow-title", x: x + 12, y: about ? middle - 3 : middle + 5 }, short(node ? `${node.index + 1}. ${title}` : title, 15)),
    about ? s("text", { class: "ms-flow-about", x: x + 12, y: middle + 14 }, short(about, 19)) : null,
  );
  if (choose && node) {
    group.addEventListener("click", () => choose(node.index));
    group.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      choose(node.index);
    });
  }
  return group;
}

// Wide letters count twice.
function short(text, most) {
  let room = most;
  let kept = "";
  for (const letter of text) {
    room -= letter.codePointAt(0) > 0x2e7f ? 1.8 : 1;
    if (room < 0) return `${kept.trimEnd()}…`;
    kept += letter;
  }
  return kept;
}
