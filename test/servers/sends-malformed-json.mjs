/**
 * Answers properly, with junk before every answer: broken JSON, a batch, a bare value, another protocol. Arguments:
 * lines of junk before it speaks (0).
 */

import { speak } from './speak.mjs';

const junk = [
  '{"jsonrpc":"2.0","id":1,',
  '[{"jsonrpc":"2.0","method":"ping","id":7}]',
  '42',
  '{"jsonrpc":"1.0","id":1,"result":{}}',
];
const before = Number(process.argv[2] ?? 0);

for (let line = 0; line < before; line += 1) process.stdout.write(`junk ${line}\n`);
speak({ onMessage: () => process.stdout.write(`${junk.join('\n')}\n`) });
