/**
 * Replaces a configuration file again and again, one text after the other, until it is killed. Says on stdout which text
 * is on disk. Argument: the file.
 */

import { readFileSync, writeSync } from 'node:fs';
import { replaceConfigFile } from '../../../src/config/file/replace.ts';
import { numberedText } from './numbered-text.ts';

const [file = ''] = process.argv.slice(2);

let known = readFileSync(file, 'utf8');
let number = Number(/\d+/.exec(known)?.[0]);
writeSync(1, `${number}\n`);
for (;;) {
  number += 1;
  const text = numberedText(number);
  await replaceConfigFile(file, { known, text });
  known = text;
  writeSync(1, `${number}\n`);
}
