/** Has a tool for each name that every object has, which takes an argument of that name and gives it back. */

import { speak } from './speak.mjs';

const names = Object.getOwnPropertyNames(Object.prototype);
const toolOf = (name) => ({
  inputSchema: { type: 'object', properties: Object.fromEntries([[name, { type: 'string' }]]), required: [name] },
  call: (args) => `${name}: ${Object.hasOwn(args, name) ? args[name] : 'nothing'}`,
});

speak({ tools: Object.fromEntries(names.map((name) => [name, toolOf(name)])) });
