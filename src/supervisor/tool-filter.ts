/** Which of a server's tools are offered: globs with `*`; `exclude` wins. */

export interface ToolFilter {
  readonly include: readonly string[];
  readonly exclude: readonly string[];
}

export function showsAll({ include, exclude }: ToolFilter): boolean {
  return exclude.length === 0 && include.includes('*');
}

export function mayShow(tool: string, { include, exclude }: ToolFilter): boolean {
  return include.some((glob) => matches(tool, glob)) && !exclude.some((glob) => matches(tool, glob));
}

/** Finds the parts between the stars one after the other: a regular expression would try every place for each of them. */
function matches(tool: string, glob: string): boolean {
  const [first = '', ...rest] = glob.split('*');
  const last = rest.pop();
  if (last === undefined) return tool === glob;
  if (!tool.startsWith(first)) return false;
  let from = first.length;
  for (const part of rest) {
    const at = tool.indexOf(part, from);
    if (at === -1) return false;
    from = at + part.length;
  }
  return tool.length - last.length >= from && tool.endsWith(last);
}
