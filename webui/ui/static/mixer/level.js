// How loud the original is to be played beside the mix, so that the louder one does not win by being louder.

const MOST_DB = 12;

/**
 * The factor for the original.
 * @param quality the answer of jobs/{id}/quality
 * @param gains Map of stem file -> factor it is played with
 */
export function matched(quality, gains) {
  const powers = quality.stems.map((stem) => [stem.file, power(stem)]);
  const all = powers.reduce((sum, [, each]) => sum + each, 0);
  const mix = powers.reduce((sum, [file, each]) => sum + each * (gains.get(file) ?? 0) ** 2, 0);
  const song = power(quality.song);
  if (!all || !mix || !song) return 1;
  // Stems that add up to the song are as loud as the song; others by their loudness.
  const whole = quality.null_db != null && quality.null_db < -12 ? all : song;
  const db = 10 * Math.log10(mix / whole);
  return 10 ** (Math.min(MOST_DB, Math.max(-MOST_DB, db)) / 20);
}

/** Power that loudness stands for; RMS where a sound is too short for loudness. */
export function power({ loudness, rms_db: rms, silent }) {
  const db = loudness ?? rms;
  return silent || db == null || !Number.isFinite(db) ? 0 : 10 ** (db / 10);
}
