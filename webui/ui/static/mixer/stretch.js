// Speed and key for practice: the transport plays its sources faster or slower, and one stretcher on their sum sets the key right.
// It is an AudioWorklet, which browsers have on https and on the computer itself only.

const FADE_S = 0.02;

/** Whether this page can have one. */
export function canStretch() {
  return window.isSecureContext && "audioWorklet" in BaseAudioContext.prototype;
}

export class Stretch {
  constructor() {
    this._ratio = 1;
    this._node = null;
    this._wired = null;
  }

  /** Seconds that it is behind. */
  get latency() {
    return this._wired === "wet" ? LATENCY_S : 0;
  }

  get _changes() {
    return Math.abs(this._ratio - 1) > 1e-6;
  }

  /** speed: of the sources; semitones: how much higher than recorded it is to sound. */
  set(speed, semitones) {
    this._ratio = 2 ** (semitones / 12) / speed;
    this._node?.port.postMessage(this._ratio);
  }

  /** Put it between `output` and the loudspeaker, or take it out where nothing is to be changed. */
  async join(context, output) {
    if (this._wired === null) {
      this._dry = new GainNode(context, { gain: 1 });
      this._dry.connect(context.destination);
      output.connect(this._dry);
      this._wired = "dry";
    }
    if (this._changes && !this._node) await this._make(context);
    const wanted = this._changes ? "wet" : "dry"; // asked after the wait: somebody may have turned it back
    if (wanted === this._wired || context.state === "closed") return;
    this._wired = wanted;
    const now = context.currentTime;
    const [rising, falling] = wanted === "wet" ? [this._wet, this._dry] : [this._dry, this._wet];
    if (wanted === "wet") output.connect(this._node);
    else setTimeout(() => this._wired === "dry" && context.state !== "closed" && output.disconnect(this._node), 200);
    ramp(falling.gain, 1, 0, now);
    ramp(rising.gain, 0, 1, now + (wanted === "wet" ? LATENCY_S : 0));
  }

  async _make(context) {
    this._making ??= context.audioWorklet.addModule(new URL("./stretch_worklet.js", import.meta.url).href).then(() => {
      this._node = new AudioWorkletNode(context, "msst-stretch", {
        outputChannelCount: [2],
        channelCount: 2,
        channelCountMode: "explicit",
        processorOptions: { ratio: this._ratio },
      });
      this._node.port.postMessage(this._ratio);
      this._wet = new GainNode(context, { gain: 0 });
      this._node.connect(this._wet).connect(context.destination);
    });
    await this._making;
  }
}

const LATENCY_S = 0.072;

function ramp(param, from, to, when) {
  param.cancelScheduledValues(0);
  param.setValueAtTime(from, when);
  param.linearRampToValueAtTime(to, when + FADE_S);
}
