// The original song beside the stems: asked for when somebody first wants to hear it, and played as loud as the mix is.

import { json } from "../base.js";
import { t } from "../text.js";
import { matched } from "./level.js";

export class Original {
  /**
   * @param path of the job below api/v1; index: the original's channel
   * @param quality () => the figures of the job
   * @param say(text) tells the reader what is going on
   */
  constructor({ path, index, chunks, transport, bus, quality, say, signal }) {
    Object.assign(this, { on: false, _path: path, _index: index, _chunks: chunks, _transport: transport });
    Object.assign(this, { _bus: bus, _quality: quality, _say: say, _signal: signal, _figures: null });
  }

  /** Hear the original, or the stems again. Resolves to whether the original is heard. */
  async set(on) {
    this.on = on;
    if (on && !this._chunks.isAwake(this._index)) {
      this._say(t("result.original.loading"));
      try {
        await this._wake();
        this._say("");
      } catch (error) {
        if (this._signal.aborted) return false;
        this.on = false;
        this._say(t(error.status ? "result.original.gone" : "error.away"));
      }
    }
    this._bus.setSide(this.on ? "original" : "stems");
    return this.on;
  }

  /** Make it as loud as the stems with these factors: a Map of file -> factor. */
  level(gains) {
    this._gains = gains;
    if (this._figures) this._bus.setGain(this._index, matched(this._figures, gains));
  }

  async _wake() {
    const { channels, frames } = await json(`${this._path}/song/info`, { signal: this._signal });
    Object.assign(this._chunks.channels[this._index], { channels, frames: Math.min(frames, this._chunks.frames) });
    while (this.on && !this._chunks.isAwake(this._index)) await this._join();
    if (!this.on) return;
    this._quality().then(
      (figures) => {
        this._figures = figures;
        this.level(this._gains);
      },
      () => {}, // then it is as loud as it is
    );
  }

  // Whoever goes to another place of the song ends what loads for the one before: the original joins at the new place then.
  async _join() {
    try {
      await this._transport.wake(this._index);
    } catch (error) {
      if (error.name !== "AbortError" || this._signal.aborted) throw error;
    }
  }
}
