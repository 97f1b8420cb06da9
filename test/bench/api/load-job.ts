/** What the process that makes load is asked for, and its parent's side of it. */

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

interface Asked {
  readonly url: string;
  readonly token: string;
}

export interface RequestJob extends Asked {
  readonly kind: 'requests';
  readonly method: 'GET' | 'POST';
  readonly body: string | null;
  readonly connections: number;
  readonly seconds: number;
}

export interface ReaderJob extends Asked {
  readonly kind: 'readers';
  readonly readers: number;
  /** Text that comes once with each event that counts. */
  readonly marker: string;
}

export type Job = RequestJob | ReaderJob;

export interface Requested {
  readonly kind: 'requested';
  readonly perSecond: number;
  readonly count: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** When the first and the last reader had an event, by the machine's clock. */
export interface Read {
  readonly kind: 'read';
  readonly firstMs: number;
  readonly lastMs: number;
}

export type LoadAnswer =
  | Requested
  | Read
  | { readonly kind: 'opened' }
  | { readonly kind: 'failed'; readonly message: string };

export interface Load {
  request(job: Omit<RequestJob, 'kind'>): Promise<Requested>;
  /** Resolves when every reader is connected. */
  open(job: Omit<ReaderJob, 'kind'>): Promise<void>;
  /** The next event that has reached every reader. To be asked for before it is sent. */
  nextRead(): Promise<Read>;
  /** Ends the process, and with it every connection. */
  end(): Promise<void>;
}

export function startLoad(): Load {
  const child = fork(fileURLToPath(new URL('./load.ts', import.meta.url)));
  const ended = once(child, 'exit');
  const next = async <Kind extends LoadAnswer['kind']>(kind: Kind): Promise<Extract<LoadAnswer, { kind: Kind }>> => {
    const answer = (await Promise.race([
      once(child, 'message').then(([message]) => message as LoadAnswer),
      ended.then(() => null),
    ])) ?? {
      kind: 'failed',
      message: 'it ended',
    };
    if (answer.kind === kind) return answer as Extract<LoadAnswer, { kind: Kind }>;
    throw new Error(`the load: ${answer.kind === 'failed' ? answer.message : `"${answer.kind}" instead of "${kind}"`}`);
  };
  const ask = (job: Job) => void child.send(job);
  return {
    async request(job) {
      ask({ kind: 'requests', ...job });
      return await next('requested');
    },
    async open(job) {
      ask({ kind: 'readers', ...job });
      await next('opened');
    },
    nextRead: () => next('read'),
    async end() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
