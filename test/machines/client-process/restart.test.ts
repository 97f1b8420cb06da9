import { describe, expect, it } from 'vitest';
import { clientIn } from './states.ts';

describe('a restart that a person asks for while a process is looked for', () => {
  it('ends the one that is found, and starts another', () => {
    const client = clientIn('starting.probing');
    client.send('client.restart');
    client.news('holder.found');
    expect(client.state()).toBe('stopping.ending');
    expect(client.orders.map(({ type }) => type)).toEqual(['end']);
    client.news('holder.gone');
    client.news('holder.none');
    expect(client.state()).toBe('starting.forking');
    expect(client.context()).toMatchObject({ attempt: 0, lastFailure: null });
  });

  it('does the same with one whose connection alone broke', () => {
    const client = clientIn('connected.fresh');
    client.news('holder.disconnected');
    client.send('client.restart');
    client.news('holder.found');
    expect(client.state()).toBe('stopping.ending');
  });

  it.each([
    ['there is none', ['holder.none']],
    ['the one that was found is ending', ['holder.ending', 'holder.none']],
  ] as const)('is done with the one that is started where %s: its loss is counted', (_, found) => {
    const client = clientIn('starting.probing');
    client.send('client.restart');
    for (const news of [...found, 'holder.forked', 'holder.connected'] as const) client.news(news);
    expect(client.state()).toBe('connected.fresh');
    client.news('holder.lost');
    client.news('holder.cleared');
    expect(client.state()).toBe('backoff.delaying');
    expect(client.context().attempt).toBe(1);
  });

  it('looks again at once when nothing can be known of it now, and then not again', () => {
    const client = clientIn('starting.probing');
    client.send('client.restart');
    client.news('holder.refused');
    expect(client.state()).toBe('starting.probing');
    client.news('holder.refused');
    expect(client.state()).toBe('backoff.delaying');
  });
});
