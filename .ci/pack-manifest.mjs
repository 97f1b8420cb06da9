/**
 * Takes `prepare` out of the manifest for as long as it is packed, and puts it back: the checkout builds on install,
 * the package has nothing to run, and npm warns of every script that an installed package could run.
 */

import { readFileSync, writeFileSync } from 'node:fs';

const build = '    "build": "node .ci/build.mjs",\n';
const prepare = '    "prepare": "npm run build",\n';
const written = readFileSync('package.json', 'utf8');
const packed = written.replace(prepare, '');
const whole = packed.replace(build, `${build}${prepare}`);
if (whole === packed) throw new Error('package.json has no script "build" as this one knows it');
writeFileSync('package.json', process.argv[2] === 'strip' ? packed : whole);
