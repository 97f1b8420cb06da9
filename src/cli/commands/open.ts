/** `mcpvisor open`: where the pages of the control plane are, in a browser if there is a display. */

import { spawn } from 'node:child_process';
import { lstat, mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { McpvisorError } from '../../errors.ts';
import { replaceOwnFile } from '../../files/own-file.ts';
import type { ApiClient } from '../../http/client/client.ts';
import { type ConnectionFlags, connect } from '../connection.ts';
import { type ExitCode, exitCodes } from '../exit-code.ts';
import type { Invocation } from '../invocation.ts';

export async function open(flags: ConnectionFlags, invocation: Invocation): Promise<ExitCode> {
  const { stdout, stderr } = invocation;
  const { client, local } = await connect(flags, invocation);
  const url = `${client.url}/docs`;
  stdout.write(flags.json === true ? `${JSON.stringify({ url })}\n` : `${url}\n`);
  const opener = openerOf(invocation);
  // A browser has no token, so the pages are fetched with ours.
  const page = opener === null || local === null ? null : await savePages(client, join(local.stateDir, 'pages'));
  if (opener !== null && !(await opens(opener, page ?? url))) stderr.write(`${opener} could not open it.\n`);
  if (page === null && flags.json !== true) {
    const token = local === null ? 'TOKEN' : `$(cat ${join(local.stateDir, 'token')})`;
    stderr.write(`It wants the token: curl -H "authorization: Bearer ${token}" ${url}\n`);
  }
  return exitCodes.done;
}

/** Saves the page and, beside it, the document it links to. Returns the path of the page. */
async function savePages(client: ApiClient, folder: string): Promise<string> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  if (!(await lstat(folder)).isDirectory())
    throw new McpvisorError('STATE_DIRECTORY_UNUSABLE', { stateDir: dirname(folder), reason: `${folder} is a link` });
  const page = join(folder, 'docs.html');
  await replaceOwnFile(join(folder, 'openapi.json'), await client.text('/openapi.json'));
  await replaceOwnFile(page, await client.text('/docs'));
  return page;
}

/** Null: there is no display. */
function openerOf({ platform, env }: Invocation): string | null {
  if (platform === 'darwin') return 'open';
  return (env.DISPLAY ?? '') === '' && (env.WAYLAND_DISPLAY ?? '') === '' ? null : 'xdg-open';
}

/** Whether the program could be started: some run for as long as the browser does. */
function opens(program: string, url: string): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn(program, [url], { detached: true, stdio: 'ignore' });
    child.once('error', () => resolve(false));
    child.once('spawn', () => {
      child.unref();
      resolve(true);
    });
  });
}
