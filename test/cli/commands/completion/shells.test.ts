import { chmodSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { Client } from '../../../support/doors/client.ts';
import { openScene, program, type Scene } from '../../../support/doors/daemon.ts';
import { openPseudoTerminal, type PseudoTerminal } from '../../../support/doors/pseudo-terminal.ts';
import { underAttack } from '../../../support/loop-delay.ts';
import { until } from '../../../support/processes.ts';
import { absence, findProgram } from '../../../support/requirements.ts';

const namesCode = fileURLToPath(new URL('../../../servers/names-its-tools-in-shell.mjs', import.meta.url));

/** Each with our completion loaded as its documentation says, no other configuration, and `ready>` as its prompt. */
const commands = {
  bash: 'bash --noprofile --rcfile ./bashrc -i',
  zsh: 'zsh -i',
  fish: 'fish --private',
} as const;

type Shell = keyof typeof commands;

interface OpenShell {
  readonly scene: Scene;
  readonly terminal: PseudoTerminal;
  /** Of the control plane that the shell asks. */
  readonly client: Client;
}

async function openShell(shell: Shell): Promise<OpenShell> {
  const scene = openScene();
  const { folder, stateDir, mark } = scene;
  scene.writeConfig({
    files: { command: process.execPath, args: [namesCode, mark, join(folder, 'ran')], group: 'web' },
  });
  const daemon = await scene.up();
  await until('it is ready', async () => (await daemon.client.get('/readyz')).status === 200, 30_000);
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  writeFileSync(join(bin, 'mcpvisor'), `#!/bin/sh\nexec '${process.execPath}' '${program}' "$@"\n`);
  chmodSync(join(bin, 'mcpvisor'), 0o755);
  writeFileSync(join(folder, 'bashrc'), 'PS1=\'ready>\'\neval "$(mcpvisor completion bash)"\n');
  writeFileSync(
    join(folder, '.zshrc'),
    'PS1=\'ready>\'\nautoload -Uz compinit; compinit -u -D\neval "$(mcpvisor completion zsh)"\n',
  );
  mkdirSync(join(folder, '.config', 'fish'), { recursive: true });
  writeFileSync(
    join(folder, '.config', 'fish', 'config.fish'),
    'function fish_prompt; echo -n "ready>"; end\nset fish_greeting\nmcpvisor completion fish | source\n',
  );
  const terminal = openPseudoTerminal({
    command: commands[shell],
    cwd: folder,
    env: {
      HOME: folder,
      PATH: `${bin}:${process.env.PATH ?? ''}`,
      MCPVISOR_STATE_DIR: stateDir,
      XDG_CONFIG_HOME: join(folder, '.config'),
      XDG_DATA_HOME: join(folder, '.data'),
    },
  });
  await terminal.shows('ready>');
  return { scene, terminal, client: daemon.client };
}

/** The rest of a word, and the space after it, which zsh shows in bold. */
function inserted(rest: string): RegExp {
  return new RegExp(`${rest}(?:\\u001b\\[1m)? `);
}

const missing = ['script', 'bash', 'zsh', 'fish'].find((program) => findProgram('shells', program) === null) ?? null;

describe.skipIf(missing !== null)(`TAB${missing === null ? '' : absence(null, missing)}`, () => {
  it.each(['bash', 'zsh', 'fish'] as const)(
    'in %s completes names, and runs nothing that a server says',
    async (shell) => {
      const { scene, terminal, client } = await openShell(shell);
      const ran = () => readdirSync(scene.folder).filter((name) => name.startsWith('ran'));
      await underAttack(
        `TAB in ${shell}`,
        async () => {
          terminal.type('mcpvisor call fi\t');
          await terminal.shows(inserted('les'));
          terminal.type('ru\t');
          await until('it is completed', () => ran().length > 0 || terminal.text().includes('nner'));
          expect(ran()).toEqual([]);
          await terminal.shows(inserted('nner'));
          // Of all tools whose names begin so, only one is a plain word.
          terminal.type('\u0015mcpvisor call files ec\t');
          await terminal.shows(inserted('ho'));
          // Twice: the shell lists what there is.
          terminal.type('\u0015mcpvisor call files \t\t');
          await terminal.shows(/runner/);
          terminal.type('\u0015');
        },
        { client },
      );
      expect(ran()).toEqual([]);
      expect(terminal.text()).not.toContain('touch');
    },
  );

  it.each(['bash', 'zsh', 'fish'] as const)('in %s completes a group after its colon', async (shell) => {
    const { terminal } = await openShell(shell);
    terminal.type('echo =; mcpvisor restart group:w\t');
    await terminal.shows(inserted('eb'));
    terminal.type('\u0015mcpvisor completion f\t');
    await terminal.shows(inserted('ish'));
    expect(terminal.text()).toContain('group:web');
  });
});
