/** Whether HTTP carries the headers of an entry. */

import type { Problem } from '../../errors.ts';
import { hasExpression } from '../expand/expression.ts';
import { errorAt, type Path, warningAt } from '../problems.ts';

/** HTTP allows one line of Latin-1, and ignores case in names. Values with `${…}` are checked after expansion. */
export function headerProblems(headers: Readonly<Record<string, string>>, path: Path): readonly Problem[] {
  const seen = new Map<string, string>();
  return Object.entries(headers).flatMap(([name, value]) => {
    const earlier = seen.get(name.toLowerCase());
    if (earlier === undefined) seen.set(name.toLowerCase(), name);
    const twice =
      earlier === undefined
        ? []
        : [
            warningAt(
              [...path, name],
              `is the same header as ${earlier}; the last one counts`,
              'remove one of the two',
            ),
          ];
    const isSent = hasExpression(value) || /^[\t\x20-\x7e\x80-\xff]*$/.test(value);
    return isSent
      ? twice
      : [
          ...twice,
          errorAt(
            [...path, name],
            'holds a character that HTTP does not carry',
            'a header is one line of Latin letters, digits and signs',
          ),
        ];
  });
}
