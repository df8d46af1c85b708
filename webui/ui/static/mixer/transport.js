// One transport for all stems: every chunk of every stem is scheduled on the clock of one AudioContext.
//
//   context clock   t0 ............ t0 + (border - p0) / rate ............
//   stem 1          |  chunk k from p0  |        chunk k + 1        |
//   stem 2          |  chunk k from p0  |        chunk k + 1        |
//
// Sources of a chunk start in one go with the same `when`, a whole number of frames after t0, so stems cannot drift apart and
// chunks touch without a gap. If one stem's chunk is late, none is scheduled: all end at the border, together, and go on together.
// Needs no AudioWorklet: it works on plain http in the house.

const AHEAD_S = 10; // how far the sound is scheduled
const LEAD_S = 0.08; // from the decision to play to the first sample
const FADE_S = 0.008; // no clicks where the sound starts and stops
const TICK_MS = 120;

export class Transport {
  /** chunks: a Chunks; onchange(): state or position jumped; onerror(error): the sound cannot be had. */
  constructor(chunks, { onchange, onerror }) {
    this.state = "stopped"; // "stopped" | "loading" | "playing"
    this._chunks = chunks;
    this._rate = chunks.sampleRate;
    this._onchange = onchange;
    this._onerror = onerror;
    this._frame = 0; // where it stands or starts from
    this._gains = chunks.stems.map(() => 1);
    this._sources = new Set();
    this._turn = 0; // counts starts and stops: what was begun in an earlier turn is void
  }

  /** Frames from the start of the song, between 0 and its length. */
  get position() {
    if (this.state !== "playing") return this._frame;
    const played = (this._context.currentTime - this._t0) * this._rate;
    return Math.min(this._border, Math.max(this._frame, this._frame + played));
  }

  get running() {
    return this.state !== "stopped";
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
    if (running && target < this._chunks.frames) this._start(target);
    else this._chunks.load(this._chunks.at(target)).catch(() => {}); // so that Play answers at once
  }

  /** Volume of a stem as a factor; reached within 10 ms, without a click. */
  setGain(index, gain) {
    this._gains[index] = gain;
    if (this._nodes) this._nodes[index].gain.setTargetAtTime(gain, this._context.currentTime, 0.004);
  }

  close() {
    this._stop(0);
    this._chunks.drop();
    this._context?.close();
  }

  async _start(frame) {
    const turn = (this._turn += 1);
    this._frame = Math.floor(frame);
    this._change("loading");
    try {
      this._wake(); // within the click: browsers ask for that
      const k = this._chunks.at(this._frame);
      this._chunks.focus(k);
      await Promise.all([this._context.resume(), this._chunks.load(k)]);
      if (turn !== this._turn) return;
      // A whole frame of the clock, so that every later border is one too.
      this._t0 = Math.ceil((this._context.currentTime + LEAD_S) * this._rate) / this._rate;
      this._border = this._frame;
      this._next = k;
      this._fade(0, 1, this._t0);
      this._schedule();
      this._change("playing");
      this._timer = setInterval(() => this._pump(), TICK_MS);
      this._pump();
    } catch (error) {
      if (turn === this._turn) this._fail(error);
    }
  }

  /** Schedule what is loaded up to AHEAD_S, and load what is not. */
  _pump() {
    const { currentTime } = this._context;
    while (this._border < this._chunks.frames && this._when() < currentTime + AHEAD_S) {
      const late = this._when() < currentTime + 0.01;
      if (!late && this._chunks.ready(this._next)) this._schedule();
      else if (late && currentTime >= this._when()) return this._restart();
      else {
        this._preload(this._next);
        return;
      }
    }
    if (this._border < this._chunks.frames) this._preload(this._next);
    else if (currentTime >= this._when()) this._stop(this._chunks.frames);
  }

  _preload(k) {
    const turn = this._turn;
    this._chunks.focus(this._chunks.at(this.position));
    this._chunks.load(k).catch((error) => turn === this._turn && this._fail(error));
  }

  /** The sound ran dry at a border: all stems are silent there, and start again from it together. */
  _restart() {
    const frame = this._border;
    this._stop(frame);
    this._start(frame);
  }

  _when() {
    return this._t0 + (this._border - this._frame) / this._rate;
  }

  /** Chunk `_next` of all stems, from `_border` to its own end. */
  _schedule() {
    const { size, frames } = this._chunks;
    const when = this._when();
    const offset = (this._border - this._next * size) / this._rate;
    this._chunks.ready(this._next).forEach((buffer, index) => {
      if (!buffer || offset >= buffer.duration) return;
      const source = new AudioBufferSourceNode(this._context, { buffer });
      source.connect(this._nodes[index]);
      source.onended = () => {
        source.disconnect();
        this._sources.delete(source);
      };
      source.start(when, offset);
      this._sources.add(source);
    });
    this._next += 1;
    this._border = Math.min(frames, this._next * size);
  }

  _stop(frame) {
    this._turn += 1;
    clearInterval(this._timer);
    this._frame = frame;
    if (this._context) {
      const end = this._context.currentTime + FADE_S;
      if (this.state === "playing") this._fade(1, 0, this._context.currentTime);
      for (const source of this._sources) source.stop(end + 0.002);
      this._sources.clear();
    }
    this._change("stopped");
  }

  _fail(error) {
    this._stop(this._frame);
    if (error.name !== "AbortError") this._onerror(error);
  }

  _fade(from, to, when) {
    const { gain } = this._master;
    gain.cancelScheduledValues(0);
    gain.setValueAtTime(from, when);
    gain.linearRampToValueAtTime(to, when + FADE_S);
  }

  /** Make the context at the rate of the files: at another rate each chunk would be resampled alone, with seams. */
  _wake() {
    if (this._context) return;
    try {
      this._context = new AudioContext({ sampleRate: this._rate, latencyHint: "playback" });
    } catch (error) {
      if (error.name !== "NotSupportedError") throw error;
      this._context = new AudioContext({ latencyHint: "playback" });
    }
    this._master = new GainNode(this._context, { gain: 0 });
    this._master.connect(this._context.destination);
    this._nodes = this._gains.map((gain) => {
      const node = new GainNode(this._context, { gain });
      node.connect(this._master);
      return node;
    });
    // A phone call or a headset pulled out: the clock stands still, and so must the button.
    this._context.onstatechange = () => {
      if (this._context.state !== "running" && this.state === "playing") this.pause();
    };
  }

  _change(state) {
    this.state = state;
    this._onchange();
  }
}
