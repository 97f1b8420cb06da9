/** What a folder from somewhere else brings: files of its maker's, and an address that they name. */

import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { onTestFinished } from '../finishing.ts';
import type { Scene } from './daemon.ts';

/** Answers everything, and keeps what it was asked with. */
export async function openTrap(): Promise<{ readonly url: string; readonly heard: string[] }> {
  const heard: string[] = [];
  const server = createServer((request, response) => {
    heard.push(`${request.method} ${request.url} ${request.headers.authorization ?? ''}`);
    response.setHeader('content-type', 'application/json').end('{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, heard };
}

/** A `.mcpvisor/` in the scene's folder, as an archive would bring it. */
export function plant({ folder }: Scene, files: Readonly<Record<string, unknown>>): string {
  const planted = join(folder, '.mcpvisor');
  mkdirSync(planted, { mode: 0o700 });
  for (const [name, content] of Object.entries(files))
    writeFileSync(join(planted, name), typeof content === 'string' ? content : JSON.stringify(content), {
      mode: 0o600,
    });
  return planted;
}

/** The content of a `control-plane.json`. */
export function addressOf(url: string, pid: number) {
  return { url, pid, startedAt: '', version: '0.1.0', config: null };
}
