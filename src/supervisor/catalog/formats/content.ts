/**
 * A tool's result as parts that a model can be shown: text and images. Everything else is described as text; nothing is
 * left out silently.
 */

import { isDeepStrictEqual } from 'node:util';
import { isRecord } from '../../../text/json.ts';
import { toJsonText } from '../../../text/json-text.ts';
import type { CallToolResult, StructuredContent } from '../../contract.ts';

export type Part =
  | { readonly kind: 'text'; readonly text: string }
  /** `data` is base64. */
  | { readonly kind: 'image'; readonly mediaType: string; readonly data: string };

/** The answer to one of a model's calls. */
export interface Answer {
  readonly isError: boolean;
  readonly parts: readonly Part[];
}

type Block = Readonly<Record<string, unknown>>;

export function answerOf(
  { content = [], structuredContent, isError }: CallToolResult,
  structured: StructuredContent = 'auto',
): Answer {
  // The result is as the server sent it; its shape has not been checked.
  const blocks: readonly unknown[] = Array.isArray(content) ? content : [content];
  const parts = blocks.flatMap((block) =>
    isRecord(block) ? partsOf(block) : [textPart(typeof block === 'string' ? block : toJson(block))],
  );
  const isShown = structuredContent !== undefined && isWanted(structured, structuredContent, blocks);
  return {
    isError: isError === true,
    parts: isShown ? [...parts, textPart(toJson(structuredContent))] : parts,
  };
}

/** MCP asks servers to send structured content as text, too: where there is text, it has been said. */
function isWanted(structured: StructuredContent, value: unknown, blocks: readonly unknown[]): boolean {
  const texts = blocks.flatMap((block) => (isRecord(block) && isText(block) ? [block.text] : []));
  if (structured === 'auto') return texts.every((text) => text.trim() === '');
  return structured === 'always' && !texts.some((text) => isJsonOf(text, value));
}

export function failedAnswer(message: string): Answer {
  return { isError: true, parts: [textPart(message)] };
}

/** The text in place of an image where none is allowed. */
export function describeImage({ mediaType, data }: Extract<Part, { kind: 'image' }>): string {
  return `[an image, ${mediaType}, ${sizeOf(data)}, which cannot be shown here]`;
}

function partsOf(block: Block): readonly Part[] {
  const { type, data, mimeType } = block;
  if (isText(block)) return [textPart(block.text)];
  if (type === 'image' && typeof data === 'string')
    return [{ kind: 'image', mediaType: wordOf(mimeType, 'image/png'), data }];
  if (type === 'audio' && typeof data === 'string') {
    return [
      textPart(`[a sound, ${wordOf(mimeType, 'of unknown type')}, ${sizeOf(data)}, which cannot be played here]`),
    ];
  }
  if (type === 'resource' && isRecord(block.resource)) return partsOfResource(block.resource);
  if (type === 'resource_link') return [textPart(linkText(block))];
  return [textPart(toJson(block))];
}

function partsOfResource({ uri, mimeType, text, blob }: Block): readonly Part[] {
  const name = `resource ${wordOf(uri, 'without a URI')}`;
  if (typeof text === 'string') return [textPart(`[${name}]\n${text}`)];
  if (typeof blob !== 'string') return [textPart(`[${name}, empty]`)];
  const type = wordOf(mimeType, 'of unknown type');
  if (type.startsWith('image/')) return [textPart(`[${name}]`), { kind: 'image', mediaType: type, data: blob }];
  return [textPart(`[${name}, ${type}, ${sizeOf(blob)}, which cannot be shown here]`)];
}

function linkText({ uri, name, title, mimeType, description }: Block): string {
  const words = [title ?? name, uri, mimeType, description].filter((word) => typeof word === 'string' && word !== '');
  return `[link to a resource: ${words.join(', ')}]`;
}

function isText(block: Block): block is Block & { readonly text: string } {
  return block.type === 'text' && typeof block.text === 'string';
}

function isJsonOf(text: string, value: unknown): boolean {
  try {
    return isDeepStrictEqual(JSON.parse(text), value);
  } catch {
    // Not JSON, so not the structured content.
    return false;
  }
}

function textPart(text: string): Part {
  return { kind: 'text', text };
}

function toJson(value: unknown): string {
  return toJsonText(value) ?? '';
}

function wordOf(value: unknown, otherwise: string): string {
  return typeof value === 'string' && value !== '' ? value : otherwise;
}

/** The size of what is encoded: four characters of base64 are three bytes. */
function sizeOf(base64: string): string {
  const bytes = Math.floor((base64.length * 3) / 4);
  return bytes < 1024 ? `${bytes} bytes` : `${Math.round(bytes / 1024)} KiB`;
}
