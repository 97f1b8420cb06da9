/** A control plane whose sessions are held by a client process, as its status tells of it. */

import { until } from '../processes.ts';
import type { RunningDaemon, Scene } from './daemon.ts';

export interface ClientProcess {
  readonly state: string;
  readonly pid: number | null;
  readonly attempt: number;
  readonly adopted: boolean;
  readonly sessions: number;
  readonly lastFailure: {
    readonly class: string;
    readonly message: string;
    readonly stderrTail: readonly string[];
  } | null;
}

export interface Server {
  readonly name: string;
  readonly state: string;
  readonly pid: number;
  readonly generation: number;
  readonly attempt: number;
  readonly lastFailure: { readonly class: string; readonly message: string } | null;
}

export interface Status {
  readonly clientProcess: ClientProcess;
  readonly servers: readonly Server[];
  readonly alarms: readonly { readonly actor: string; readonly alarm: string; readonly reason: string }[];
}

export const upIsolated = (scene: Scene, config: string): Promise<RunningDaemon> =>
  scene.up({ args: ['--config', config, '--isolation', 'process'] });

export async function statusOf({ client }: RunningDaemon): Promise<Status> {
  return (await client.get('/api/status')).json as unknown as Status;
}

/** Resolves when all servers are connected, but for these. */
export async function untilConnected(daemon: RunningDaemon, except: readonly string[] = []): Promise<Status> {
  await until('all servers are connected', async () => {
    const { servers, clientProcess } = await statusOf(daemon);
    const isUp = ({ name, state }: Server) => state === 'connected' || except.includes(name);
    return clientProcess.state === 'connected' && servers.every(isUp);
  });
  return statusOf(daemon);
}
