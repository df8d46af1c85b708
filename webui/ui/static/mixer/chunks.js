// The sound of several files as decoded chunks of 5 s, of which those around the listening position are kept.
//
//   chunk k holds the frames k * size .. (k + 1) * size of every channel; the last one is shorter
//
// Memory does not grow with the song: 7 chunks of a stereo stem at 44.1 kHz are 12 MB. Buffers that are done with are filled again, as
// browsers take their time to collect what they do not know to be big.

import { bytes } from "./bytes.js";

const CHUNK_SECONDS = 5;
const FULL_SCALE = 32768;
const REST_MS = 1000; // a buffer that was just dropped may still fade out
const SPARE = 2; // buffers of each channel that wait to be filled again

export class Chunks {
  /**
   * @param channels [{ path, channels, frames, asleep }]: `path` is what stands before "/pcm" below api/v1; an `asleep` one is not
   *   loaded until it is woken
   * @param sampleRate of all of them
   */
  constructor(channels, sampleRate) {
    this.channels = channels;
    this.sampleRate = sampleRate;
    this.frames = Math.max(...channels.map((channel) => channel.frames));
    this.size = CHUNK_SECONDS * sampleRate;
    this._awake = new Set([...channels.keys()].filter((index) => !channels[index].asleep));
    this._ready = new Map(); // k -> Map of channel index -> AudioBuffer, or null beyond its end
    this._loading = new Map(); // "k index" -> { k, promise, control }
    this._spare = []; // { buffer, since }
  }

  /** The buffers of chunk k by channel (null where one has ended), or undefined while one of them is missing. */
  ready(k) {
    const found = this._ready.get(k);
    return found && [...this._awake].every((index) => found.has(index)) ? found : undefined;
  }

  /** Load chunk k of all channels that are awake. Waits for the server as long as it takes; rejects if the file is gone or it is dropped. */
  async load(k) {
    await Promise.all([...this._awake].map((index) => this._load(k, index)));
    return this.ready(k);
  }

  /** Take a channel in: first its parts of these chunks, then with all that follow. */
  async wake(index, ks) {
    await Promise.all(ks.map((k) => this._load(k, index)));
    this._awake.add(index);
  }

  isAwake(index) {
    return this._awake.has(index);
  }

  /** Drop all chunks but these, also what is still under way. */
  keep(ks) {
    for (const [k, buffers] of this._ready) {
      if (ks.has(k)) continue;
      this._ready.delete(k);
      for (const buffer of buffers.values()) if (buffer) this._spare.push({ buffer, since: performance.now() });
    }
    this._spare = this._spare.slice(-SPARE * this.channels.length);
    for (const { k, control } of this._loading.values()) if (!ks.has(k)) control.abort();
  }

  drop() {
    this.keep(new Set());
    this._spare = [];
  }

  /** Frames `from` to `to` of a channel as Float32Array for each of `count` sides; silence before the song and after its end. */
  read(index, from, to, count) {
    const sides = Array.from({ length: count }, () => new Float32Array(to - from));
    for (let k = Math.max(0, Math.floor(from / this.size)); k * this.size < to; k += 1) {
      const buffer = this._ready.get(k)?.get(index);
      if (!buffer) continue;
      const first = Math.max(from, k * this.size);
      const end = Math.min(to, k * this.size + buffer.length);
      sides.forEach((side, n) => {
        const data = buffer.getChannelData(Math.min(n, buffer.numberOfChannels - 1));
        if (end > first) side.set(data.subarray(first - k * this.size, end - k * this.size), first - from);
      });
    }
    return sides;
  }

  _buffer(channels, length) {
    const before = performance.now() - REST_MS;
    const at = this._spare.findIndex(({ buffer, since }) => since < before && buffer.length === length && buffer.numberOfChannels === channels);
    if (at >= 0) return this._spare.splice(at, 1)[0].buffer;
    return new AudioBuffer({ length, numberOfChannels: channels, sampleRate: this.sampleRate });
  }

  _load(k, index) {
    if (this._ready.get(k)?.has(index)) return Promise.resolve();
    const name = `${k} ${index}`;
    let entry = this._loading.get(name);
    if (!entry) {
      const control = new AbortController();
      const promise = this._fetch(this.channels[index], k, control.signal)
        .then((buffer) => {
          if (!this._ready.has(k)) this._ready.set(k, new Map());
          this._ready.get(k).set(index, buffer);
        })
        .finally(() => this._loading.get(name) === entry && this._loading.delete(name));
      this._loading.set(name, (entry = { k, promise, control }));
      control.signal.addEventListener("abort", () => this._loading.get(name) === entry && this._loading.delete(name));
    }
    return entry.promise;
  }

  async _fetch(channel, k, signal) {
    const start = k * this.size;
    const frames = Math.min(this.size, channel.frames - start);
    if (frames <= 0) return null;
    const sound = await bytes(`${channel.path}/pcm?start=${start}&frames=${frames}`, signal);
    return fill(this._buffer(channel.channels, frames), sound);
  }
}

/** Interleaved little-endian int16 into an AudioBuffer, with silence where there are too few. (All browsers run on little-endian machines.) */
function fill(buffer, sound) {
  const { length, numberOfChannels: channels } = buffer;
  const samples = new Int16Array(sound, 0, Math.min(length * channels, sound.byteLength >> 1));
  for (let channel = 0; channel < channels; channel += 1) {
    const out = buffer.getChannelData(channel);
    let n = 0;
    for (let i = channel; i < samples.length; i += channels, n += 1) out[n] = samples[i] / FULL_SCALE;
    out.fill(0, n);
  }
  return buffer;
}
