// The sound of all stems as decoded chunks of 5 s, of which a window around the listening position is kept.
//
//   chunk k holds the frames k * FRAMES .. (k + 1) * FRAMES of every stem; the last one is shorter
//
// Memory does not grow with the song: 7 chunks of a stereo stem at 44.1 kHz are 12 MB.

import { Away, Refused, request } from "../base.js";

export const CHUNK_SECONDS = 5;
const BEHIND = 1;
const AHEAD = 5;

export class Chunks {
  /** jobId; stems: [{ file, channels, frames }], all at sampleRate. */
  constructor(jobId, stems, sampleRate) {
    this.stems = stems;
    this.sampleRate = sampleRate;
    this.frames = Math.max(...stems.map((stem) => stem.frames));
    this.size = CHUNK_SECONDS * sampleRate;
    this.last = Math.max(0, Math.ceil(this.frames / this.size) - 1);
    this._jobId = jobId;
    this._ready = new Map(); // k -> [AudioBuffer or null per stem]
    this._loading = new Map(); // k -> { promise, control }
  }

  at(frame) {
    return Math.min(this.last, Math.floor(frame / this.size));
  }

  /** The buffers of chunk k, one a stem (null where a stem has ended), or undefined while one of them is missing. */
  ready(k) {
    return this._ready.get(k);
  }

  /** Load chunk k of all stems. Waits for the server as long as it takes; rejects if the job is gone or the load is dropped. */
  load(k) {
    if (this._ready.has(k)) return Promise.resolve(this._ready.get(k));
    let entry = this._loading.get(k);
    if (!entry) {
      const control = new AbortController();
      const promise = Promise.all(this.stems.map((stem) => this._fetch(stem, k, control.signal)))
        .then((buffers) => (this._ready.set(k, buffers), buffers))
        .finally(() => this._loading.delete(k));
      this._loading.set(k, (entry = { promise, control }));
    }
    return entry.promise;
  }

  /** Keep the window around chunk k; drop the rest, also what is still under way. */
  focus(k) {
    const outside = (other) => other < k - BEHIND || other > k + AHEAD;
    for (const other of [...this._ready.keys()]) if (outside(other)) this._ready.delete(other);
    for (const [other, { control }] of this._loading) if (outside(other)) control.abort();
  }

  drop() {
    for (const { control } of this._loading.values()) control.abort();
    this._ready.clear();
  }

  async _fetch(stem, k, signal) {
    const start = k * this.size;
    const frames = Math.min(this.size, stem.frames - start);
    if (frames <= 0) return null;
    const path = `jobs/${encodeURIComponent(this._jobId)}/stems/${encodeURIComponent(stem.file)}/pcm?start=${start}&frames=${frames}`;
    for (let pause = 500; ; pause = Math.min(8000, pause * 2)) {
      try {
        const response = await request(path, { signal });
        return decode(await response.arrayBuffer(), stem.channels, this.sampleRate, frames);
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
    for (let i = channel, n = 0; i < samples.length; i += channels, n += 1) out[n] = samples[i] / 32768;
  }
  return buffer;
}

function sleep(ms, signal) {
  return new Promise((resolve, reject) => {
    setTimeout(resolve, ms);
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}
