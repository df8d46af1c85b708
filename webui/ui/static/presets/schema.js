// Reading the JSON schemas of steps: what a value may be, what a new one starts as, and where a step names sounds.

/** The schema itself, with $ref followed and "or null" taken apart: { schema, nullable }. */
export function plain(schema, root) {
  if (schema.$ref) return plain({ ...root.$defs[schema.$ref.split("/").pop()], ...without(schema, "$ref") }, root);
  const some = schema.anyOf?.filter((each) => each.type !== "null");
  if (some?.length === 1) return { schema: { ...without(schema, "anyOf"), ...plain(some[0], root).schema }, nullable: some.length < schema.anyOf.length };
  return { schema, nullable: false };
}

function without(object, key) {
  const { [key]: _, ...rest } = object;
  return rest;
}

/** The schemas of a list's items by the value of their discriminator, or null where all are alike. */
export function variants(items, root) {
  if (!items.discriminator) return null;
  const { propertyName: name, mapping } = items.discriminator;
  return { name, of: new Map(Object.entries(mapping).map(([value, ref]) => [value, plain({ $ref: ref }, root).schema])) };
}

// Where an effect is heard and does no harm; all others start at their default or at 0.
const STARTS = { highpass: { hz: 80 }, lowpass: { hz: 12000 }, low_shelf: { hz: 120 }, peak: { hz: 1000 }, high_shelf: { hz: 8000 } };

/** A value to begin with; undefined for what may be left out. */
export function start(schema, root, { sound = "mixture" } = {}) {
  const { schema: own } = plain(schema, root);
  if (own.reference) return sound;
  if (own.type === "number" || own.type === "integer") return lowest(own);
  if (own.type === "boolean") return false;
  if (own.type === "array") return Array.from({ length: own.minItems ?? 0 }, () => start(own.items, root, { sound }));
  if (own.type === "object") return startObject(own, root, { sound });
  return "";
}

export function startObject(own, root, { sound = "mixture", fixed = {} } = {}) {
  const made = { ...fixed };
  const starts = STARTS[fixed.effect] ?? {};
  for (const name of own.required ?? []) if (!(name in made)) made[name] = starts[name] ?? start(own.properties[name], root, { sound });
  return made;
}

function lowest({ minimum, exclusiveMinimum, maximum }) {
  if (exclusiveMinimum !== undefined) return Math.max(0, exclusiveMinimum) + 1;
  return Math.min(maximum ?? 0, Math.max(minimum ?? 0, 0));
}

/** All places where a step names a sound: [{ at: ["sources", 0, "from"], value }]. */
export function references(step, root) {
  const found = [];
  walk(step, root, root, [], found);
  const input = root.properties.input;
  if (input && step.input === undefined) found.push({ at: ["input"], value: input.default ?? "mixture" });
  return found;
}

function walk(value, schema, root, at, found) {
  if (value === undefined || value === null) return;
  const { schema: own } = plain(schema, root);
  if (own.reference) {
    if (typeof value === "string") found.push({ at, value });
  } else if (Array.isArray(value) && own.items) {
    value.forEach((item, index) => walk(item, own.items, root, [...at, index], found));
  } else if (own.properties && typeof value === "object") {
    for (const [name, each] of Object.entries(own.properties)) walk(value[name], each, root, [...at, name], found);
  }
}

/** Set what lies at a place of an object; undefined takes it away. */
export function put(object, at, value) {
  const [last] = at.slice(-1);
  let place = object;
  for (const key of at.slice(0, -1)) place = place[key] ??= {};
  if (value === undefined) delete place[last];
  else place[last] = value;
}

export function look(object, at) {
  return at.reduce((place, key) => place?.[key], object);
}
