/**
 * The program that reads an embedded store whole: `node store-check.js KIND FOLDER`. It says on stdout what is wrong, as
 * JSON, or dies of it. It is started by a control plane before that opens the store.
 */

import { checkStore } from './store/embedded/check.ts';

const [kind, folder = ''] = process.argv.slice(2);
process.stdout.write(JSON.stringify(await checkStore(kind === 'lmdb' ? 'lmdb' : 'level', folder)));
