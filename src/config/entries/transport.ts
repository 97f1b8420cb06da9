/** Finds out which transport an entry means. */

import type { Problem } from '../../errors.ts';
import { errorAt, type Path } from '../problems.ts';
import { closestTo } from '../spelling.ts';

export type Transport = 'stdio' | 'streamable-http' | 'sse' | 'auto' | { readonly hosted: string };

type Named = 'stdio' | 'streamable-http' | 'sse';

/** Words for transports, without case, spaces and signs between their parts. */
const known: ReadonlyMap<string, Named> = new Map([
  ['stdio', 'stdio'],
  ['local', 'stdio'],
  ['sse', 'sse'],
  ['http', 'streamable-http'],
  ['https', 'streamable-http'],
  ['streamable', 'streamable-http'],
  ['streamablehttp', 'streamable-http'],
  ['streaminghttp', 'streamable-http'],
  ['httpstream', 'streamable-http'],
  ['httpstreamable', 'streamable-http'],
  ['remote', 'streamable-http'],
]);

/** Those that are named where another one is not known. */
const shown = ['stdio', 'http', 'sse'];
const suggested = [...shown, 'streamable-http', 'local', 'remote'];

const keys = ['transport', 'type', 'transportType'] as const;

/** The transport of an entry, or why it is unclear. The entry may be anything: its other fields are not checked. */
export function transportOf(
  entry: Readonly<Record<string, unknown>>,
  path: Path,
  hosted: readonly string[],
): { readonly transport: Transport | null; readonly problems: readonly Problem[] } {
  const named = keys.flatMap((key) => {
    const word = entry[key];
    // Says no more than that there is a url.
    if (word === 'url') return [];
    return typeof word === 'string' ? [{ key, word, transport: transportNamed(word, hosted) }] : [];
  });
  const unknown = named.filter(({ transport }) => transport === null);
  if (unknown.length > 0)
    return { transport: null, problems: unknown.map(({ key, word }) => unknownWord([...path, key], word, hosted)) };
  const [first, ...others] = named;
  if (first === undefined) return transportByFields(entry, path);
  const contradiction = others.find(({ transport }) => wordOf(transport) !== wordOf(first.transport));
  if (contradiction === undefined) {
    const problems = misnamed(entry, first, path);
    return { transport: problems.length === 0 ? first.transport : null, problems };
  }
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
  return hosted.includes(word) ? { hosted: word } : (known.get(word.toLowerCase().replace(/[ _-]/g, '')) ?? null);
}

function wordOf(transport: Transport | null): string | null {
  return typeof transport === 'object' && transport !== null ? transport.hosted : transport;
}

function unknownWord(path: Path, word: string, hosted: readonly string[]): Problem {
  if (/^(?:ws|wss|websockets?)$/i.test(word))
    return errorAt(path, 'is WebSocket, which this version cannot use', 'use the http or https address of the server');
  const words = [...shown, ...hosted];
  const closest = closestTo(word, [...suggested, ...hosted]);
  return errorAt(
    path,
    `is no transport that is known here; known are ${words.join(', ')}`,
    closest === null ? null : `did you mean ${closest}?`,
  );
}

/** An entry that says one transport and has what the other one needs. */
function misnamed(
  entry: Readonly<Record<string, unknown>>,
  { key, transport }: { readonly key: string; readonly transport: Transport | null },
  path: Path,
): readonly Problem[] {
  const has = (field: 'command' | 'url') => entry[field] !== undefined;
  if (transport === 'stdio' && has('url') && !has('command'))
    return [
      errorAt([...path, key], 'says stdio, but the entry has a url and no command', 'write "http", or leave it out'),
    ];
  if ((transport === 'sse' || transport === 'streamable-http') && has('command') && !has('url'))
    return [
      errorAt(
        [...path, key],
        'says that the server is remote, but the entry has a command and no url',
        'write "stdio", or leave it out',
      ),
    ];
  return [];
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
  // What is wrong with it is told where it stands.
  if (typeof entry.transport === 'object') return { transport: null, problems: [] };
  return {
    transport: null,
    problems: [errorAt(path, 'says neither command nor url', 'command names a program to run, url a remote server')],
  };
}
