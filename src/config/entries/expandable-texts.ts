/** Where `${…}` may be written. */

import type { Path } from '../problems.ts';

/** Every text of an entry or specification in which `${…}` is expanded. */
export function expandableTexts(entry: {
  readonly command?: string | undefined;
  readonly args?: readonly string[] | undefined;
  readonly env?: Readonly<Record<string, string>> | undefined;
  readonly envFile?: string | null | undefined;
  readonly cwd?: string | undefined;
  readonly url?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly tls?: { readonly ca?: string | null | undefined } | undefined;
  readonly proxy?: string | null | undefined;
}): readonly { readonly at: Path; readonly text: string }[] {
  const single = (['command', 'cwd', 'envFile', 'url', 'proxy'] as const).flatMap((key) => {
    const text = entry[key];
    return text === undefined || text === null ? [] : [{ at: [key], text }];
  });
  const args = (entry.args ?? []).map((text, index) => ({ at: ['args', index], text }));
  const named = (['env', 'headers'] as const).flatMap((key) =>
    Object.entries(entry[key] ?? {}).map(([name, text]) => ({ at: [key, name], text })),
  );
  const certificates = typeof entry.tls?.ca === 'string' ? [{ at: ['tls', 'ca'], text: entry.tls.ca }] : [];
  return [...single, ...args, ...named, ...certificates];
}
