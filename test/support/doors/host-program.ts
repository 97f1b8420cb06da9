/**
 * A program that embeds the library, to be watched or killed from outside: `host-program.ts CONFIG [STATE_DIR]`.
 * Says one JSON line when its servers are ready; closes and forgets everything when it is spoken to, after which it
 * must end by itself.
 */

import { createSupervisor } from '../../../src/index.ts';

const [config = '{}', stateDir] = process.argv.slice(2);

const supervisor = await createSupervisor({ config: JSON.parse(config), ...(stateDir !== undefined && { stateDir }) });
const { settled } = await supervisor.ready();
const { servers } = supervisor.status();
process.stdout.write(
  `${JSON.stringify({ settled, servers: servers.map(({ name, state, pid }) => ({ name, state, pid })) })}\n`,
);
process.stdin.once('data', () => {
  void supervisor.close();
  process.stdin.destroy();
});
