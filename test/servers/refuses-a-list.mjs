/**
 * Answers one of its lists in its own way: `refuses-a-list METHOD HOW`, with `error` (always), `once` (an error the first
 * time), `later` (an error from the second time on, three times), `never`, `late` (after a second), `odd`, or `first
 * FILE` (only as long as there is no such file, which it makes). The tool `change` says that the tools changed.
 */

import { existsSync, writeFileSync } from 'node:fs';
import { speak } from './speak.mjs';

const [method, how, file] = process.argv.slice(2);
const isLater = how === 'first' && existsSync(file);
let times = 0;

if (how === 'first') writeFileSync(file, '');

const lists = {
  'tools/list': () => ({ tools: ['change', 'work'].map((name) => ({ name, inputSchema: { type: 'object' } })) }),
  'resources/list': () => ({ resources: [{ uri: 'file:///a', name: 'a' }] }),
  'resources/templates/list': () => ({ resourceTemplates: [] }),
  'prompts/list': () => ({ prompts: [{ name: 'ask' }] }),
};
const good = lists[method];

lists[method] = async (params) => {
  times += 1;
  const isRefused = how === 'error' || (how === 'once' && times === 1) || (how === 'later' && times > 1 && times < 5);
  if (isRefused) throw { code: -32603, message: 'the index is being rebuilt' };
  if (how === 'never' || isLater) return new Promise(() => {});
  if (how === 'late') await new Promise((resolve) => setTimeout(resolve, 1_000));
  return how === 'odd' ? { nothing: true } : good(params);
};

const { notify } = speak({
  capabilities: { tools: { listChanged: true }, resources: {}, prompts: {} },
  tools: {
    change: {
      call: () => {
        notify('notifications/tools/list_changed');
        return 'told';
      },
    },
    work: { call: () => 'done' },
  },
  methods: lists,
});
