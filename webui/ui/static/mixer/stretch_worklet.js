// Changes the key of a sound without its speed: WSOLA, then reading the result faster or slower.
//
//   input      ..|--------|........        frames of 58 ms are taken from the input wherever they continue the last one best,
//   stretched  |----|----|----|----|       put together at half their length to a sound `ratio` times as long,
//   output     which is read `ratio` times as fast: as long as the input again, and `ratio` times as high
//
// A frame is taken at (now - latency) of the input, so the two never drift apart however the ratio changes.

const WINDOW_S = 0.058;
const SEARCH_S = 0.0115; // half a period of 43 Hz
const RING = 1 << 15;
const MASK = RING - 1;
const COARSE = 4; // samples in one of the rough search

class Stretch extends AudioWorkletProcessor {
  constructor({ processorOptions }) {
    super();
    this._hop = Math.round((WINDOW_S * sampleRate) / 2 / COARSE) * COARSE;
    this._search = Math.round((SEARCH_S * sampleRate) / COARSE) * COARSE;
    this._latency = 2 * this._hop + this._search + COARSE;
    this._window = Float32Array.from({ length: 2 * this._hop }, (_, n) => 0.5 - 0.5 * Math.cos((Math.PI * (n + 0.5)) / this._hop));
    this._ratio = processorOptions.ratio;
    this._in = [new Float32Array(RING), new Float32Array(RING)];
    this._mono = new Float32Array(RING);
    this._rough = new Float32Array(RING / COARSE);
    this._written = 0;
    this._out = [new Float32Array(RING), new Float32Array(RING)]; // the stretched sound
    this._tail = [new Float32Array(this._hop), new Float32Array(this._hop)];
    this._made = 4; // samples of it; a few of silence before it for the interpolation
    this._read = 1;
    this._last = null; // where the last frame was taken
    this.port.onmessage = ({ data }) => (this._ratio = data);
  }

  process([input], [output]) {
    const length = output[0].length;
    this._write(input, length);
    for (let i = 0; i < length; i += 1) {
      if (Math.floor(this._read) + 3 > this._made) this._frame(this._written - length + i - this._latency);
      for (let side = 0; side < 2; side += 1) output[side][i] = between(this._out[side], this._read);
      this._read += this._ratio;
    }
    return true;
  }

  _write(input, length) {
    for (let i = 0; i < length; i += 1, this._written += 1) {
      const at = this._written & MASK;
      const left = input.length ? input[0][i] : 0;
      const right = input.length > 1 ? input[1][i] : left;
      this._in[0][at] = left;
      this._in[1][at] = right;
      this._mono[at] = left + right;
      const rough = at >> 2;
      this._rough[rough] = (at % COARSE ? this._rough[rough] : 0) + left + right;
    }
  }

  /** Add a frame taken near `wanted` to the stretched sound. */
  _frame(wanted) {
    const hop = this._hop;
    const start = this._last === null ? wanted : this._best(wanted, this._last + hop);
    for (let side = 0; side < 2; side += 1) {
      const [from, to, tail] = [this._in[side], this._out[side], this._tail[side]];
      for (let n = 0; n < hop; n += 1) {
        to[(this._made + n) & MASK] = tail[n] + this._window[n] * from[(start + n) & MASK];
        tail[n] = this._window[hop + n] * from[(start + hop + n) & MASK];
      }
    }
    this._made += hop;
    this._last = start;
  }

  /** Where near `wanted` the sound is most like that at `model`: roughly first, then to the sample. */
  _best(wanted, model) {
    const steps = this._search / COARSE;
    const base = Math.round(wanted / COARSE);
    const rough = this._likest(this._rough, base - steps, base + steps, Math.round(model / COARSE), this._hop / COARSE, 1, MASK >> 2);
    const [low, high] = [rough * COARSE - COARSE + 1, rough * COARSE + COARSE - 1];
    return this._likest(this._mono, low, high, model, this._hop, 2, MASK);
  }

  _likest(ring, first, last, model, length, step, mask) {
    let best = first;
    let highest = -Infinity;
    for (let start = first; start <= last; start += 1) {
      let product = 0;
      let energy = 1e-9;
      for (let n = 0; n < length; n += step) {
        const value = ring[(start + n) & mask];
        product += value * ring[(model + n) & mask];
        energy += value * value;
      }
      const likeness = product / Math.sqrt(energy);
      if (likeness > highest) [highest, best] = [likeness, start];
    }
    return best;
  }
}

/** The value between samples: a cubic through the four around it (Hermite). */
function between(ring, position) {
  const at = Math.floor(position);
  const x = position - at;
  const [a, b, c, d] = [ring[(at - 1) & MASK], ring[at & MASK], ring[(at + 1) & MASK], ring[(at + 2) & MASK]];
  const slope = (c - a) / 2;
  const square = a - 2.5 * b + 2 * c - d / 2;
  const cube = (d - a) / 2 + 1.5 * (b - c);
  return ((cube * x + square) * x + slope) * x + b;
}

registerProcessor("msst-stretch", Stretch);
