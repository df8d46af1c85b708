// Where each setting stands on the page. One that is not named here comes at the end of the part its group belongs to.

export const PARTS = ["general", "output", "processing", "downloads", "network", "storage", "about"];

const PART_OF = {
  page: "general",
  output: "output",
  computing: "processing",
  limits: "processing",
  downloads: "downloads",
  network: "network",
  access: "network",
  storage: "storage",
};
const ELSEWHERE = { log_level: "about" };
const SHOWN_APART = ["access"]; // has a panel of its own

// What most people never touch is folded away.
const FOLDED = new Set([
  "job_time_limit",
  "max_upload_mb",
  "max_model_mb",
  "parallel_downloads",
  "port",
  "public_url",
  "page",
  "share",
  "callback_allow",
  "callback_backoff",
  "link_allow",
]);

/** The settings of a part: { first, folded }. */
export function settingsOf(part, list) {
  const here = list.filter((each) => !SHOWN_APART.includes(each.name) && (ELSEWHERE[each.name] ?? PART_OF[each.group]) === part);
  return { first: here.filter((each) => !FOLDED.has(each.name)), folded: here.filter((each) => FOLDED.has(each.name)) };
}
