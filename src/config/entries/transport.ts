/** Finds out which transport an entry means. */

import type { Problem } from '../../errors.ts';
import { errorAt, type Path } from '../problems.ts';
import { closestTo } from '../spelling.ts';

export type Transport = 'stdio' | 'streamable-http' | 'sse' | 'auto' | { readonly hosted: string };

const known: ReadonlyMap<string, 'stdio' | 'streamable-http' | 'sse'> = new Map([
  ['stdio', 'stdio'],
  ['local', 'stdio'],
  ['sse', 'sse'],
  ['http', 'streamable-http'],
  ['streamable-http', 'streamable-http'],
  ['streamableHttp', 'streamable-http'],
  ['streamable_http', 'streamable-http'],
  ['streaming-http', 'streamable-http'],
  ['http-stream', 'streamable-http'],
  ['http_stream', 'streamable-http'],
  ['httpStream', 'streamable-http'],
  ['remote', 'streamable-http'],
]);

const keys = ['transport', 'type', 'transportType'] as const;

/** The transport of an entry, or why it is unclear. The entry may be anything: its other fields are not checked. */
export function transportOf(
  entry: Readonly<Record<string, unknown>>,
  path: Path,
  hosted: readonly string[],
): { readonly transport: Transport | null; readonly problems: readonly Problem[] } {
  const named = keys.flatMap((key) => {
    const word = entry[key];
    return typeof word === 'string' ? [{ key, word, transport: transportNamed(word, hosted) }] : [];
  });
  const unknown = named.filter(({ transport }) => transport === null);
  if (unknown.length > 0)
    return { transport: null, problems: unknown.map(({ key, word }) => unknownWord([...path, key], word, hosted)) };
  const [first, ...others] = named;
  if (first === undefined) return transportByFields(entry, path);
  const contradiction = others.find(({ transport }) => wordOf(transport) !== wordOf(first.transport));
  if (contradiction === undefined) return { transport: first.transport, problems: [] };
  return {
    transport: null,
    problems: [errorAt([...path, contradiction.key], `contradicts ${first.key}`, 'keep one of the two')],
  };
}

/** Whether an entry names a transport of the host. */
export function isHostedWord(entry: Readonly<Record<string, unknown>>, hosted: readonly string[]): boolean {
  return keys.some((key) => hosted.some((word) => word === entry[key]));
}

function transportNamed(word: string, hosted: readonly string[]): Transport | null {
  return known.get(word) ?? (hosted.includes(word) ? { hosted: word } : null);
}

function wordOf(transport: Transport | null): string | null {
  return typeof transport === 'object' && transport !== null ? transport.hosted : transport;
}

function unknownWord(path: Path, word: string, hosted: readonly string[]): Problem {
  const words = [...known.keys(), ...hosted];
  const closest = closestTo(word, words);
  return errorAt(
    path,
    `is no transport that is known here; known are ${words.join(', ')}`,
    closest === null ? null : `did you mean ${closest}?`,
  );
}

function transportByFields(
  entry: Readonly<Record<string, unknown>>,
  path: Path,
): { readonly transport: Transport | null; readonly problems: readonly Problem[] } {
  const isProgram = entry.command !== undefined;
  const isRemote = entry.url !== undefined;
  if (isProgram && isRemote) {
    return {
      transport: null,
      problems: [
        errorAt(
          path,
          'has both command and url',
          'remove one, or say which counts with "transport": "stdio" or "http"',
        ),
      ],
    };
  }
  if (isProgram) return { transport: 'stdio', problems: [] };
  if (isRemote) return { transport: 'auto', problems: [] };
  return {
    transport: null,
    problems: [errorAt(path, 'says neither command nor url', 'command names a program to run, url a remote server')],
  };
}
