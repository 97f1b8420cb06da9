/** The end of a log, for people. */

import { readFile } from 'node:fs/promises';
import { reasonOf } from '../../../config/file/text-file.ts';

const mostLines = 20;

/** The last lines after the byte `begin`; of JSON lines only the message. Does not reject: a log that cannot be read says so. */
export async function lastLinesOf(path: string, begin: number): Promise<readonly string[]> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (error) {
    // Who asks tells of a failure already: this must not take its place.
    return [`The log cannot be read (${reasonOf(error)}).`];
  }
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
