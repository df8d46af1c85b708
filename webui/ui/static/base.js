// Addresses and requests. Every address starts from where the page itself lies, so a proxy may put it below any path.

export function address(path) {
  return new URL(path, document.baseURI).href;
}

/** What the server answered when it refused: `code` and `params` choose the translated text. */
export class Refused extends Error {
  constructor(status, body) {
    super(body.detail || `HTTP ${status}`);
    this.status = status;
    this.code = body.code || "";
    this.hint = body.hint || "";
    this.params = body.params || {};
  }
}

/** The server cannot be reached, or something before it answers in its place. */
export class Away extends Error {}

/** Fetch below api/v1; the caller reads the body. Throws Refused or Away; an aborted request throws AbortError. */
export async function request(path, options = {}) {
  let response;
  try {
    response = await fetch(address(`api/v1/${path}`), options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Away(String(error));
  }
  if (response.ok) return response;
  if ([502, 503, 504].includes(response.status)) throw new Away(`HTTP ${response.status}`);
  throw new Refused(response.status, await response.json().catch(() => ({})));
}

/** Fetch JSON below api/v1, never from a cache. */
export async function json(path, options = {}) {
  const response = await request(path, { cache: "no-store", ...options });
  return response.json();
}
