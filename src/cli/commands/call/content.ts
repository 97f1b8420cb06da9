/** A tool's result as text: text blocks as they are, a short description of all others. */

import { isRecord } from '../../../json.ts';

/** Ends with a line break unless it is empty. */
export function describeContent({ content, structuredContent }: Readonly<Record<string, unknown>>): string {
  const blocks: readonly unknown[] = Array.isArray(content) ? content : [];
  const lines =
    blocks.length === 0 && structuredContent !== undefined
      ? [JSON.stringify(structuredContent, null, 2)]
      : blocks.map(describeBlock);
  return lines.map((line) => (line.endsWith('\n') ? line : `${line}\n`)).join('');
}

function describeBlock(block: unknown): string {
  if (!isRecord(block)) return JSON.stringify(block);
  const { type, text, data, mimeType, uri, resource } = block;
  if (typeof text === 'string') return text;
  if (isRecord(resource))
    return typeof resource.text === 'string' ? resource.text : `[resource ${String(resource.uri)}]`;
  if (typeof data === 'string')
    return `[${String(type)} ${String(mimeType)}, ${Buffer.byteLength(data, 'base64')} bytes; --json has them]`;
  return typeof uri === 'string' ? `[${String(type)} ${uri}]` : JSON.stringify(block);
}
