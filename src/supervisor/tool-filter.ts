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

function matches(tool: string, glob: string): boolean {
  const pattern = glob
    .split('*')
    .map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'))
    .join('.*');
  return new RegExp(`^${pattern}$`, 's').test(tool);
}
