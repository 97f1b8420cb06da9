/** A plan in words. */

import { toLine } from '../../errors.ts';
import { toNameList } from '../../names.ts';
import { countOf, type Plan } from './plan.ts';
import type { SettingEffect } from './setting-changes.ts';

/** Plain lines for people. They say so if nothing changes. */
export function describePlan(plan: Plan): readonly string[] {
  const settingsThat = (effect: SettingEffect) =>
    plan.settings.filter((setting) => setting.effect === effect).map(({ path }) => path);
  const lines: readonly (readonly [string, readonly string[], string])[] = [
    ['start', plan.start, ''],
    ['stop', plan.stop, ''],
    ['restart', plan.restart, ''],
    ['change', plan.change, ' (without a restart)'],
    ['keep', plan.keep, ''],
    ['add', plan.disabled.add, ' (disabled)'],
    ['change', plan.disabled.change, ' (disabled)'],
    ['remove', plan.disabled.remove, ' (disabled)'],
    ['groups', plan.groups, ' (policy, without a restart)'],
    ['settings', settingsThat('applied'), ''],
    ['settings', settingsThat('at the next start'), ' (at the next start)'],
  ];
  return [
    ...(countOf(plan) === 0 ? ['nothing changes'] : []),
    ...lines.flatMap(([word, names, how]) =>
      names.length === 0 ? [] : [`${word.padEnd(8)} ${toNameList(names)}${how}`],
    ),
    ...plan.warnings.map((problem) => `warning  ${toLine(problem)}`),
  ];
}
