import { describe, expect, it } from 'vitest';
import { underAttack } from '../support/loop-delay.ts';
import { openStage } from '../support/supervised.ts';

const settled = (state: string) => ['connected', 'failed', 'backoff'].includes(state);

describe('a server that says too much of itself', () => {
  it.each([
    ['in its name and version', 'names', 'connected'],
    ['in its capabilities', 'capabilities', 'connected'],
    ['in its instructions', 'instructions', 'connected'],
    ['in its protocol version', 'version', 'failed'],
  ])('is in the status with a little of it: %s', async (what, kind, state) => {
    const { program, open } = openStage();
    const secret = 'hunter2-hunter2';
    const supervisor = await open({
      big: program('says-too-much-of-itself', { env: { SECRET: secret } }, [kind]),
      quiet: program('speak'),
    });
    await underAttack(`too much ${what}`, async () => {
      await expect.poll(() => settled(supervisor.status('big').state), { timeout: 20_000 }).toBe(true);
    });
    expect(supervisor.status('big').state).toBe(state);
    const text = JSON.stringify([supervisor.status(), supervisor.snapshot('big'), await supervisor.journal({})]);
    expect(text.length).toBeLessThan(400_000);
    expect(text).not.toContain(secret);
    expect(supervisor.status('quiet').state).toBe('connected');
  });
});
