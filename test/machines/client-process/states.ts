/** Ways into every state of the chart of the client process. */

import { type ClientOptions, type ClientUnderTest, startClient } from '../../support/charts/client-chart.ts';

type Road = (client: ClientUnderTest) => void;

const then =
  (road: Road, ...news: readonly Parameters<ClientUnderTest['news']>[0][]): Road =>
  (client) => {
    road(client);
    for (const type of news) client.news(type);
  };
const passing =
  (road: Road, ms: number): Road =>
  (client) => {
    road(client);
    client.clock.advance(ms);
  };
const probing: Road = (client) => client.send('client.start');
const forking = then(probing, 'holder.none');
const connected = then(forking, 'holder.forked', 'holder.connected');
const ending: Road = (client) => {
  connected(client);
  client.send('client.restart');
};
const lost = then(connected, 'holder.lost');
const hung = passing(connected, 10_000);

const roads = {
  idle: () => undefined,
  'starting.probing': probing,
  'starting.awaiting': then(probing, 'holder.ending'),
  'starting.adopting': then(probing, 'holder.found'),
  'starting.forking': forking,
  'starting.handshaking': then(forking, 'holder.forked'),
  'connected.fresh': connected,
  'connected.late': passing(connected, 7_500),
  'heartbeat-timeout.clearing': hung,
  'heartbeat-timeout.stuck': passing(hung, 10_000),
  draining: (client) => {
    connected(client);
    client.send('client.drain');
  },
  'stopping.ending': ending,
  'stopping.clearing': lost,
  'stopping.stuck': passing(lost, 10_000),
  'backoff.delaying': then(lost, 'holder.cleared'),
  failed: (client) => {
    probing(client);
    for (let tries = 1; client.state() !== 'failed'; tries += 1) {
      if (tries > 5) throw new Error('the budget is never spent');
      client.news('holder.refused');
      if (client.state() === 'backoff.delaying') client.clock.advance(client.context().delayMs);
    }
  },
} as const satisfies Record<string, Road>;

export type State = keyof typeof roads;

export const states = Object.keys(roads) as State[];

export function clientIn(state: State, options: ClientOptions = {}): ClientUnderTest {
  const client = startClient(options);
  roads[state](client);
  if (client.state() !== state) throw new Error(`wanted ${state}, came to ${client.state()}`);
  for (const list of [client.records, client.orders, client.reports, client.emitted, client.ignored]) list.length = 0;
  return client;
}
