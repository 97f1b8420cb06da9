/** Shapes in which other programs write what an entry says: each is turned into ours, with a warning that says so. */

import { entryOf } from '../../../machines/table.ts';
import type { Problem } from '../../errors.ts';
import { isRecord } from '../../text/json.ts';
import { type Path, warningAt } from '../problems.ts';

type Fields = Readonly<Record<string, unknown>>;

export interface Shaped {
  readonly fields: Fields;
  readonly problems: readonly Problem[];
}

/** Turns one shape into ours; null: the entry does not have it. */
type Shape = (fields: Fields, path: Path) => Shaped | null;

const shapes: readonly Shape[] = [commandList, proxyOptions, toolSwitches];

/** The entry in our shapes. */
export function shaped(entry: Fields, path: Path): Shaped {
  let fields = entry;
  const problems: Problem[] = [];
  for (const shape of shapes) {
    const found = shape(fields, path);
    if (found === null) continue;
    fields = found.fields;
    problems.push(...found.problems);
  }
  return { fields, problems };
}

/** `command: [program, …arguments]`. */
function commandList({ command, args = [], ...others }: Fields, path: Path): Shaped | null {
  if (!Array.isArray(command) || !command.every((word) => typeof word === 'string') || !Array.isArray(args))
    return null;
  const [program, ...words] = command;
  if (program === undefined) return null;
  const problem = warningAt(
    [...path, 'command'],
    'is a list, whose first word is taken for the program',
    'the first word goes into command, the others into args',
  );
  return { fields: { ...others, command: program, args: [...words, ...(args as unknown[])] }, problems: [problem] };
}

/** `options: {disabled, toolFilter: {mode: 'allow' | 'block', list}}`. */
function proxyOptions({ options, ...others }: Fields, path: Path): Shaped | null {
  if (!isRecord(options)) return null;
  const { disabled, toolFilter, ...rest } = options;
  const { mode, list } = isRecord(toolFilter) ? toolFilter : {};
  const isFilter = Array.isArray(list) && (mode === 'allow' || mode === 'block');
  const isSwitch = disabled === true && others.enabled === undefined && others.disabled === undefined;
  if (!isFilter && !isSwitch) return null;
  const own = isRecord(others.tools) ? others.tools : {};
  const filter = isFilter ? { tools: { ...own, [mode === 'allow' ? 'include' : 'exclude']: list } } : {};
  const left = Object.keys(rest).length === 0 ? {} : { options: rest };
  const at = [...path, 'options'];
  return {
    fields: { ...others, ...filter, ...(isSwitch && { disabled }), ...left },
    problems: [
      ...(isSwitch ? [warningAt([...at, 'disabled'], 'is taken for disabled', 'write it into the entry itself')] : []),
      ...(isFilter
        ? [warningAt([...at, 'toolFilter'], 'is taken for tools', 'write tools.include or tools.exclude')]
        : []),
    ],
  };
}

/** `tools: {NAME: false}` or `tools: {NAME: {enabled: false}}`. */
function toolSwitches({ tools, ...others }: Fields, path: Path): Shaped | null {
  if (!isRecord(tools) || 'include' in tools || 'exclude' in tools) return null;
  const switches = Object.entries(tools).map(([name, value]) => ({
    name,
    isOn: isRecord(value) ? entryOf(value, 'enabled') : value,
  }));
  if (switches.length === 0 || !switches.every(({ isOn }) => typeof isOn === 'boolean' || isOn === undefined))
    return null;
  const exclude = switches.filter(({ isOn }) => isOn === false).map(({ name }) => name);
  const problem = warningAt(
    [...path, 'tools'],
    'switches tools on and off, which is taken for tools.exclude',
    'write {"exclude": [names]}',
  );
  return { fields: { ...others, tools: { exclude } }, problems: [problem] };
}

/** Lists and objects of texts, in which people write numbers, true and false, and null where there is nothing. */
export function textsIn(
  key: string,
  value: unknown,
  path: Path,
): { readonly value: unknown; readonly problems: readonly Problem[] } {
  const problems: Problem[] = [];
  const isLeft = (at: string | number, inner: unknown): boolean => {
    if (inner !== null) return true;
    problems.push(
      warningAt([...path, key, at], 'is taken for not given', 'leave it out, or write "" for an empty text'),
    );
    return false;
  };
  const toText = (at: string | number, inner: unknown): unknown => {
    const isPlain = typeof inner === 'boolean' || (typeof inner === 'number' && Number.isSafeInteger(inner));
    if (isPlain)
      problems.push(warningAt([...path, key, at], 'is no text, and is taken for one', 'put it in double quotes'));
    return isPlain ? String(inner) : inner;
  };
  if (Array.isArray(value)) {
    const items = (value as unknown[])
      .map((item, index) => ({ item, index }))
      .filter(({ item, index }) => isLeft(index, item));
    return { value: items.map(({ item, index }) => toText(index, item)), problems };
  }
  if (!isRecord(value)) return { value, problems };
  const entries = Object.entries(value).filter(([name, inner]) => isLeft(name, inner));
  return { value: Object.fromEntries(entries.map(([name, inner]) => [name, toText(name, inner)])), problems };
}
