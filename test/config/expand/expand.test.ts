import { rootCertificates } from 'node:tls';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseEnvFile } from '../../../src/config/expand/env-file.ts';
import { childEnvironment } from '../../../src/config/expand/environment.ts';
import { type ExpandOptions, expandSpecification } from '../../../src/config/expand/expand.ts';
import { parseEntries } from '../../../src/config/parse.ts';
import { toLine } from '../../../src/errors.ts';
import { createRedactor } from '../../../src/observe/secrets/redact.ts';
import type { RemoteSpecification, ServerSpecification, StdioSpecification } from '../../../src/specification.ts';

const folder = '/etc/mcp';

function specificationOf(entry: object): ServerSpecification {
  const { config, problems } = parseEntries({ mcpServers: { a: entry } }, { folder, hostedTransports: ['in-memory'] });
  const specification = config?.servers.get('a');
  if (specification === undefined) throw new Error(problems.map(toLine).join('\n'));
  return specification;
}

function optionsWith(
  more: Partial<ExpandOptions> & { readonly files?: Readonly<Record<string, string>> },
): ExpandOptions {
  const readFile = (path: string) => {
    const text = more.files?.[path];
    if (text === undefined) throw Object.assign(new Error('no such file'), { code: 'ENOENT' });
    return text;
  };
  return { env: {}, stateDir: '/state/of/mcpvisor', folder, readFile, ...more };
}

function expand<Kind extends ServerSpecification = StdioSpecification>(
  entry: object,
  more: Parameters<typeof optionsWith>[0] = {},
) {
  const { expanded, problems, secrets } = expandSpecification(specificationOf(entry), optionsWith(more));
  if (expanded === null) throw new Error(problems.map(toLine).join('\n'));
  return { specification: expanded.specification as Kind, ca: expanded.ca, secrets };
}

/** `text` as people see it. */
function blanked(secrets: readonly string[], text: string): string {
  const redactor = createRedactor();
  redactor.addSecrets('a', secrets);
  return redactor.text(text);
}

const problemsOf = (entry: object, more: Parameters<typeof optionsWith>[0] = {}) =>
  expandSpecification(specificationOf(entry), optionsWith(more)).problems.map(toLine);

describe('the language of expressions', () => {
  const more = {
    env: { NAME: 'value', EMPTY: '', TRICKY: '${NAME}' },
    files: { '/etc/mcp/key': 'from a file\n', '/run/key': 'crlf\r\n', '/etc/mcp/value': 'nested' },
    secrets: new Map([['GITHUB', '${file:key}!']]),
  };
  it.each([
    ['plain', 'plain'],
    ['${NAME}', 'value'],
    ['${env:NAME}', 'value'],
    ['a${NAME}b${NAME}', 'avaluebvalue'],
    ['${EMPTY}', ''],
    ['${NAME:-other}', 'value'],
    ['${EMPTY:-other}', 'other'],
    ['${UNSET:-}', ''],
    ['${UNSET:-a:-b}', 'a:-b'],
    ['${UNSET:-${NAME}}', 'value'],
    ['${UNSET:-${ALSO:-{x}}}', '{x}'],
    ['${file:key}', 'from a file'],
    ['${file:/run/key}', 'crlf'],
    ['${file:${NAME}}', 'nested'],
    ['${secret:GITHUB}', 'from a file!'],
    ['${MCPVISOR_STATE_DIR}/x', '/state/of/mcpvisor/x'],
    ['$${NAME}', '${NAME}'],
    ['$$${NAME}', '$${NAME}'],
    ['$NAME $ $$ {NAME}', '$NAME $ $$ {NAME}'],
    ['${TRICKY}', '${NAME}'],
  ])('%s is %s', (written, meant) => {
    expect(expand({ command: 'x', args: [written] }, more).specification.args).toEqual([meant]);
  });
});

