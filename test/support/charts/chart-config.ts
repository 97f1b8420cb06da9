/** Where things are in the configuration of a chart, which may say the same in several ways. */

export type Config = Record<string, unknown>;

/** Where a transition is written. */
export interface Place {
  readonly path: readonly string[];
  readonly event: string;
  readonly index: number;
}

export function nodesIn(
  node: Config,
  path: readonly string[],
): readonly { readonly path: readonly string[]; readonly node: Config }[] {
  const below = Object.entries((node.states ?? {}) as Record<string, Config>).flatMap(([name, state]) =>
    nodesIn(state, [...path, name]),
  );
  return [{ path, node }, ...below];
}

export function placesIn(root: Config, from: readonly string[]): readonly Place[] {
  return nodesIn(root, from).flatMap(({ path, node }) =>
    ownersIn(node).flatMap(({ owner, names }) =>
      names.flatMap((event) => listOf(owner[event]).map((_, index) => ({ path, event, index }))),
    ),
  );
}

/** What of a state has transitions by name. */
function ownersIn(node: Config): readonly { readonly owner: Config; readonly names: readonly string[] }[] {
  const ofNames = (owner: unknown, names = Object.keys((owner ?? {}) as Config)) => ({
    owner: (owner ?? {}) as Config,
    names,
  });
  return [
    ofNames(node.on),
    ofNames(node.after),
    ofNames(node, ['always']),
    ofNames(node.invoke, ['onDone', 'onError']),
  ];
}

export function nodeAt(config: Config, path: readonly string[]): Config {
  return path.reduce((node, name) => (node.states as Record<string, Config>)[name] ?? {}, config);
}

export function transitionsAt(config: Config, place: Place): readonly Config[] {
  return listOf(ownerAt(config, place)[place.event]).map((one) =>
    typeof one === 'string' ? { target: one } : (one as Config),
  );
}

function ownerAt(config: Config, { path, event }: Place): Config {
  return (
    ownersIn(nodeAt(config, path)).find(({ owner, names }) => names.includes(event) && event in owner)?.owner ?? {}
  );
}

export function replaceAt(config: Config, place: Place, change: (all: readonly Config[]) => readonly Config[]): void {
  const all = change(transitionsAt(config, place));
  const owner = ownerAt(config, place);
  if (all.length > 0) owner[place.event] = all;
  else delete owner[place.event];
}

export function listOf(value: unknown): readonly unknown[] {
  return value === undefined ? [] : Array.isArray(value) ? value : [value];
}

/** Functions are kept, everything else is copied, so that two states that share a part no longer do. */
export function copyOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(copyOf);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, below]) => [key, copyOf(below)]));
}
