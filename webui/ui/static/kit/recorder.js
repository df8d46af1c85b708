// Recording from the microphone, as a file like any other.

const KINDS = { "audio/webm;codecs=opus": "webm", "audio/mp4": "m4a", "audio/ogg;codecs=opus": "ogg" };

/** Why this browser cannot record here, as the key of a text; null if it can. */
export function cannotRecord() {
  if (!window.isSecureContext) return "songs.record.insecure";
  if (!navigator.mediaDevices?.getUserMedia || !window.MediaRecorder) return "songs.record.missing";
  return null;
}

/**
 * Begin to record; asks the user for the microphone. Throws a DOMException when it is refused or there is none.
 * Returns { stop(): Promise<File>, cancel() }.
 * @param name of the file, without its ending
 */
export async function record(name) {
  // What telephones do for speech takes the music out of it.
  const plain = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
  const stream = await navigator.mediaDevices.getUserMedia({ audio: plain });
  const type = Object.keys(KINDS).find((kind) => MediaRecorder.isTypeSupported(kind)) ?? "";
  const recorder = new MediaRecorder(stream, { ...(type && { mimeType: type }), audioBitsPerSecond: 256000 });
  const parts = [];
  recorder.addEventListener("dataavailable", (event) => parts.push(event.data));
  const ended = new Promise((resolve) => recorder.addEventListener("stop", resolve));
  recorder.start();
  const end = async () => {
    if (recorder.state !== "inactive") recorder.stop();
    await ended;
    for (const track of stream.getTracks()) track.stop();
  };
  return {
    async stop() {
      await end();
      return new File(parts, `${name}.${KINDS[type] ?? "webm"}`, { type: recorder.mimeType });
    },
    cancel: end,
  };
}
