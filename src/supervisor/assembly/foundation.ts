/** What all other parts of a supervisor stand on: time, facts, alarms, sessions, and the ledger. None of them decides. */

import { join } from 'node:path';
import { backgroundTimers, type Clock, systemClock, type TimerClock } from '../../clock.ts';
import { createOwnAlarms, type OwnAlarms } from '../../observe/alarms/own-alarms.ts';
import {
  bufferTrouble,
  fileFlaw,
  fileTrouble,
  guardTrouble,
  noticeShortage,
  storeTrouble,
  watchShortages,
} from '../../observe/alarms/trouble.ts';
import { createFacts, type Facts } from '../../observe/facts/facts.ts';
import { createInspection, type Inspection } from '../../observe/facts/inspection.ts';
import { createLog } from '../../observe/log/log.ts';
import { createRedactor, type Redactor } from '../../observe/secrets/redact.ts';
import { createServerLogs, type ServerLogs } from '../../observe/server-logs/server-logs.ts';
import { endLeft } from '../../session/isolated/near/clear.ts';
import type { Holder } from '../../session/isolated/near/holder.ts';
import { createIsolatedSessions, type IsolatedSessionsOptions } from '../../session/isolated/near/sessions.ts';
import { createSessions, type Sessions, type SessionsOptions } from '../../session/sessions.ts';
import type { Store, StoredFact } from '../../store/contract.ts';
import { version } from '../../version.ts';
import { createMoments, type Moments } from '../actors/moments.ts';
import { createTurns, type Turns } from '../actors/turns.ts';
import { type Approvals, createApprovals } from '../approval/approvals.ts';
import { createWorked, type WorkedSpecifications } from '../desired/worked.ts';
import { createLedger, type Ledger } from '../ledger.ts';
import { createEarlier, type Earlier } from '../memory/earlier.ts';
import { createFingerprints, type Fingerprints } from '../memory/fingerprint.ts';
import { createWriteBehind, type WriteBehind } from '../memory/write-behind.ts';
import type { AssemblyOptions } from '../options.ts';
import { createStrayAlarms, type StrayAlarms } from '../status/stray-alarms.ts';

export interface Time {
  readonly wallNow: () => number;
  readonly monotonicNow: () => number;
  readonly timers: TimerClock;
  /** They do not keep the process running, unless they are the host's. */
  readonly backgroundTimers: TimerClock;
}

export interface Foundation {
  readonly time: Time;
  readonly moments: Moments;
  readonly facts: Facts;
  readonly redactor: Redactor;
  readonly strayAlarms: StrayAlarms;
  readonly ownAlarms: OwnAlarms;
  readonly turns: Turns;
  readonly sessions: Sessions;
  /** The client process; null: sessions are held in this one. */
  readonly holder: Holder | null;
  readonly ledger: Ledger;
  readonly worked: WorkedSpecifications;
  readonly fingerprints: Fingerprints;
  /** What is known of servers from earlier runs. */
  readonly earlier: Earlier;
  readonly approvals: Approvals;
  readonly store: Store;
  /** What is to be kept in the store, on its way there. */
  readonly memory: WriteBehind;
  readonly inspection: Inspection;
  readonly logs: ServerLogs;
  /** Releases what was created here, once every session has ended. Does not throw. */
  release(): Promise<void>;
}

/** What has to be known of the configuration in force, at any time. */
export interface OfConfiguration extends Pick<IsolatedSessionsOptions, 'wouldOpen' | 'settings'> {
  /** What `mcpvisor.approved` says. */
  readonly approved: () => readonly string[];
  /** What `mcpvisor.secrets` says. */
  readonly secrets: () => ReadonlyMap<string, string>;
}