describe('a specification that is started', () => {
  it('has every text expanded and every path absolute', () => {
    const { specification } = expand(
      { command: '${BIN}/run', args: ['${X}'], env: { KEY: '${X}' }, cwd: '${SUB}' },
      { env: { BIN: 'bin', X: 'y', SUB: 'sub' } },
    );
    expect(specification).toMatchObject({
      command: '/etc/mcp/bin/run',
      args: ['y'],
      env: { KEY: 'y' },
      cwd: '/etc/mcp/sub',
    });
  });

  it('lets env win over envFile, and looks into envFile before the environment', () => {
    const files = { '/etc/mcp/.env': 'A=file\nB=file\n' };
    const { specification } = expand(
      { command: 'x', args: ['${B}', '${C}'], envFile: '.env', env: { A: 'entry' } },
      { files, env: { B: 'ours', C: 'ours' } },
    );
    expect(specification.env).toEqual({ A: 'entry', B: 'file' });
    expect(specification.args).toEqual(['file', 'ours']);
  });

  it('checks the address of a remote server once it is known', () => {
    expect(expand<RemoteSpecification>({ url: 'https://${HOST}/mcp' }, { env: { HOST: 'h' } }).specification.url).toBe(
      'https://h/mcp',
    );
    expect(problemsOf({ url: '${URL}' }, { env: { URL: 'hunter2' } })).toEqual([
      'mcpServers.a.url: is not a URL, once expanded (write it with its scheme: https://example.org/mcp)',
    ]);
    expect(problemsOf({ url: '${URL}' }, { env: { URL: 'hunter2:secret' } })).toEqual([
      'mcpServers.a.url: must begin with http:// or https://, once expanded (for a program of your own use command instead)',
    ]);
  });

  it('is left alone if a host serves it', () => {
    const specification = specificationOf({ transport: 'in-memory', note: '${X}' });
    expect(expandSpecification(specification, optionsWith({}))).toEqual({
      expanded: { specification, ca: null, proxy: null },
      problems: [],
      missingSecrets: [],
      secrets: [],
    });
  });
});

describe('an expansion that fails', () => {
  it('names every server, place and variable at once', () => {
    expect(
      problemsOf({
        command: 'x',
        args: ['${ONE}', '${secret:TWO}'],
        env: { K: '${file:three}', L: '${ONE}' },
      }).toSorted(),
    ).toEqual([
      'mcpServers.a.args[0]: server "a" needs the variable ONE, which is not set (set ONE, or write a default: ${ONE:-…})',
      'mcpServers.a.args[1]: server "a" needs the secret TWO, which is not set (mcpvisor secret set TWO, or mcpvisor.secrets: {"TWO": "${file:…}"})',
      'mcpServers.a.env.K: server "a" needs the file /etc/mcp/three, which cannot be read: ENOENT (a relative path starts from the folder of the configuration)',
      'mcpServers.a.env.L: server "a" needs the variable ONE, which is not set (set ONE, or write a default: ${ONE:-…})',
    ]);
  });

  it('does not take for a variable what every object has by birth', () => {
    expect(problemsOf({ command: 'x', args: ['${constructor}'] })).toEqual([
      expect.stringContaining('needs the variable constructor, which is not set'),
    ]);
    expect(expand({ command: 'x', args: ['${toString:-none}'] }).specification.args).toEqual(['none']);
  });

  it('refuses an envFile that is no UTF-8 text, and repeats nothing of it', () => {
    const files = { '/etc/mcp/.env': Buffer.from('\uFEFFTOKEN=from-a-shell\r\n', 'utf16le').toString('utf8') };
    expect(problemsOf({ command: 'x', envFile: '.env' }, { files })).toEqual([
      'mcpServers.a.envFile: server "a" needs the file /etc/mcp/.env, which is no UTF-8 text (save it as UTF-8)',
    ]);
  });

  it('tells one cause once: a missing envFile', () => {
    expect(problemsOf({ command: 'x', args: ['${INSIDE}'], envFile: '.env' })).toEqual([
      'mcpServers.a.envFile: server "a" needs the file /etc/mcp/.env, which cannot be read: ENOENT',
    ]);
  });

  it('refuses what no process or request could carry', () => {
    const env = { NUL: 'a\0b', LINES: 'a\nb' };
    expect(problemsOf({ command: 'x', args: ['${NUL}'] }, { env })).toEqual([expect.stringContaining('NUL character')]);
    expect(problemsOf({ url: 'http://h', headers: { A: '${LINES}' } }, { env })).toEqual([
      expect.stringContaining('line break'),
    ]);
  });

  it('says so when there is no state directory', () => {
    expect(problemsOf({ command: 'x', args: ['${MCPVISOR_STATE_DIR}'] }, { stateDir: null })).toEqual([
      expect.stringContaining('there is no state directory'),
    ]);
  });
});

