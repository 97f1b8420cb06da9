import { describe, expect, it } from 'vitest';
import { underAttack } from '../support/loop-delay.ts';
import { openStage } from '../support/supervised.ts';

describe('a model that calls many tools which nobody has', () => {
  it('is answered soon, however many tools there are', async () => {
    const { program, open } = openStage();
    const supervisor = await open({ many: program('offers-many-tools', {}, ['10000', '900']) });
    await supervisor.ready();
    expect(supervisor.tools()).toHaveLength(10_000);
    const calls = Array.from({ length: 256 }, (_, index) => ({
      id: String(index),
      type: 'function',
      function: { name: `many__tool-${index}-${'n'.repeat(20)}_12345678`, arguments: '{}' },
    }));
    const answers = await underAttack('256 names that nobody has', () =>
      supervisor.answerToolCalls(calls, { format: 'openai' }),
    );
    expect(answers).toHaveLength(256);
    expect(answers[0]).toMatchObject({ content: expect.stringContaining('many__tool-0') });
  });
});
