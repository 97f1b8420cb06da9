import { describe, expect, it } from 'vitest';
import { createLifetime } from '../src/lifetime.ts';

describe('a lifetime', () => {
  it('closes what was added, one after the other, in reverse', async () => {
    const lifetime = createLifetime();
    const told: string[] = [];
    lifetime.add(() => void told.push('first'));
    lifetime.add(async () => {
      await Promise.resolve();
      told.push('second');
    });
    lifetime.add(() => void told.push('third'));
    await lifetime.close();
    expect(told).toEqual(['third', 'second', 'first']);
  });

  it('ends once, however often it is closed', async () => {
    const lifetime = createLifetime();
    let closes = 0;
    lifetime.add(() => {
      closes += 1;
    });
    await Promise.all([lifetime.close(), lifetime.close(), lifetime.closed]);
    await lifetime.close();
    expect(closes).toBe(1);
  });

  it('closes what is added while it ends', async () => {
    const lifetime = createLifetime();
    const told: string[] = [];
    lifetime.add(() => void told.push('early'));
    lifetime.add(() => lifetime.add(() => void told.push('late')));
    await lifetime.close();
    expect(told).toEqual(['late', 'early']);
  });
});
