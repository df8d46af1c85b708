// The arithmetic of a blind test.

/** The chance of guessing at least `right` of `count` by luck alone. */
export function chance(right, count) {
  let term = 0.5 ** count; // of exactly `count` right
  let sum = 0;
  for (let k = count; k >= right; k -= 1) {
    sum += term;
    term *= k / (count - k + 1);
  }
  return Math.min(1, sum);
}

/** "yes": hardly luck; "maybe"; "no": luck would do as well; "few": too few answers to say. */
export function verdict(right, count) {
  if (count < 5) return "few";
  const p = chance(right, count);
  return p <= 0.05 ? "yes" : p <= 0.2 ? "maybe" : "no";
}

/** A toss that nobody can foresee. */
export function toss() {
  return crypto.getRandomValues(new Uint8Array(1))[0] < 128 ? "a" : "b";
}
