/** A tool's result as text: text blocks as they are, a short description of all others. */

import { isRecord, textOf } from '../../../text/json.ts';
import { toJsonText } from '../../../text/json-text.ts';

/** Ends with a line break unless it is empty. */
export function describeContent({ content, structuredContent }: Readonly<Record<string, unknown>>): string {
  const blocks: readonly unknown[] = Array.isArray(content) ? content : [];
  const lines =
    blocks.length === 0 && structuredContent !== undefined
      ? [toJsonText(structuredContent, 2) ?? '']
      : blocks.map(describeBlock);
  return lines.map((line) => (line.endsWith('\n') ? line : `${line}\n`)).join('');
}

function describeBlock(block: unknown): string {
  if (!isRecord(block)) return toJsonText(block) ?? '';
  const { type, text, data, mimeType, uri, resource } = block;
  if (typeof text === 'string') return text;
  if (isRecord(resource))
    return typeof resource.text === 'string' ? resource.text : `[resource ${textOf(resource.uri)}]`;
  if (typeof data === 'string')
    return `[${textOf(type)} ${textOf(mimeType)}, ${Buffer.byteLength(data, 'base64')} bytes; --json has them]`;
  return typeof uri === 'string' ? `[${textOf(type)} ${uri}]` : toJsonText(block);
}
