import { describe, expect, it } from 'vitest';
import { createRedactor } from '../../../src/observe/secrets/redact.ts';

function redactorOf(...secrets: readonly string[]) {
  const redactor = createRedactor();
  redactor.addSecrets('server', secrets);
  return redactor;
}

const secret = 'Tök3n/a b+c?d#e&f"\'~!';
const encodings: Readonly<Record<string, (text: string) => string>> = {
  'the path of a URL': (text) => {
    const url = new URL('https://example.com/');
    url.pathname = `/v1/${text}/tools`;
    return url.href;
  },
  'the query of a URL': (text) => {
    const url = new URL('https://example.com/');
    url.search = `?key=${text}`;
    return url.href;
  },
  'the parameters of a URL': (text) => `https://example.com/?${new URLSearchParams({ key: text })}`,
  'the login of a URL': (text) => {
    const url = new URL('https://example.com/');
    url.username = text;
    return url.href;
  },
  'the fragment of a URL': (text) => {
    const url = new URL('https://example.com/');
    url.hash = text;
    return url.href;
  },
  base64: (text) => Buffer.from(text).toString('base64'),
  base64url: (text) => Buffer.from(text).toString('base64url'),
};

describe('a secret that is encoded', () => {
  it.each(Object.entries(encodings))('is blanked in %s', (_, encode) => {
    const encoded = encode(secret);
    const said = redactorOf(secret).text(`it said ${encoded}.`);
    expect(said).toContain('[redacted]');
    expect(said.length).toBeLessThan(encoded.length + 10);
    for (const half of [secret.slice(0, 9), encodeURI(secret).slice(0, 10)]) expect(said).not.toContain(half);
  });

  it('is blanked in a host, which is in lower case', () => {
    const { hostname } = new URL('https://Tenant-Ab12Cd34.example.com');
    expect(redactorOf('Tenant-Ab12Cd34').text(`ENOTFOUND ${hostname}`)).toBe('ENOTFOUND [redacted].example.com');
  });

  it('is blanked in a path whose dots were resolved', () => {
    const { href } = new URL('https://example.com/keys/../keys/./s3cr3t-k3y');
    expect(redactorOf('keys/../keys/./s3cr3t-k3y').text(href)).toBe('https://example.com/[redacted]');
  });

  it('is blanked where it is a URL of its own, and in what that logs in with', () => {
    const { text } = redactorOf('HTTPS://User:pass-w0rd@Example.COM:443/a/../mcp');
    expect(text('GET https://User:pass-w0rd@example.com/mcp')).toBe('GET [redacted]');
    expect(text(`authorization: Basic ${btoa('User:pass-w0rd')}`)).not.toContain(btoa('User:pass-w0rd').slice(0, 12));
    expect(text('its password is pass-w0rd')).toBe('its password is [redacted]');
  });

  it.each(['u', 'us', 'user', 'a-longer-user'])('is blanked in a Basic credential, after the user %s', (user) => {
    const credential = Buffer.from(`${user}:pass-w0rd-of-it`).toString('base64');
    const said = redactorOf('pass-w0rd-of-it').text(`Basic ${credential}`);
    expect(said).toContain('[redacted]');
    expect(Buffer.from(said.replace('[redacted]', ''), 'base64').toString()).not.toContain('pass');
    expect(redactorOf(`Basic ${credential}`).text(`login ${user}:pass-w0rd-of-it`)).not.toContain('pass-w0rd');
  });
});

describe('a secret that is split by what a terminal does not show', () => {
  const hidden = {
    colours: '\u001b[31m',
    'colours of one byte': '\u009b1;31m',
    'a title': '\u001b]0;\u0007',
    'a character set': '\u001b(B',
    'a zero byte': '\0',
    'a backspace': '\b',
    'a space without width': '\u200b',
    'a change of direction': '\u202e',
  };

  it.each(Object.entries(hidden))('is blanked: %s', (_, between) => {
    const split = 'hunter2-hunter2'.split('').join(between);
    expect(redactorOf('hunter2-hunter2').text(`a ${between}${split} z`)).toMatch(/^a .*\[redacted\] z$/s);
  });

  it('is blanked within a sequence that never ends', () => {
    expect(redactorOf('hunter2-hunter2').text('\u001b]0;hunter2-\u001b[1mhunter2')).not.toContain('hunter2');
  });

  it('leaves sequences around it alone', () => {
    const line = '\u001b[31mred \u001b[0mhunter2-hunter2\u001b[1m bold';
    expect(redactorOf('hunter2-hunter2').text(line)).toBe('\u001b[31mred \u001b[0m[redacted]\u001b[1m bold');
    expect(redactorOf('hunter2-hunter2').text('\u001b[31mred\u001b[0m')).toBe('\u001b[31mred\u001b[0m');
  });
});

describe('a secret of which some characters are escaped', () => {
  const word = 'hunter2-hunter2/of "a"';
  const inColours = word.split('').join('\u001b[31m');
  const inHex = (prefix: string) =>
    word.replace(/./g, (one) => `${prefix}${one.charCodeAt(0).toString(16).padStart(2, '0')}`);
  const forms = {
    'all of it percent-encoded': inHex('%'),
    'some of it percent-encoded': word.replaceAll('-', '%2D').replace('h', '%68'),
    'percent-encoded twice': encodeURIComponent(encodeURIComponent(word)),
    'percent-encoded in colours': inHex('%').split('').join('\u001b[0m'),
    'its colours percent-encoded, too': encodeURIComponent(inColours),
    'all of it escaped for JSON': inHex(String.raw`\u00`),
    'its slash escaped for JSON': JSON.stringify(word).slice(1, -1).replace('/', String.raw`\/`),
    'in colours and escaped for JSON': JSON.stringify(inColours).slice(1, -1),
    'in colours and JSON within JSON': JSON.stringify(JSON.stringify(inColours).slice(1, -1)).slice(1, -1),
    'escaped for JavaScript': inHex(String.raw`\x`),
  };

  it.each(Object.entries(forms))('is blanked: %s', (_, form) => {
    expect(redactorOf(word).text(`50% \\ a ${form} z %`)).toBe('50% \\ a [redacted] z %');
  });

  it('leaves escapes of other words alone', () => {
    const line = String.raw`%2F \u001b[31m \\ \" %25 C:\temp`;
    expect(redactorOf(word).text(line)).toBe(line);
  });
});

describe('blanking', () => {
  it.each([
    '\u001b[',
    '\u001b[1;',
    '\u001b',
    '\u001b[31m',
    'a\u200b',
    '\\',
    String.raw`\\n`,
    '%25',
    '%',
    String.raw`\u0041`,
  ])('takes time in proportion to a line of %j', (part) => {
    const secrets = Array.from({ length: 1_000 }, (_, index) => `secret-number-${index}-of-many`);
    const { text } = redactorOf(...secrets);
    const timeOf = (characters: number): number => {
      const line = part.repeat(characters / part.length);
      const began = performance.now();
      text(line);
      return performance.now() - began;
    };
    timeOf(100_000);
    expect(timeOf(1_000_000)).toBeLessThan(2_000);
  });
});
