// The whole song at a glance: what the mix looks like, where it plays, and the loop. A press goes there, a drag makes a loop, and the
// loop's ends can be moved, by hand or with the arrow keys.

import { h } from "../dom.js";
import { clock, t } from "../text.js";
import { Waveform, fractionAt } from "./waveform.js";

const DRAG_PX = 6; // less is a press

export class Overview {
  /** sounds: of all stems; seconds: the song's length; on: { seek(fraction), move(seconds), home(), loop(start, end) in fractions }. */
  constructor(sounds, seconds, on) {
    this._seconds = seconds;
    this._on = on;
    this.wave = new Waveform(sounds);
    this._ends = [this._handle("start"), this._handle("end")];
    this._region = h("div", { class: "ms-passage", hidden: true }, ...this._ends);
    this.element = h(
      "div",
      { class: "ms-overview", role: "slider", tabindex: "0", "aria-label": t("mixer.position"), "aria-valuemin": 0, "aria-valuemax": Math.round(seconds) },
      this.wave.element,
      h("div", { class: "ms-ruler", "aria-hidden": "true" }, ...ruler(seconds)),
    );
    this.frame = h("div", { class: "ms-overview-frame" }, this.element, this._region);
    this.element.addEventListener("keydown", (event) => this.steer(event));
    this._drag();
  }

  /** Say where it plays. */
  at(seconds) {
    if (this.element.getAttribute("aria-valuenow") === String(Math.floor(seconds))) return;
    this.element.setAttribute("aria-valuenow", Math.floor(seconds));
    this.element.setAttribute("aria-valuetext", t("mixer.position.text", { now: clock(seconds), total: clock(this._seconds) }));
  }

  /** loop: { start, end } in fractions of the song, or null; on: whether it goes round. */
  setLoop(loop, on) {
    this._loop = loop;
    this._region.hidden = !loop;
    this._region.classList.toggle("ms-on", on);
    if (!loop) return;
    this._region.style.left = `${loop.start * 100}%`;
    this._region.style.right = `${(1 - loop.end) * 100}%`;
    for (const [index, name] of ["start", "end"].entries()) {
      this._ends[index].setAttribute("aria-valuenow", (loop[name] * this._seconds).toFixed(1));
      this._ends[index].setAttribute("aria-valuetext", clock(loop[name] * this._seconds, 1));
    }
  }

  close() {
    this.wave.close();
  }

  _handle(name) {
    const move = (fraction) => {
      const { start, end } = this._loop;
      const value = Math.min(1, Math.max(0, fraction));
      this._on.loop(name === "start" ? value : start, name === "start" ? end : value);
    };
    const handle = h("div", {
      class: `ms-passage-end ms-passage-${name}`,
      role: "slider",
      tabindex: "0",
      "aria-label": t(`result.loop.${name}`),
      "aria-valuemin": 0,
      "aria-valuemax": this._seconds.toFixed(1),
      onkeydown: (event) => {
        const step = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 }[event.key];
        if (!step) return;
        move(this._loop[name] + (step * (event.shiftKey ? 1 : 0.1)) / this._seconds);
        event.preventDefault();
      },
    });
    let held = null;
    handle.addEventListener("pointerdown", (event) => {
      handle.setPointerCapture(event.pointerId);
      event.stopPropagation();
    });
    handle.addEventListener("pointermove", (event) => {
      if (!handle.hasPointerCapture(event.pointerId)) return;
      held = fractionAt(this.element, event);
      this.setLoop({ ...this._loop, [name]: held }, this._region.classList.contains("ms-on"));
    });
    handle.addEventListener("lostpointercapture", () => {
      if (held !== null) this._on.loop(this._loop.start, this._loop.end);
      held = null;
    });
    return handle;
  }

  _drag() {
    let from = null; // where the press began: { x, fraction }
    let before = null; // the loop that was there
    let moved = false;
    this.element.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      this.element.setPointerCapture(event.pointerId);
      from = { x: event.clientX, fraction: fractionAt(this.element, event) };
      before = { loop: this._loop, on: this._region.classList.contains("ms-on") };
      moved = false;
    });
    this.element.addEventListener("pointermove", (event) => {
      if (!from) return;
      moved ||= Math.abs(event.clientX - from.x) > DRAG_PX;
      if (moved) this.setLoop(sorted(from.fraction, fractionAt(this.element, event)), true);
    });
    this.element.addEventListener("pointerup", (event) => {
      if (!from) return;
      const loop = sorted(from.fraction, fractionAt(this.element, event));
      if (moved) this._on.loop(loop.start, loop.end);
      else this._on.seek(from.fraction);
      from = null;
    });
    this.element.addEventListener("pointercancel", () => {
      if (from && moved) this.setLoop(before.loop, before.on);
      from = null; // the finger scrolls the page
    });
  }

  // Steps of the keyboard are the 5 s of the shortcuts.
  steer(event) {
    const steps = { ArrowLeft: -5, ArrowDown: -5, ArrowRight: 5, ArrowUp: 5, PageDown: -30, PageUp: 30 };
    if (event.key in steps) this._on.move(steps[event.key]);
    else if (event.key === "Home") this._on.home();
    else return;
    event.preventDefault();
  }
}

const sorted = (a, b) => ({ start: Math.min(a, b), end: Math.max(a, b) });

/** Marks of time: as many as stay readable. */
function ruler(seconds) {
  const step = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800].find((each) => seconds / each <= 9) ?? 3600;
  const marks = [];
  for (let at = step; at < seconds - step / 4; at += step) marks.push(h("span", { style: `left: ${(100 * at) / seconds}%` }, clock(at)));
  return marks;
}
