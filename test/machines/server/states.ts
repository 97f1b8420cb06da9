/** Ways into every state of a server's chart, with no command open. */

import { failure } from '../../../machines/failure.ts';
import { exit, type ServerOptions, type ServerUnderTest, startServer } from '../../support/charts/chart.ts';

type Road = (server: ServerUnderTest) => void;

const spawning: Road = (server) => server.send(server.context().policy.lazy ? 'server.needed' : 'slot.granted');
const initializing: Road = (server) => {
  spawning(server);
  server.news('session.spawned');
};
const listing: Road = (server) => {
  initializing(server);
  server.news('session.initialized');
};
const quiet: Road = (server) => {
  listing(server);
  server.news('session.ready');
};
const probing: Road = (server) => {
  quiet(server);
  server.temper.answers = false;
  passUntil(server, 'connected.probing');
};
const confirming: Road = (server) => {
  probing(server);
  passUntil(server, 'connected.confirming');
};
const awaiting: Road = (server) => {
  server.temper.inFlight = 1;
  server.temper.callUntil = 1e6;
  confirming(server);
  passUntil(server, 'connected.awaiting');
};
const hung: Road = (server) => {
  confirming(server);
  passUntil(server, 'heartbeat-timeout.terminating');
};
const closing: Road = (server) => {
  quiet(server);
  server.news('session.failed', { failure: failure('disconnected', 'stdout was closed') });
};
const delaying: Road = (server) => {
  spawning(server);
  server.news('session.ended', { failure: exit(1) });
};
const ladder =
  (road: Road, state: string): Road =>
  (server) => {
    road(server);
    passUntil(server, state);
  };

const roads = {
  'idle.resting': () => undefined,
  'idle.queued': () => undefined,
  'starting.spawning': spawning,
  'starting.initializing': initializing,
  'starting.listing': listing,
  'connected.quiet': quiet,
  'connected.probing': probing,
  'connected.confirming': confirming,
  'connected.awaiting': awaiting,
  'heartbeat-timeout.terminating': hung,
  'heartbeat-timeout.killing': ladder(hung, 'heartbeat-timeout.killing'),
  'heartbeat-timeout.stuck': ladder(hung, 'heartbeat-timeout.stuck'),
  'stopping.closing': closing,
  'stopping.terminating': ladder(closing, 'stopping.terminating'),
  'stopping.killing': ladder(closing, 'stopping.killing'),
  'stopping.stuck': ladder(closing, 'stopping.stuck'),
  'backoff.delaying': delaying,
  'backoff.queued': ladder(delaying, 'backoff.queued'),
  failed: (server) => {
    spawning(server);
    server.news('session.ended', { failure: failure('spawnFailed', 'no such command', { code: 'ENOENT' }) });
  },
  'needs-auth': (server) => {
    spawning(server);
    server.news('session.ended', { failure: failure('unauthorized', '401', { code: 401 }) });
  },
} as const satisfies Record<string, Road>;

export type State = keyof typeof roads;

export const states = Object.keys(roads) as State[];
export const liveStates = states.filter((state) => /^(starting|connected|heartbeat-timeout|stopping)/.test(state));
export const startingStates = states.filter((state) => state.startsWith('starting'));
export const connectedStates = states.filter((state) => state.startsWith('connected'));
export const endingStates = states.filter((state) => /^(heartbeat-timeout|stopping)/.test(state));

export function serverIn(state: State, options: ServerOptions = {}): ServerUnderTest {
  const server = startServer({ wanted: state === 'idle.resting' ? 'down' : 'up', ...options });
  roads[state](server);
  if (server.state() !== state) throw new Error(`wanted ${state}, came to ${server.state()}`);
  server.emitted.length = 0;
  server.orders.length = 0;
  server.reports.length = 0;
  server.ignored.length = 0;
  server.records.length = 0;
  return server;
}

/** Advances the clock from timer to timer until the state is reached. */
export function passUntil(server: ServerUnderTest, state: string): void {
  for (let timers = 0; server.state() !== state; timers += 1) {
    const dueAt = server.clock.nextDueAt();
    if (dueAt === null || timers > 200) throw new Error(`${state} is not reached from ${server.state()}`);
    server.clock.advance(dueAt - server.clock.now());
  }
}
