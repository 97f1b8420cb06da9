/** `mcpvisor open`: where the pages of the control plane are, in a browser if there is a display. */

import { spawn } from 'node:child_process';
import { type ConnectionFlags, connect } from './connection.ts';
import { type ExitCode, exitCodes } from './exit-code.ts';
import type { Invocation } from './invocation.ts';

export async function open(flags: ConnectionFlags, invocation: Invocation): Promise<ExitCode> {
  const { stdout, stderr } = invocation;
  const { client } = await connect(flags, invocation);
  const url = `${client.url}/docs`;
  stdout.write(flags.json === true ? `${JSON.stringify({ url })}\n` : `${url}\n`);
  const opener = openerOf(invocation);
  if (opener !== null && !(await opens(opener, url))) stderr.write(`${opener} could not open it.\n`);
  return exitCodes.done;
}

/** Null: there is no display to open anything on. */
function openerOf({ platform, env }: Invocation): string | null {
  if (platform === 'darwin') return 'open';
  return (env.DISPLAY ?? '') === '' && (env.WAYLAND_DISPLAY ?? '') === '' ? null : 'xdg-open';
}

/** Whether the program could be started: some stay for as long as the browser does. */
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
