/** What is told of a command that will not be found as it is written. */

import type { Problem } from '../../errors.ts';
import { type Path, warningAt } from '../problems.ts';

/** Programs of Windows, which are not there under that name elsewhere. */
const windowsCommand = /^(?:[A-Za-z]:[\\/]|.*\.(?:cmd|bat|exe|ps1)$|cmd$)/i;

export function commandProblems(command: string, path: Path): readonly Problem[] {
  if (windowsCommand.test(command))
    return [
      warningAt(path, 'is a program of Windows', 'name the program itself: npx instead of "cmd /c npx" or npx.cmd'),
    ];
  return /^[^\s/]+\s/.test(command)
    ? [
        warningAt(
          path,
          'has spaces in it; no shell is used, so the whole text is taken for the name of a program',
          'put the words after the first into args',
        ),
      ]
    : [];
}
