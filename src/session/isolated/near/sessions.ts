/** Sessions that a client process holds for this one. */

import { memoryOfGroups } from '../../process/memory.ts';
import type { HeldBytes, RemoteConnections, Sessions, SessionsOptions } from '../../sessions.ts';
import type { Beat, HolderSettings, Trouble } from '../protocol.ts';
import { type ClientProgram, ownClientProgram } from './fork.ts';
import { Holder } from './holder.ts';
import { createNearEnd, type WouldOpen } from './near-end.ts';

export interface IsolatedSessionsOptions
  extends Pick<
    SessionsOptions,
    'clientInfo' | 'onError' | 'onStray' | 'onRecordTrouble' | 'onGuardTrouble' | 'onSocketRefused' | 'onRefused'
  > {
  readonly stateDir: string;
  /** Default: the one of this version. */
  readonly program?: ClientProgram;
  readonly wouldOpen: WouldOpen;
  readonly settings: () => HolderSettings;
}

export interface IsolatedSessions extends Sessions {
  readonly holder: Holder;
}

const noConnections: RemoteConnections = { most: 0, servers: [] };

export function createIsolatedSessions(options: IsolatedSessionsOptions): IsolatedSessions {
  const { stateDir, clientInfo, wouldOpen, settings, program = ownClientProgram(), onError = () => {} } = options;
  const near = createNearEnd(wouldOpen);
  let beat: Beat | null = null;
  let onReaped: Parameters<Sessions['reap']>[0] = () => {};
  const holder = new Holder({
    stateDir,
    program,
    clientInfo,
    near,
    settings,
    onTrouble: (trouble) => passOn(options, trouble),
    onBeat(latest) {
      beat = latest;
    },
    onReaped: (record) => onReaped(record),
    onError,
  });
  return {
    holder,
    open: near.open,
    // The client process does it before it takes sessions.
    async reap(tell) {
      onReaped = tell;
    },
    highestGeneration: near.generationBefore,
    killAllNow: () => holder.killAllNow(),
    memoryOf: memoryOfGroups,
    remoteConnections: () => beat?.remote ?? noConnections,
    heldBytes: (): readonly HeldBytes[] => beat?.held ?? [],
    async close() {
      holder.leave();
    },
  };
}

function passOn(options: IsolatedSessionsOptions, trouble: Trouble): void {
  switch (trouble.of) {
    case 'error':
      options.onError?.(trouble.message);
      break;
    case 'record':
      options.onRecordTrouble?.(toError(trouble));
      break;
    case 'guard':
      options.onGuardTrouble?.(trouble.reason);
      break;
    case 'socket':
      options.onSocketRefused?.(toError(trouble) ?? new Error());
      break;
    case 'refused':
      options.onRefused?.(trouble.server, trouble.bound);
      break;
    case 'stray':
      options.onStray?.(trouble.news);
      break;
    case 'reaped':
      break;
  }
}

/** As it was at the other end: its words, and its code. */
function toError({ reason, code }: { readonly reason: string | null; readonly code: string | null }): Error | null {
  return reason === null ? null : Object.assign(new Error(reason), code === null ? {} : { code });
}
