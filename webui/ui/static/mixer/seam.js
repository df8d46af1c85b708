// The end of a loop's round: the sound before its end fades into the sound before its start.

/** Map of channel index -> AudioBuffer of `length` frames, for the channels that are awake. The chunks must be loaded. */
export function seams(chunks, { start, end }, length) {
  const made = new Map();
  chunks.channels.forEach(({ channels }, index) => {
    if (!chunks.isAwake(index)) return;
    const out = chunks.read(index, end - length, end, channels);
    const before = chunks.read(index, start - length, start, channels);
    const buffer = new AudioBuffer({ length, numberOfChannels: channels, sampleRate: chunks.sampleRate });
    out.forEach((side, n) => {
      const samples = buffer.getChannelData(n);
      for (let i = 0; i < length; i += 1) {
        const share = (i + 1) / (length + 1);
        samples[i] = side[i] * (1 - share) + before[n][i] * share;
      }
    });
    made.set(index, buffer);
  });
  return made;
}
