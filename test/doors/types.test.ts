import { spawnSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sharedByTests } from '../support/finishing.ts';
import { root } from '../support/markdown.ts';
import { createScratchFolder } from '../support/scratch-folder.ts';

type Program = 'sound' | 'mistaken';

/** Compiles programs against the built package as strictly as TypeScript can, declarations of packages included. */
async function compile(programs: Readonly<Record<Program, string>>): Promise<(program: Program) => string> {
  const folder = createScratchFolder();
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(root, join(folder, 'node_modules/mcpvisor'));
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ type: 'module' }));
  for (const [name, program] of Object.entries(programs)) writeFileSync(join(folder, `${name}.ts`), program);
  const compilerOptions = {
    target: 'ES2023',
    lib: ['ES2023', 'DOM', 'DOM.Iterable', 'ESNext.Disposable'],
    module: 'NodeNext',
    types: ['node'],
    typeRoots: [join(root, 'node_modules/@types')],
    strict: true,
    noUncheckedIndexedAccess: true,
    exactOptionalPropertyTypes: true,
    noPropertyAccessFromIndexSignature: true,
    noImplicitOverride: true,
    skipLibCheck: false,
    noEmit: true,
  };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }));
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const { stdout } = spawnSync(process.execPath, [tsc, '-p', folder, '--pretty', 'false'], {
    encoding: 'utf8',
    cwd: folder,
  });
  // The lines that go on with an error are indented.
  const errors = stdout.split(/\n(?! )/);
  const others = errors.filter((error) => !/^(sound|mistaken)\.ts\(/.test(error)).join('\n');
  return (program) => [...errors.filter((error) => error.startsWith(`${program}.ts(`)), others].join('\n');
}

const sound = `
  import { createSupervisor, toProblem } from 'mcpvisor';
  import type {
    Configuration, FailureClass, HttpApp, Identity, LogMethods, RestartKind, ServerEntry, SupervisorOptions,
  } from 'mcpvisor';
  const kind: RestartKind = 'transient';
  const entry: ServerEntry = { command: 'node', args: ['server.js'] as const, restart: { kind }, lazy: true };
  const hosted: ServerEntry = { transport: 'inside', who: 'a' };
  const config: Configuration = { mcpServers: { entry, hosted }, mcpvisor: { callTimeoutMs: 1_000 } };
  const logger: LogMethods | null = null;
  const options: SupervisorOptions = { config, ...(logger !== null && { logger }) };
  const supervisor = await createSupervisor(options);
  await supervisor.add('more', { url: 'https://example.com/mcp' });
  const parsed: Record<string, unknown> = {};
  await supervisor.apply(parsed);
  await supervisor.update('more', { headers: { a: { $kept: 'headers.a' }, b: null }, disabled: true });
  await supervisor.replace('entry', supervisor.entry('entry'));
  await supervisor.apply(supervisor.config());
  const identity: Identity = () => 'me';
  const app: HttpApp = supervisor.httpApp({ identity });
  const failure: FailureClass | undefined = supervisor.status('entry').lastFailure?.class;
  const { content = [] } = await supervisor.callTool('entry', 'echo');
  const texts: string[] = content.flatMap((block) => (block.type === 'text' ? [block.text] : []));
  const described: string[] = supervisor.tools().flatMap(({ description = '', title = '' }) => [title, description]);
  const isSafe: boolean | undefined = supervisor.tools()[0]?.annotations?.readOnlyHint;
  const status: number = toProblem(new Error()).status;
  console.log(app, failure, texts, described, isSafe, status);
`;

const mistaken = `
  import { createSupervisor } from 'mcpvisor';
  await createSupervisor({ config: { mcpServers: { a: { comand: 'x' } } } });
  await createSupervisor({ config: { mcpServers: {}, mcpvisr: {} } });
  const supervisor = await createSupervisor({ config: { mcpServers: {}, mcpvisor: { callTimeoutMs: '1s' } } });
  await supervisor.add('b', { command: 'x', restart: { kind: 'always' } });
`;

/** The compiler checks the declarations of every package that ours mentions. */
const withinMs = 300_000;
const compiled = sharedByTests(() => compile({ sound, mistaken }), withinMs);
const errorsOf = (program: Program) => compiled()(program);

describe('the types of the package', { timeout: withinMs }, () => {
  it('compile without skipLibCheck, and need no cast', () => {
    expect(errorsOf('sound')).toBe('');
  });

  it('find misspelt keys, and values that cannot be', () => {
    const errors = errorsOf('mistaken');
    const lines = errors.split('\n').flatMap((line) => /^mistaken\.ts\((\d+),/.exec(line)?.[1] ?? []);
    expect([...new Set(lines)]).toEqual(['3', '4', '5', '6']);
    expect(errors.replaceAll(/^ .*\n/gm, '')).not.toMatch(/^(?!mistaken\.ts)./m);
  });
});