describe('the certificates a remote server is trusted by', () => {
  const [first = '', second = ''] = rootCertificates;
  const bundle = `# two of them\n${first}\n${second}\n`;
  const caOf = (ca: string, more: Parameters<typeof optionsWith>[0]) =>
    expandSpecification(specificationOf({ url: 'https://h', tls: { ca } }), optionsWith(more)).expanded?.ca;

  it('are read at each start, from the folder of the configuration', () => {
    expect(caOf('tls/ca.pem', { files: { '/etc/mcp/tls/ca.pem': bundle } })).toBe(bundle);
    expect(caOf('${DIR}/ca.pem', { env: { DIR: '/run' }, files: { '/run/ca.pem': first } })).toBe(first);
    expect(caOf('${DIR}/ca.pem', { env: { DIR: 'run' }, files: { '/etc/mcp/run/ca.pem': first } })).toBe(first);
  });

  it('are none if the entry names none, or is a program', () => {
    expect(expandSpecification(specificationOf({ url: 'https://h' }), optionsWith({})).expanded?.ca).toBeNull();
    expect(expandSpecification(specificationOf({ command: 'x' }), optionsWith({})).expanded?.ca).toBeNull();
  });

  // TLS would take each of these for no certificate, without a word.
  it.each([
    ['is not there', {}, 'server "a" needs the file /etc/mcp/ca.pem, which cannot be read: ENOENT'],
    [
      'is empty',
      { '/etc/mcp/ca.pem': '' },
      'the file /etc/mcp/ca.pem holds no certificate (it must be PEM: -----BEGIN CERTIFICATE-----)',
    ],
    [
      'is no PEM',
      { '/etc/mcp/ca.pem': '0\u0082der' },
      'the file /etc/mcp/ca.pem holds no certificate (it must be PEM: -----BEGIN CERTIFICATE-----)',
    ],
    [
      'is damaged',
      { '/etc/mcp/ca.pem': `${first}\n${second.replace('MII', 'M!I')}` },
      'certificate 2 of the file /etc/mcp/ca.pem cannot be read',
    ],
    [
      'is cut short',
      { '/etc/mcp/ca.pem': `${first}\n${second.slice(0, -30)}` },
      'certificate 2 of the file /etc/mcp/ca.pem cannot be read',
    ],
  ])('must be certificates: a file that %s', (_, files, problem) => {
    expect(problemsOf({ url: 'https://h', tls: { ca: 'ca.pem' } }, { files })).toEqual([
      `mcpServers.a.tls.ca: ${problem}`,
    ]);
  });

  it('must have a name once expanded', () => {
    expect(problemsOf({ url: 'https://h', tls: { ca: '${EMPTY}' } }, { env: { EMPTY: '' } })).toEqual([
      'mcpServers.a.tls.ca: is empty once expanded',
    ]);
  });
});

describe('the secrets of a server', () => {
  it('are the values of env, envFile and headers and what expressions came to', () => {
    const files = { '/etc/mcp/.env': 'FILE_KEY=in-the-env-file\n' };
    const { secrets } = expand(
      {
        command: 'x',
        args: ['--token=${TOKEN}', 'plain-argument'],
        envFile: '.env',
        env: { KEY: 'written-here', SHORT: 'short', DIR: '${MCPVISOR_STATE_DIR}' },
      },
      { env: { TOKEN: 'from-outside', PATH: '/usr/bin:/bin' }, files },
    );
    expect([...secrets].sort()).toEqual(['from-outside', 'in-the-env-file', 'short', 'written-here']);
  });

  it('are blanked with and without a scheme, and as they look in a URL', () => {
    const { secrets } = expand<RemoteSpecification>(
      { url: 'http://h/?k=${KEY}', headers: { Authorization: 'Bearer abcdefgh1', 'X-Key': 'Own key-of-1, key-of-2' } },
      { env: { KEY: 'a/b c+d=e' } },
    );
    expect(blanked(secrets, 'Bearer abcdefgh1, abcdefgh1, <key-of-1, key-of-2>, a/b c+d=e, a%2Fb%20c%2Bd%3De')).toBe(
      '[redacted], [redacted], <[redacted]>, [redacted], [redacted]',
    );
  });

  it('are blanked line by line when they have many lines', () => {
    const { secrets } = expand(
      { command: 'x', env: { PEM: '${file:key}' } },
      { files: { '/etc/mcp/key': '-----BEGIN-----\nabcdefghij\n' } },
    );
    expect(blanked(secrets, 'key: abcdefghij')).toBe('key: [redacted]');
  });

  it('are known when the expansion fails, too: its problems may repeat them', () => {
    const { expanded, secrets, problems } = expandSpecification(
      specificationOf({ command: 'x', args: ['${file:/run/${TOKEN}}', '${UNSET}'], env: { KEY: 'written-here' } }),
      optionsWith({ env: { TOKEN: 'from-outside' } }),
    );
    expect(expanded).toBeNull();
    expect(problems.map(toLine).join()).toContain('/run/from-outside');
    expect([...secrets].sort()).toEqual(['from-outside', 'written-here']);
    const folder = expandSpecification(
      specificationOf({ command: 'x', envFile: '/run/${TOKEN}/env' }),
      optionsWith({ env: { TOKEN: 'from-outside' } }),
    );
    expect(folder.secrets).toEqual(['from-outside']);
  });

  it('are complete, whatever is written and wherever', () => {
    const word = fc.stringMatching(/^[a-zA-Z0-9]{8,20}$/);
    fc.assert(
      fc.property(
        fc.dictionary(fc.stringMatching(/^[A-Z]{1,4}$/), word),
        fc.dictionary(fc.stringMatching(/^[A-Z]{1,4}$/), word),
        (env, literal) => {
          const names = Object.keys(env);
          const entry = {
            command: 'x',
            args: names.map((name) => `--${name}=\${${name}}`),
            env: { ...literal, ...Object.fromEntries(names.map((name) => [`${name}_`, `<\${env:${name}}>`])) },
          };
          const { secrets, specification } = expand(entry, { env });
          for (const value of [...Object.values(env), ...Object.values(specification.env)])
            expect(secrets).toContain(value);
        },
      ),
    );
  });
});

