/** A link whose news are written down, and the SDK's own client on top of it. */

import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { vi } from 'vitest';
import type { Failure } from '../../../machines/failure.ts';
import type { Link, LinkNews } from '../../../src/session/link.ts';
import { openLazyRemoteLink } from '../../../src/session/remote/lazy-link.ts';
import type { RemoteLinkOptions } from '../../../src/session/remote/link.ts';
import { createSocketBudget } from '../../../src/session/remote/socket-budget.ts';
import { onTestFinished } from '../../support/finishing.ts';
import { roomOf } from '../rooms.ts';

export interface Heard {
  readonly link: Link;
  readonly client: Client;
  /** `spawned`, `doubted: …`, `push: true`, `ended: CLASS` in the order told. */
  readonly news: string[];
  readonly ends: (Failure | null)[];
  readonly lost: (string | number)[];
  /** Resolves with what `ended` told. */
  readonly ended: Promise<Failure | null>;
  /** Waits until something told begins with `text`. */
  told(text: string): Promise<void>;
}

/** Generous: other things run on the machine that tests run on. */
export const deadlineMs = 15_000;

export function open(url: string, options: Partial<RemoteLinkOptions> = {}): Heard {
  const news: string[] = [];
  const ends: (Failure | null)[] = [];
  const lost: (string | number)[] = [];
  let tellEnded: (failure: Failure | null) => void = () => {};
  const ended = new Promise<Failure | null>((resolve) => {
    tellEnded = resolve;
  });
  const tell = (item: LinkNews) => {
    news.push(lineOf(item));
    if (item.type !== 'ended') return;
    ends.push(item.failure);
    tellEnded(item.failure);
  };
  const link = openLazyRemoteLink(
    {
      server: 'far',
      transport: 'auto',
      url,
      headers: {},
      stop: { closeMs: 2_000 },
      maxMessageBytes: 1_000_000,
      maxConnections: 72,
      sockets: createSocketBudget(),
      room: roomOf(),
      ...options,
    },
    tell,
  );
  link.transport.onrequestlost = (id) => lost.push(id);
  onTestFinished(async () => {
    link.end('kill');
    await ended;
  });
  const told = (text: string) =>
    vi.waitFor(
      () => {
        if (!news.some((line) => line.startsWith(text))) {
          throw new Error(`not told: ${text}; told: ${news.join(' | ')}`);
        }
      },
      { timeout: deadlineMs, interval: 5 },
    );
  return { link, client: new Client({ name: 'test', version: '1' }), news, ends, lost, ended, told };
}

function lineOf(news: LinkNews): string {
  if (news.type === 'doubted') return `doubted: ${news.reason}`;
  if (news.type === 'crowded') return `crowded: ${news.crowding?.bound ?? 'over'} ${news.crowding?.most ?? ''}`;
  if (news.type === 'push') return `push: ${news.available}${news.reason === null ? '' : ` ${news.reason}`}`;
  return 'failure' in news ? `${news.type}: ${news.failure?.class ?? 'asked for'}` : news.type;
}

/** The same, connected. */
export async function connect(url: string, options: Partial<RemoteLinkOptions> = {}): Promise<Heard> {
  const heard = open(url, options);
  await heard.client.connect(heard.link.transport);
  return heard;
}

/** What a promise rejects with; handled from now on. */
export function errorOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => null,
    (error: unknown) => error,
  );
}
