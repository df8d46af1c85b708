// The way of the sound: a fader and a balance for each channel, stems and original, volume, loudspeaker.
//
//   channel: gain -> balance --+--> stems (1 or 0) ----+--> fade --> volume --> loudspeaker
//                              +--> original (0 or 1) -+        (or through one stretcher, when speed or key is changed)
//
// The AudioContext is made at the first sound, within somebody's click. What is set before that holds from then on.

import { Stretch } from "./stretch.js";

const FADE_S = 0.008; // no clicks where the sound starts and stops
const CROSSFADE_S = 0.015; // between the stems and the original
const WAKE_MS = 6000; // a headset without wires takes its time
const SMOOTH_S = 0.004; // a fader arrives within 10 ms

export class Bus {
  /** rate: of the files; sides: for each channel "stems" or "original". */
  constructor(rate, sides) {
    this.context = null;
    this.onhalt = () => {};
    this._rate = rate;
    this._channels = sides.map((side) => ({ side, gain: 1, pan: 0 }));
    this._side = "stems";
    this._volume = 1;
    this._stretch = new Stretch();
  }

  get now() {
    return this.context.currentTime;
  }

  /** Seconds from what is scheduled to what is heard. */
  get latency() {
    return this._stretch.latency;
  }

  input(index) {
    return this._channels[index].node;
  }

  /** Volume of a channel as a factor; reached without a click. */
  setGain(index, gain) {
    this._channels[index].gain = gain;
    this._smooth(this._channels[index].node?.gain, gain);
  }

  /** Balance from -1 (left) to 1 (right): the other side gets quieter, the middle leaves every sample as it is. */
  setPan(index, pan) {
    const channel = this._channels[index];
    channel.pan = pan;
    this._smooth(channel.left?.gain, 1 - Math.max(0, pan));
    this._smooth(channel.right?.gain, 1 + Math.min(0, pan));
  }

  setVolume(volume) {
    this._volume = volume;
    this._smooth(this._output?.gain, volume);
  }

  /** "stems" or "original": which of them is heard. */
  setSide(side) {
    if (side === this._side) return;
    this._side = side;
    for (const name of ["stems", "original"]) this._ramp(this[`_${name}`]?.gain, Number(name === side), CROSSFADE_S);
  }

  /** Keep the key at another speed, and change it by semitones. Resolves once it is so; a change of speed itself is the transport's. */
  async setStretch(speed, semitones) {
    this._stretch.set(speed, semitones);
    if (this.context) await this._stretch.join(this.context, this._output);
  }

  fadeIn(when) {
    this._fade.gain.cancelScheduledValues(0);
    this._fade.gain.setValueAtTime(0, when);
    this._fade.gain.linearRampToValueAtTime(1, when + FADE_S);
  }

  /** Returns the time at which it is silent. */
  fadeOut() {
    this._fade.gain.cancelScheduledValues(0);
    this._fade.gain.setValueAtTime(1, this.now);
    this._fade.gain.linearRampToValueAtTime(0, this.now + FADE_S);
    return this.now + FADE_S;
  }

  /** Rejects where the browser does not get its sound going: without a loudspeaker some wait for one for ever. */
  async resume() {
    let late;
    const patience = new Promise((_, reject) => {
      late = setTimeout(() => reject(new Error("the browser gives no sound")), WAKE_MS);
    });
    const woken = Promise.all([this.context.resume(), this._stretch.join(this.context, this._output)]);
    await Promise.race([woken, patience]).finally(() => clearTimeout(late));
  }

  close() {
    this.context?.close();
    this.context = null;
  }

  /** Make the context at the rate of the files: at another rate each chunk would be resampled alone, with seams. */
  wake() {
    if (this.context) return;
    try {
      this.context = new AudioContext({ sampleRate: this._rate, latencyHint: "playback" });
    } catch (error) {
      if (error.name !== "NotSupportedError") throw error;
      this.context = new AudioContext({ latencyHint: "playback" });
    }
    this._output = this._gain(this._volume, null);
    this._fade = this._gain(0, this._output);
    this._stems = this._gain(Number(this._side === "stems"), this._fade);
    this._original = this._gain(Number(this._side === "original"), this._fade);
    for (const channel of this._channels) this._wire(channel);
    // A phone call or a headset pulled out: the clock stands still, and so must the button.
    this.context.onstatechange = () => this.context && this.context.state !== "running" && this.onhalt();
  }

  _wire(channel) {
    const merger = new ChannelMergerNode(this.context, { numberOfInputs: 2 });
    const splitter = new ChannelSplitterNode(this.context, { numberOfOutputs: 2 });
    // Two channels always: mono is then in the middle, at its own level.
    channel.node = new GainNode(this.context, { gain: channel.gain, channelCount: 2, channelCountMode: "explicit" });
    channel.left = new GainNode(this.context, { gain: 1 - Math.max(0, channel.pan) });
    channel.right = new GainNode(this.context, { gain: 1 + Math.min(0, channel.pan) });
    channel.node.connect(splitter);
    splitter.connect(channel.left, 0).connect(merger, 0, 0);
    splitter.connect(channel.right, 1).connect(merger, 0, 1);
    merger.connect(channel.side === "stems" ? this._stems : this._original);
  }

  _gain(gain, to) {
    const node = new GainNode(this.context, { gain });
    if (to) node.connect(to);
    return node;
  }

  _smooth(param, value) {
    param?.setTargetAtTime(value, this.now, SMOOTH_S);
  }

  _ramp(param, value, seconds) {
    if (!param) return;
    param.cancelScheduledValues(0);
    param.setValueAtTime(1 - value, this.now);
    param.linearRampToValueAtTime(value, this.now + seconds);
  }
}
