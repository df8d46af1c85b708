// The sound of several files as decoded chunks of 5 s, of which those around the listening position are kept.
//
//   chunk k holds the frames k * size .. (k + 1) * size of every channel; the last one is shorter
//
// Memory does not grow with the song: 7 chunks of a stereo stem at 44.1 kHz are 12 MB.

import { Away, Refused, request } from "../base.js";

export const CHUNK_SECONDS = 5;
const FULL_SCALE = 32768;

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
    for (const k of [...this._ready.keys()]) if (!ks.has(k)) this._ready.delete(k);
    for (const { k, control } of this._loading.values()) if (!ks.has(k)) control.abort();
  }

  drop() {
    this.keep(new Set());
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
    for (let pause = 500; ; pause = Math.min(8000, pause * 2)) {
      try {
        const response = await request(`${channel.path}/pcm?start=${start}&frames=${frames}`, { signal });
        return decode(await response.arrayBuffer(), channel.channels, this.sampleRate, frames);
      } catch (error) {
        if (signal.aborted || error instanceof Refused) throw error;
        if (!(error instanceof Away) && !(error instanceof TypeError)) throw error; // TypeError: the line broke within the body
        await sleep(pause, signal);
      }
    }
  }
}

/** Interleaved little-endian int16 -> AudioBuffer. (All browsers run on little-endian machines.) */
function decode(bytes, channels, sampleRate, frames) {
  const samples = new Int16Array(bytes, 0, Math.min(frames * channels, bytes.byteLength >> 1));
  const buffer = new AudioBuffer({ length: frames, numberOfChannels: channels, sampleRate });
  for (let channel = 0; channel < channels; channel += 1) {
    const out = buffer.getChannelData(channel);
    for (let i = channel, n = 0; i < samples.length; i += channels, n += 1) out[n] = samples[i] / FULL_SCALE;
  }
  return buffer;
}

function sleep(ms, signal) {
  return new Promise((resolve, reject) => {
    setTimeout(resolve, ms);
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}
