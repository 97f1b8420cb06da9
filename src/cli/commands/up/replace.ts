/** `mcpvisor up --replace`: the control plane that runs leaves its servers, without ending one, to this one. */

import { createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { McpvisorError } from '../../../errors.ts';
import { posted } from '../../../http/schemas/actor.ts';
import { statusSchema } from '../../../http/schemas/control-plane.ts';
import { isAlive } from '../../../session/process/identity.ts';
import { isHeld } from '../../../state-directory/lock.ts';
import { findRunning } from '../../../state-directory/running.ts';
import { openConfiguration } from '../../../supervisor/desired/source.ts';
import { wordsOf } from '../../../text/error-words.ts';
import { connect } from '../../connection.ts';
import type { Invocation } from '../../invocation.ts';
import type { UpSettings } from './settings.ts';

export interface Replacement {
  readonly stateDir: string;
  /** Path of the configuration; null: there is none. */
  readonly config: string | null;
  readonly settings: Pick<UpSettings, 'host' | 'port' | 'isolation'>;
}

/** Its calls in flight may take 30 000 ms. */
const leftWithinMs = 60_000;
const checkMs = 20;

/**
 * Resolves when it has gone, or if none runs. Whatever would keep this one from starting is found before the other one
 * is told to go. Throws what `mcpvisor up` throws, `NOT_AVAILABLE`, and `NOT_ENDED` if it does not go in time.
 */
export async function replaceRunning(
  { stateDir, config, settings }: Replacement,
  invocation: Invocation,
): Promise<void> {
  const found = await findRunning(stateDir, isAlive);
  // What cannot be known the start itself finds out, and says.
  if (found.state === 'none' || found.state === 'unknown') return;
  if (found.state !== 'running') throw new McpvisorError('ALREADY_RUNNING', { pid: found.owner.pid, stateDir });
  const { client } = await connect({ stateDir }, invocation);
  const { clientProcess } = await client.get('/api/status', statusSchema);
  if (clientProcess === null || settings.isolation !== 'process') {
    throw new McpvisorError('NOT_AVAILABLE', {
      what: 'replacing a control plane whose servers live and end with it',
      instead: 'run both with --isolation process, or end it with "mcpvisor down" first.',
    });
  }
  await openConfiguration({ config: config ?? { mcpServers: {} } });
  if (settings.port !== 0 && Number(new URL(client.url).port) !== settings.port) await tryToListen(settings);
  await client.post('/api/actors/supervisor/events', posted, { body: { type: 'supervisor.leave' } });
  const deadline = performance.now() + leftWithinMs;
  while (await isHeld(stateDir, found.owner, isAlive)) {
    if (performance.now() >= deadline)
      throw new McpvisorError('NOT_ENDED', { pid: found.owner.pid, url: client.url, timeoutMs: leftWithinMs });
    await delay(checkMs);
  }
}

/** Throws `PORT_UNAVAILABLE`. */
async function tryToListen({ host, port }: Pick<UpSettings, 'host' | 'port'>): Promise<void> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) =>
      reject(new McpvisorError('PORT_UNAVAILABLE', { host, port, reason: wordsOf(error) })),
    );
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve()));
  });
}
