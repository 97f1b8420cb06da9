/** `docs/troubleshooting.md` as a page: where the `type` of every problem document leads. */

import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { html, raw } from 'hono/html';

/** Path of the page, below that of the API. */
export const troublePath = '/docs/problems';

/** The address of what is said of a problem: its code is an anchor of the page. */
export function addressOf(code: string, basePath: string): string {
  return `${basePath}${troublePath}#${code.toLowerCase()}`;
}

/** Null: our documents are not installed beside our program, as where a host has bundled it. */
export async function openTroublePage(style: string): Promise<ReturnType<typeof html> | null> {
  const text = await readDocument();
  if (text === null) return null;
  const { Marked } = await import('marked');
  const marked = new Marked({
    renderer: {
      heading({ tokens, depth, text: title }) {
        return `<h${depth} id="${anchorOf(title)}">${this.parser.parseInline(tokens)}</h${depth}>\n`;
      },
      // Only this document is served.
      link({ href, tokens }) {
        const words = this.parser.parseInline(tokens);
        return href.startsWith('#') ? `<a href="${href}">${words}</a>` : words;
      },
    },
  });
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>mcpvisor: trouble</title><style>${raw(style)}</style></head>
<body>${raw(await marked.parse(text))}</body></html>`;
}

async function readDocument(): Promise<string | null> {
  try {
    const manifest = createRequire(import.meta.url).resolve('mcpvisor/package.json');
    return await readFile(join(dirname(manifest), 'docs', 'troubleshooting.md'), 'utf8');
  } catch {
    // Not installed, or closed to us: the answer says that the page is not here.
    return null;
  }
}

/** As those who host Markdown make it of a title. */
function anchorOf(title: string): string {
  return title
    .toLowerCase()
    .replaceAll(/[^\w\- ]/g, '')
    .replaceAll(' ', '-');
}
