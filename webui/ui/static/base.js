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
  if (response.status === 401) return signIn();
  throw failure(response.status, await response.json().catch(() => null));
}

// A proxy answers 502 to 504 in the server's place; the server itself says a code (a song's address that gave none is a 502 too).
function failure(status, body) {
  if ([502, 503, 504].includes(status) && !body?.code) return new Away(`HTTP ${status}`);
  return new Refused(status, body ?? {});
}

/** Fetch JSON below api/v1, never from a cache. */
export async function json(path, options = {}) {
  const response = await request(path, { cache: "no-store", ...options });
  return response.json();
}

/**
 * Send a form with a file, telling how much of it has been sent (fetch cannot say that). Resolves to the JSON of the answer.
 * @param progress called with the share that has been sent, 0 to 1
 * @param signal an AbortSignal
 */
export function sendForm(path, form, { progress, signal }) {
  return new Promise((resolve, reject) => {
    const call = new XMLHttpRequest();
    call.open("POST", address(`api/v1/${path}`));
    call.responseType = "json";
    call.upload.addEventListener("progress", (event) => event.lengthComputable && progress(event.loaded / event.total));
    call.upload.addEventListener("load", () => progress(1));
    call.addEventListener("load", () => {
      if (call.status < 300) resolve(call.response);
      else reject(failure(call.status, call.response));
    });
    call.addEventListener("error", () => reject(new Away("the connection broke")));
    call.addEventListener("abort", () => reject(new DOMException("stopped", "AbortError")));
    signal.addEventListener("abort", () => call.abort());
    call.send(form);
  });
}

/** Send JSON below api/v1 and get JSON back. */
export function send(path, body = {}, { method = "POST", ...more } = {}) {
  return json(path, { method, headers: { "content-type": "application/json" }, body: JSON.stringify(body), ...more });
}

/** The server asks for a key and this browser has none any more: to the page that takes one, and back here. */
function signIn() {
  const home = new URL(".", document.baseURI).pathname;
  const here = `/${location.pathname.slice(home.length)}${location.search}`;
  location.assign(address(`signin?next=${encodeURIComponent(here)}`));
  return new Promise(() => {});
}
