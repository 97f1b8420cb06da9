import { describe, expect, it } from 'vitest';
import { failure } from '../../../machines/failure.ts';
import { createRedactor } from '../../../src/observe/secrets/redact.ts';
import { createWords } from '../../../src/supervisor/actors/session/words.ts';

const secret = 'canary-1f7a-22c9-9b01';

function wordsWithSecret() {
  const redactor = createRedactor();
  redactor.addSecrets('a', [secret]);
  return createWords(redactor);
}

describe('words of a server with a secret where they are cut', () => {
  const { text, line, note, failure: clean } = wordsWithSecret();
  const waysToShow: readonly (readonly [string, (said: string) => string])[] = [
    ['a text', text],
    ['a line of stderr', line],
    ['a note', note],
    ['the message of a failure', (said) => clean(failure('exited', said)).message],
    ['the tail of a failure', (said) => clean(failure('exited', '', { stderrTail: [said] })).stderrTail.join()],
  ];

  it.each(waysToShow)('keep nothing of it, as %s', (_what, show) => {
    const { length } = show('x'.repeat(20_000));
    expect(length).toBeLessThanOrEqual(8 * 1024);
    for (let before = length - secret.length - 1; before <= length; before += 1) {
      const shown = show(`${'x'.repeat(before)}${secret}`);
      expect(shown.length).toBeLessThanOrEqual(length);
      expect(shown).toMatch(/^x*(\[[a-z]*\]?)?$/);
    }
  });
});

describe('a failure whose class is a secret by chance', () => {
  it('keeps what the chart decides by', () => {
    const redactor = createRedactor();
    redactor.addSecrets('a', ['handshakeFailed', 'initializing']);
    const known = failure('handshakeFailed', 'handshakeFailed while initializing', { phase: 'initializing' });
    const { message, ...rest } = createWords(redactor).failure(known);
    expect(message).toBe('[redacted] while [redacted]');
    expect(rest).toMatchObject({ class: 'handshakeFailed', phase: 'initializing' });
  });
});
