/**
 * The tests of the charts over sources with every mutant in them; `test/machines/mutation.ts` starts it. With
 * `MCPVISOR_MUTANT` vitest itself runs them, to show how one is caught.
 */

import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { mutatedSources, mutateSource } from './test/mutation/sources.ts';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const isReplay = process.env.MCPVISOR_MUTANT !== undefined;

export default defineConfig({
  plugins: [
    {
      name: 'mutants',
      enforce: 'pre',
      resolveId: (source, importer) =>
        !isReplay && source === 'vitest' && importer?.startsWith(here('./test/machines/')) === true
          ? here('./test/mutation/collector.ts')
          : null,
      transform: (text, id) => {
        const name = mutatedSources.find((source) => id === here(`./machines/${source}`));
        if (name === undefined) return null;
        const { code } = mutateSource(name, text);
        return {
          code: `import { isMutant as __isMutant } from '${here('./test/mutation/mutation.ts')}';\n${code}`,
          map: null,
        };
      },
    },
  ],
  test: {
    include: isReplay ? ['test/machines/**/*.test.ts'] : ['test/mutation/run.ts'],
    pool: 'forks',
    maxWorkers: isReplay ? 2 : 1,
    execArgv: ['--conditions=development'],
    testTimeout: isReplay ? 60_000 : 86_400_000,
    hookTimeout: 180_000,
    silent: true,
  },
});
