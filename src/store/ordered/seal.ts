/** Texts with a checksum: neither database checks what it reads, and a value that was damaged may still be JSON. */

import { crc32 } from 'node:zlib';
import { wordsOf } from '../../text/error-words.ts';
import { StoreError } from '../error.ts';

const sealLength = 8;

/** The text under which a value is kept. Throws `StoreError` for what is not JSON. */
export function sealed(key: string, value: unknown): string {
  const json = jsonOf(value);
  return `${checksumOf(key, json)}${json}`;
}

/** What was sealed. Throws `StoreError` if it is not what was written under this key. */
export function unsealed(key: string, text: string): unknown {
  const json = text.slice(sealLength);
  if (text.slice(0, sealLength) !== checksumOf(key, json))
    throw new StoreError('corrupt', `what is kept under ${key} is not what was written`);
  return JSON.parse(json) as unknown;
}

/** How long the JSON is. */
export function jsonLengthOf(text: string): number {
  return text.length - sealLength;
}

function checksumOf(key: string, json: string): string {
  return crc32(json, crc32(key)).toString(16).padStart(sealLength, '0');
}

function jsonOf(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch (error) {
    throw new StoreError('refused', `what is to be kept is no JSON: ${wordsOf(error)}`, { cause: error });
  }
}
