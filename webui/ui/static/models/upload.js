// Sending a form with large files: fetch says nothing of how far it is, so this is the older way.

import { address, Away, Refused } from "../base.js";

/**
 * POST `form` to `path` below api/v1. Resolves to the JSON of the answer; throws Refused, Away, or AbortError.
 * @param onprogress (fraction) => {}, 1 when all is sent and the server works on it
 */
export function send(path, form, { onprogress = () => {}, signal } = {}) {
  return new Promise((resolve, reject) => {
    const asked = new XMLHttpRequest();
    asked.open("POST", address(`api/v1/${path}`));
    asked.responseType = "json";
    asked.upload.addEventListener("progress", ({ loaded, total }) => onprogress(total ? loaded / total : 0));
    asked.upload.addEventListener("load", () => onprogress(1));
    asked.addEventListener("load", () => {
      if (asked.status >= 200 && asked.status < 300) resolve(asked.response);
      else if ([502, 503, 504].includes(asked.status)) reject(new Away(`HTTP ${asked.status}`));
      else reject(new Refused(asked.status, asked.response ?? {}));
    });
    asked.addEventListener("error", () => reject(new Away("no answer")));
    asked.addEventListener("abort", () => reject(new DOMException("cancelled", "AbortError")));
    signal?.addEventListener("abort", () => asked.abort());
    asked.send(form);
  });
}
