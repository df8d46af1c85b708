// The formats that results can be saved in, as the server says them when it sends the page.

/** { wav: ["FLOAT", ...], ... }: what each can hold, the standard first. */
export const WRITABLE = window.MSST.formats;

const LABELS = { m4a: "M4A", opus: "Opus" };

/** What people call a format. */
export const formatLabel = (name) => LABELS[name] ?? name.toUpperCase();

/** All of them, for a select. */
export const formatOptions = () => Object.keys(WRITABLE).map((value) => ({ value, label: formatLabel(value) }));
