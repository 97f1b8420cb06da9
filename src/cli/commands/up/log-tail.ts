/** The end of a log, for people. */

import { readFile } from 'node:fs/promises';

const mostLines = 20;

/** The last lines after the byte `begin`; of JSON lines only the message. */
export async function lastLinesOf(path: string, begin: number): Promise<readonly string[]> {
  const bytes = await readFile(path).catch(() => Buffer.alloc(0));
  const lines = bytes.subarray(begin).toString().trimEnd().split('\n');
  return lines.slice(-mostLines).map(sentenceOf);
}

function sentenceOf(line: string): string {
  try {
    const parsed: unknown = JSON.parse(line);
    return typeof parsed === 'object' && parsed !== null && 'msg' in parsed ? String(parsed.msg) : line;
  } catch {
    // Not JSON: a line of a pretty log.
    return line;
  }
}
