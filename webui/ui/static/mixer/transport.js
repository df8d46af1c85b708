// One transport for all channels: every piece of every channel is scheduled on the clock of one AudioContext.
//
//   context clock   t0 ............ t0 + n / rate ............          n: whole frames played since t0
//   stem 1          |  chunk k from p0  |        chunk k + 1        |
//   stem 2          |  chunk k from p0  |        chunk k + 1        |
//
// Sources of a piece start in one go with the same `when`, so channels cannot drift apart and pieces touch without a gap. If one
// channel's chunk is late, none is scheduled: all end at the border, together, and go on together. What comes next is a Plan's
// business (loops too). Needs no AudioWorklet: it works on plain http in the house.

import { Plan, loopOf } from "./plan.js";
import { seams } from "./seam.js";

const AHEAD_S = 10; // how far the sound is scheduled
const LEAD_S = 0.08; // from the decision to play to the first sample
const TURN_S = 0.04; // from a change of plan to its first sample
const TICK_MS = 120;
const KEEP = 6; // chunks ahead
const LEAST_LOOP_S = 0.1;
const SEAM_S = 0.008;

export class Transport {
  /** chunks: a Chunks; bus: the Bus it plays into; onchange(): state or position jumped; onerror(error): the sound cannot be had. */
  constructor(chunks, bus, { onchange, onerror }) {
    this.state = "stopped"; // "stopped" | "loading" | "playing"
    this.speed = 1;
    this._chunks = chunks;
    this._bus = bus;
    this._rate = chunks.sampleRate;
    this._plan = new Plan(chunks.frames, chunks.size, Math.round(SEAM_S * chunks.sampleRate));
    this._onchange = onchange;
    this._onerror = onerror;
    this._frame = 0; // where it stands or starts from
    this._pieces = []; // what is scheduled: { when, from, to, speed }, in the order of time
    this._sources = new Set();
    this._turn = 0; // counts starts and stops: what was begun in an earlier turn is void
    bus.onhalt = () => this.state === "playing" && this.pause();
  }

  /** Frames from the start of the song, between 0 and its length. */
  get position() {
    return this.state === "playing" ? this._positionAt(this._bus.now - this._bus.latency) : this._frame;
  }

  get running() {
    return this.state !== "stopped";
  }

  get loop() {
    return this._plan.loop;
  }

  play() {
    if (!this.running) this._start(this.position >= this._chunks.frames ? 0 : this.position);
  }

  pause() {
    if (this.running) this._stop(this.position);
  }

  /** Go to a frame; goes on playing if it was. */
  seek(frame) {
    const target = Math.min(this._chunks.frames, Math.max(0, Math.round(frame)));
    const running = this.running;
    this._stop(target);
    if (running && target < this._chunks.frames) return void this._start(target);
    this._keep();
    this._chunks.load(this._plan.at(target)).catch(() => {}); // so that Play answers at once
  }

  /** Go round between two frames, or with null straight on. Returns the loop, which is null where it would be too short. */
  setLoop(range) {
    const loop = range && loopOf(range.start, range.end, this._chunks.frames, LEAST_LOOP_S * this._rate);
    this._plan.loop = loop;
    this._seams = null;
    if (loop && (this.position < loop.start || this.position >= loop.end)) this.seek(loop.start);
    else this._replan();
    return loop;
  }

  /** 1 is as recorded. Without a stretched bus this changes the key too. */
  setSpeed(speed) {
    const at = this._heard();
    this.speed = Math.fround(speed); // as a source has it
    this._replan(at);
  }

  /** Take in a channel that was asleep. Resolves when it plays along; rejects if its sound cannot be had. */
  async wake(index) {
    if (this._chunks.isAwake(index)) return;
    await this._chunks.wake(index, [...this._plan.upcoming(Math.floor(this.position), 2)]);
    this._seams = null;
    this._replan();
  }

  close() {
    this._stop(0);
    this._chunks.drop();
    this._bus.close();
  }

  async _start(frame) {
    const turn = (this._turn += 1);
    this._frame = Math.floor(frame);
    this._change("loading");
    try {
      this._bus.wake(); // within the click: browsers ask for that
      this._keep();
      const needed = this._plan.chunks(this._plan.next(this._frame));
      await Promise.all([this._bus.resume(), ...needed.map((k) => this._chunks.load(k))]);
      if (turn !== this._turn) return;
      this._from(this._wholeFrame(this._bus.now + LEAD_S), this._frame);
      this._bus.fadeIn(this._t0);
      this._schedule(this._plan.next(this._at));
      this._change("playing");
      this._timer = setInterval(() => this._pump(), TICK_MS);
      this._pump();
    } catch (error) {
      if (turn === this._turn) this._fail(error);
    }
  }