describe('any text', () => {
  const part = fc.oneof(
    fc.constantFrom('${A}', '${B:-b}', '${env:A}', '${C:-${A}}', '$', '{', '}', '$$', 'text', ' '),
    fc.stringMatching(/^[^$\0]{0,5}$/),
  );

  it('keeps no expression that was to be expanded', () => {
    fc.assert(
      fc.property(fc.array(part), (parts) => {
        const text = parts.join('');
        const { config } = parseEntries({ mcpServers: { a: { command: 'x', args: [text] } } }, { folder });
        fc.pre(config !== null);
        const specification = config?.servers.get('a');
        if (specification === undefined) return;
        const { expanded } = expandSpecification(specification, optionsWith({ env: { A: 'one', B: 'two' } }));
        // Parts may come together as a variable that is not set, such as `${C}`.
        fc.pre(expanded !== null);
        if (expanded === null) return;
        const [result = ''] = (expanded.specification as StdioSpecification).args;
        expect(result.match(/\$\{/g)?.length ?? 0).toBe(text.match(/\$\$\{/g)?.length ?? 0);
      }),
    );
  });

  it('is what it was if its ${ are escaped', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        fc.pre(!text.includes('\0'));
        // As text, `$$` would stand for one `$` in the replacement.
        const escaped = text.replaceAll('${', () => '$${');
        fc.pre(!text.includes('$${'));
        expect(expand({ command: 'x', args: [escaped] }).specification.args).toEqual([text]);
      }),
      { examples: [['${'], ['${A}'], ['a${b${']] },
    );
  });
});

describe('an environment file', () => {
  it('has comments, quotes, export and text over several lines', () => {
    const text =
      '\uFEFF# comment\r\nexport A=1\r\nB="two\nlines" # after\nC=\'single # not a comment\'\n D = spaced  # comment\nE=\nF="a\\nb"\nG=x=y\n';
    expect(Object.fromEntries(parseEnvFile(text))).toEqual({
      A: '1',
      B: 'two\nlines',
      C: 'single # not a comment',
      D: 'spaced',
      E: '',
      F: 'a\nb',
      G: 'x=y',
    });
  });
});

describe('what a program inherits', () => {
  const env = {
    PATH: '/bin',
    HOME: '/root',
    LC_ALL: 'C',
    XDG_RUNTIME_DIR: '/run',
    https_proxy: 'http://p',
    AWS_SECRET: 'no',
    GITHUB_TOKEN: 'no',
    GONE: undefined,
  };

  it('is a minimal set unless more is asked for', () => {
    const minimal = { PATH: '/bin', HOME: '/root', LC_ALL: 'C', XDG_RUNTIME_DIR: '/run', https_proxy: 'http://p' };
    expect(childEnvironment('default', env)).toEqual(minimal);
    expect(childEnvironment(['GITHUB_TOKEN', 'ABSENT'], env)).toEqual({ ...minimal, GITHUB_TOKEN: 'no' });
    expect(childEnvironment('none', env)).toEqual({});
    expect(childEnvironment('all', env)).toEqual({ ...minimal, AWS_SECRET: 'no', GITHUB_TOKEN: 'no' });
  });
});

describe('PATH', () => {
  it('is no secret, wherever it comes from: a message about it has to show it', () => {
    const entry = { command: 'x', env: { PATH: '/opt/one/bin:${PATH}', KEY: 'a secret value' } };
    const { secrets } = expand(entry, { env: { PATH: '/usr/local/bin:/usr/bin' } });
    expect(secrets).toEqual(['a secret value']);
  });
});
