import { describe, expect, it } from 'vitest';
import { createActor, fromPromise, setup } from 'xstate';
import { createInspector } from '../../../src/observe/facts/inspected.ts';
import type { InspectedEvent } from '../../../src/observe/facts/inspected-event.ts';
import { createRedactor } from '../../../src/observe/secrets/redact.ts';

const secret = 'canary-inspected-51d8';
const chart = setup({
  types: { events: {} as { readonly type: 'told'; readonly words: string; readonly act: () => void } },
  actors: { breaks: fromPromise(() => Promise.reject(new Error(`cannot use ${secret}`))) },
}).createMachine({
  id: 'chart',
  initial: 'calm',
  states: { calm: { on: { told: 'upset' } }, upset: { invoke: { src: 'breaks', onError: 'over' } }, over: {} },
});

describe('inspection events for a host', () => {
  it('hold neither secrets nor anything alive, and keep what errors say', async () => {
    const redactor = createRedactor();
    redactor.addSecrets('test', [secret]);
    const seen: InspectedEvent[] = [];
    const errors: unknown[] = [];
    const onError = (error: unknown) => void errors.push(error);
    const inspect = createInspector({ redactor, inspect: (event) => void seen.push(event), nowMs: () => 0, onError });
    const actor = createActor(chart, { inspect }).start();
    actor.send({ type: 'told', words: secret, act: () => undefined });
    await new Promise<void>((resolve) => {
      actor.subscribe((snapshot) => {
        if (snapshot.matches('over')) resolve();
      });
    });
    expect(errors).toEqual([]);
    expect(seen).toContainEqual(
      expect.objectContaining({ type: '@xstate.event', event: { type: 'told', words: '[redacted]' } }),
    );
    expect(JSON.stringify(seen)).not.toContain(secret);
    expect(JSON.stringify(seen)).toContain('cannot use [redacted]');
    expect(JSON.parse(JSON.stringify(seen))).toEqual(seen);
  });
});