export function createFoundation(options: AssemblyOptions, ofConfiguration: OfConfiguration): Foundation {
  const { stateDir = null, clock, random = Math.random, onError = () => {} } = options;
  const time = createTime(clock);
  const { wallNow, monotonicNow, timers } = time;
  const facts = options.facts ?? createFacts({ now: wallNow, timers: clock, onError });
  const { publish } = facts;
  const redactor = options.redactor ?? createRedactor();
  const strayAlarms = createStrayAlarms(redactor, publish);
  const ownAlarms = options.ownAlarms ?? createOwnAlarms({ publish, now: wallNow, timers: clock });
  if (options.storeTrouble !== null) storeTrouble(ownAlarms, options.storeTrouble);
  const unwatchShortages = watchShortages(facts, ownAlarms);

  const log = options.logger === undefined ? null : createLog({ facts, redactor, logger: options.logger });

  const turns = createTurns();
  const told = {
    clientInfo: options.clientInfo ?? { name: 'mcpvisor', version },
    onError,
    onStray: strayAlarms.onStray,
    onGuardTrouble: guardTrouble(ownAlarms),
    onSocketRefused: (error: Error) => noticeShortage(ownAlarms, error),
    onRefused: bufferTrouble(ownAlarms),
    ...(stateDir !== null && { onRecordTrouble: fileTrouble(ownAlarms, join(stateDir, 'processes.json')) }),
  };
  const isolated =
    options.isolation === 'process' && stateDir !== null
      ? createIsolatedSessions({ ...told, ...ofConfiguration, stateDir })
      : null;
  const sessions = isolated ?? createOwnSessions(options, { ...told, turns, now: monotonicNow, timers });
  const workedPath = stateDir === null ? null : join(stateDir, 'worked.json');
  const worked = createWorked({
    path: workedPath,
    secrets: ofConfiguration.secrets,
    onError,
    onTrouble: workedPath === null ? () => {} : fileTrouble(ownAlarms, workedPath),
  });
  const fingerprints = createFingerprints(ofConfiguration.secrets);
  const earlier = createEarlier(fingerprints);
  const ledger = createLedger({ highestGeneration: sessions.highestGeneration, listsOf: earlier.listsOf });
  const approvals = createApprovals({
    stateDir,
    approvedInConfiguration: ofConfiguration.approved,
    trustsApi: options.trustApi === true,
    onFlaw: fileFlaw(ownAlarms),
    onError,
  });
  const logs = createServerLogs({
    folder: stateDir === null ? null : join(stateDir, 'logs'),
    redactor,
    now: wallNow,
    memoryBytesOf: (server) => ledger.get(server)?.specification.stderrTailBytes,
    onTrouble: (path, error) => fileTrouble(ownAlarms, path)(error),
  });

  const memory = createWriteBehind({
    store: options.store,
    timers: time.backgroundTimers,
    now: wallNow,
    monotonicNow,
    publish,
    alarms: ownAlarms,
    continueAfter: facts.continueAfter,
    redacted: (fact) => redactor.value(fact) as StoredFact,
    onError,
  });

  return {
    time,
    moments: createMoments(wallNow, random),
    facts,
    redactor,
    strayAlarms,
    ownAlarms,
    turns,
    sessions,
    holder: isolated?.holder ?? null,
    ledger,
    worked,
    fingerprints,
    earlier,
    approvals,
    store: options.store,
    memory,
    inspection: createInspection({ publish, nowMs: wallNow, onError }),
    logs,
    async release() {
      unwatchShortages();
      approvals.close();
      await sessions.close();
      await worked.close();
      await memory.close();
      await options.store.close();
      await logs.close();
      await log?.close();
      if (options.ownAlarms === undefined) ownAlarms.close();
      if (options.facts === undefined) facts.close();
    },
  };
}

interface OwnParts extends Pick<SessionsOptions, 'clientInfo' | 'now' | 'timers'> {
  readonly turns: Turns;
}

/** Sessions in this process. A client process that an earlier run left is ended before anything is opened. */
function createOwnSessions(
  { stateDir, transports, fetch, authProviders }: AssemblyOptions,
  { turns, ...parts }: OwnParts,
): Sessions {
  const host = { transports, fetch, authProviders };
  const sessions = createSessions({ ...parts, stateDir: stateDir ?? null, host, defer: turns.afterwards });
  return {
    ...sessions,
    async reap(onReaped, stopOf) {
      if (stateDir !== undefined) await endLeft(stateDir);
      await sessions.reap(onReaped, stopOf);
    },
  };
}

function createTime(given: Clock | undefined): Time {
  const clock: Clock = given ?? systemClock;
  return {
    wallNow: () => clock.now(),
    monotonicNow: () => clock.monotonicNow?.() ?? clock.now(),
    timers: clock,
    backgroundTimers: given ?? backgroundTimers,
  };
}
