import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRedactor } from '../../../src/observe/secrets/redact.ts';

function redactorOf(...secrets: string[]) {
  const redactor = createRedactor();
  redactor.addSecrets('files', secrets);
  return redactor;
}

describe('text with secrets', () => {
  it.each([
    ['a plain secret', ['s3cr3t-value'], 'key=s3cr3t-value!', 'key=[redacted]!'],
    ['a secret of regular expression characters', ['a.*+?^{$}()|[]\\'], 'x a.*+?^{$}()|[]\\ y', 'x [redacted] y'],
    [
      'the longer of two secrets that begin alike',
      ['password', 'password-longer'],
      'password-longer password',
      '[redacted] [redacted]',
    ],
    ['two secrets that overlap', ['abcdefgh12', 'gh12345678'], 'abcdefgh12345678 end', '[redacted] end'],
    ['a secret that overlaps itself', ['abababab'], 'ababababab', '[redacted]'],
    ['a secret escaped for JSON', ['pass"word\n1'], JSON.stringify({ key: 'pass"word\n1' }), '{"key":"[redacted]"}'],
    [
      'a secret escaped for JSON twice',
      ['pass"word'],
      JSON.stringify(JSON.stringify('pass"word')),
      '"\\"[redacted]\\""',
    ],
    [
      'a secret in a URL',
      ['p@ss/word&1'],
      'https://x/?k=p%40ss%2Fword%261&l=p%40ss%2fword%261',
      'https://x/?k=[redacted]&l=[redacted]',
    ],
    ['a secret in a form', ['two words'], 'k=two+words two%20words', 'k=[redacted] [redacted]'],
    [
      'one line of a secret of many',
      ['-----BEGIN KEY-----\nMIIEvQIBADAN\nQAB=\n'],
      'stderr: MIIEvQIBADAN',
      'stderr: [redacted]',
    ],
    ['a whole secret of many lines, short ones too', ['MIIEvQIBADAN\nQAB='], '<MIIEvQIBADAN\nQAB=>', '<[redacted]>'],
    [
      'a token without the scheme before it',
      ['Bearer abcdef-123456'],
      'bad token abcdef-123456',
      'bad token [redacted]',
    ],
    ['half a surrogate pair', ['12345678\ud800'], 'x12345678\ud800y', 'x[redacted]y'],
  ])('blanks %s', (_, secrets, text, expected) => {
    expect(redactorOf(...secrets).text(text)).toBe(expected);
  });

  it('leaves values shorter than 8 characters and blank ones alone', () => {
    expect(redactorOf('short', '1234567', '          ').text('short 1234567           .')).toBe(
      'short 1234567           .',
    );
  });

  it('stays as it is when blanked again, even with a secret that is part of the word it is blanked by', () => {
    const redactor = redactorOf('redacted', 's3cr3t-value');
    const once = redactor.text('s3cr3t-value redacted');
    expect(once).toBe('[redacted] [redacted]');
    expect(redactor.text(once)).toBe(once);
  });

  it('never shows a secret, whatever the secrets and the text', () => {
    const piece = fc.string({ unit: fc.constantFrom('a', 'b', '"', '\\', '.'), minLength: 8, maxLength: 14 });
    fc.assert(
      fc.property(
        fc.array(piece, { minLength: 1, maxLength: 5 }),
        fc.array(fc.string({ unit: fc.constantFrom('a', 'b', '"', '\\', '.'), maxLength: 10 })),
        (secrets, noise) => {
          const text = noise.map((word, index) => word + (secrets[index % secrets.length] ?? '')).join('');
          const redacted = redactorOf(...secrets).text(text);
          for (const secret of secrets) expect(redacted).not.toContain(secret);
        },
      ),
    );
  });
});

describe('values with secrets', () => {
  it('blanks deep in them, keys included, and leaves the original as it was', () => {
    const value = { tail: ['ok', 's3cr3t-value'], env: { 's3cr3t-value': 1 }, at: null, count: 3 };
    const copy = structuredClone(value);
    expect(redactorOf('s3cr3t-value').value(value)).toEqual({
      tail: ['ok', '[redacted]'],
      env: { '[redacted]': 1 },
      at: null,
      count: 3,
    });
    expect(value).toEqual(copy);
  });

  it('hands back the very value, or its untouched parts, where there is nothing to blank', () => {
    const redactor = redactorOf('s3cr3t-value');
    const clean = { a: [1, { b: 'text' }], when: new Date(0), bytes: Buffer.from('s3cr3t-value') };
    expect(redactor.value(clean)).toBe(clean);
    const mixed = { clean, dirty: 's3cr3t-value' };
    expect(redactor.value(mixed)).toHaveProperty('clean', clean);
    expect(createRedactor().value(mixed)).toBe(mixed);
  });

  it('blanks errors, URLs, maps and sets', () => {
    const redactor = redactorOf('s3cr3t-value');
    const error = new Error('bad s3cr3t-value', { cause: new Error('s3cr3t-value') });
    expect(redactor.value(error)).toMatchObject({
      name: 'Error',
      message: 'bad [redacted]',
      cause: { message: '[redacted]' },
    });
    expect(JSON.stringify(redactor.value({ error }))).not.toContain('s3cr3t-value');
    expect(redactor.value(new URL('https://x/?k=s3cr3t-value'))).toBe('https://x/?k=[redacted]');
    expect(redactor.value(new Map([['k', 's3cr3t-value']]))).toEqual([['k', '[redacted]']]);
    expect(redactor.value(new Set(['s3cr3t-value']))).toEqual(['[redacted]']);
  });

  it('cuts a value that contains itself', () => {
    const value: Record<string, unknown> = { key: 's3cr3t-value' };
    value.self = value;
    expect(redactorOf('s3cr3t-value').value(value)).toEqual({ key: '[redacted]', self: '[circular]' });
  });
});

describe('secrets with owners', () => {
  it('are blanked until their last owner drops them', () => {
    const redactor = createRedactor();
    redactor.addSecrets('files', ['shared-secret', 'files-secret']);
    redactor.addSecrets('web', ['shared-secret']);
    redactor.addSecrets('web', ['shared-secret', 'web-secret']);
    redactor.dropSecrets('files');
    expect(redactor.text('shared-secret files-secret web-secret')).toBe('[redacted] files-secret [redacted]');
    redactor.dropSecrets('web');
    redactor.dropSecrets('nobody');
    expect(redactor.text('shared-secret web-secret')).toBe('shared-secret web-secret');
  });

  it('may be many thousands, with a common beginning', () => {
    const redactor = createRedactor();
    const secrets = Array.from({ length: 5000 }, (_, index) => `Bearer ${index.toString(36).padStart(24, 'x')}`);
    redactor.addSecrets('many', secrets);
    expect(redactor.text(`a ${secrets[4321]} b ${secrets[7]}`)).toBe('a [redacted] b [redacted]');
    redactor.dropSecrets('many');
    expect(redactor.text(`a ${secrets[4321]}`)).toBe(`a ${secrets[4321]}`);
  });
});