  /** Schedule what is loaded up to AHEAD_S, and load what is not. */
  _pump() {
    const { now } = this._bus;
    while (this._pieces.length > 1 && this._pieces[1].when < now - 1) this._pieces.shift();
    let piece = this._plan.next(this._at);
    for (; piece && this._end() < now + AHEAD_S; piece = this._plan.next(this._at)) {
      const late = this._end() < now + 0.01;
      if (!late && this._isReady(piece)) this._schedule(piece);
      else if (late && now >= this._end()) return this._restart(this._at);
      else break;
    }
    if (piece) this._preload(piece);
    else if (now - this._bus.latency >= this._end()) this._stop(this._chunks.frames);
  }

  _isReady(piece) {
    return this._plan.chunks(piece).every((k) => this._chunks.ready(k));
  }

  _preload(piece) {
    const turn = this._turn;
    this._keep();
    for (const k of this._plan.chunks(piece)) this._chunks.load(k).catch((error) => turn === this._turn && this._fail(error));
  }

  _keep() {
    const at = Math.floor(this.position);
    const wanted = this._plan.upcoming(at, KEEP);
    if (this.state === "playing") for (const k of this._plan.upcoming(this._at, 2)) wanted.add(k);
    this._chunks.keep(wanted.add(this._plan.at(at)).add(this._plan.at(at) - 1));
  }

  /** The sound ran dry at a border: all channels are silent there, and start again from it together. */
  _restart(frame) {
    this._stop(frame);
    this._start(frame);
  }

  /** What was scheduled and is not heard yet gives way to the plan as it is now, from a frame of the clock just ahead, without a gap. */
  _replan(heard = this._heard()) {
    if (this.state !== "playing") return;
    const { when, frame, dry } = heard;
    const piece = this._plan.next(frame);
    if (!piece) return this._stop(this._chunks.frames);
    if (dry || !this._isReady(piece)) return this._restart(frame);
    for (const source of this._sources) {
      if (source.when >= when) this._cancel(source);
      else source.node.stop(when - 0.25 / this._rate); // browsers round this to the next frame, or to the nearest: both are `when`
    }
    this._pieces = this._pieces.filter((each) => each.when < when);
    const last = this._pieces.at(-1);
    if (last) last.to = Math.min(last.to, last.from + Math.round((when - last.when) * this._rate * last.speed));
    this._from(when, frame);
    this._schedule(piece);
    this._pump();
  }

  /** The frame that is heard at a moment just ahead: { when, frame, dry }; dry: what is scheduled ends before it. */
  _heard() {
    if (this.state !== "playing") return { when: 0, frame: this._frame, dry: true };
    const when = this._wholeFrame(this._bus.now + TURN_S);
    return { when, frame: Math.round(this._positionAt(when)), dry: when >= this._end() };
  }

  _positionAt(time) {
    const piece = this._pieces.findLast((each) => each.when <= time);
    if (!piece) return this._frame;
    return Math.min(piece.to, piece.from + (time - piece.when) * this._rate * piece.speed);
  }

  _wholeFrame(time) {
    return Math.ceil(time * this._rate) / this._rate;
  }

  _from(when, frame) {
    this._t0 = when;
    this._played = 0;
    this._at = frame;
  }

  /** When what is scheduled ends. Counted from t0 in whole frames: sums of times would drift. */
  _end() {
    return this._t0 + this._played / (this._rate * this.speed);
  }

  _schedule(piece) {
    const when = this._end();
    const start = piece.seam ? this.loop.end - this._plan.seam : piece.chunk * this._chunks.size;
    if (piece.seam) this._seams ??= seams(this._chunks, this.loop, this._plan.seam);
    const buffers = piece.seam ? this._seams : this._chunks.ready(piece.chunk);
    for (const [index, buffer] of buffers) {
      if (buffer && this._chunks.isAwake(index) && piece.from - start < buffer.length) this._play(buffer, index, when, piece.from - start, piece.to - start);
    }
    this._pieces.push({ when, from: piece.from, to: piece.to, speed: this.speed });
    this._played += piece.to - piece.from;
    this._at = piece.then;
  }

  _play(buffer, index, when, from, to) {
    const node = new AudioBufferSourceNode(this._bus.context, { buffer, playbackRate: this.speed });
    const source = { node, when };
    node.connect(this._bus.input(index));
    node.onended = () => this._cancel(source);
    if (to < buffer.length) node.start(when, from / this._rate, (to - from) / this._rate);
    else node.start(when, from / this._rate);
    this._sources.add(source);
  }

  _cancel(source) {
    source.node.disconnect();
    this._sources.delete(source);
  }

  _stop(frame) {
    this._turn += 1;
    clearInterval(this._timer);
    this._frame = frame;
    if (this.state === "playing") {
      const end = this._bus.fadeOut() + 0.002;
      for (const { node } of this._sources) node.stop(end);
    }
    this._sources.clear();
    this._pieces = [];
    this._change("stopped");
  }

  _fail(error) {
    this._stop(this._frame);
    if (error.name !== "AbortError") this._onerror(error);
  }

  _change(state) {
    this.state = state;
    this._onchange();
  }
}
