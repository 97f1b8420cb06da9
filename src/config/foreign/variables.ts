/** Variables and paths as other programs and shells write them, which stay as they are here. */

import type { Problem } from '../../errors.ts';
import { type Path, warningAt } from '../problems.ts';

const rules: readonly { readonly pattern: RegExp; readonly what: string; readonly hint: string }[] = [
  { pattern: /^~(?=[\\/]|$)/, what: 'begins with ~, which means nothing without a shell', hint: 'write ${HOME}/…' },
  { pattern: /=~(?=[\\/]|$)/, what: 'holds ~, which means nothing without a shell', hint: 'write ${HOME}/…' },
  {
    pattern: /\$env:[A-Za-z_]/i,
    what: 'holds $env:NAME, which is not replaced',
    hint: 'write ${NAME}',
  },
  {
    pattern: /\$\([^()]{1,4096}\)|`[^`]{1,4096}`/,
    what: 'holds a command for a shell, and no shell is used',
    hint: 'write the value itself, or ${file:PATH} for one that another program writes',
  },
  {
    pattern: /^[A-Za-z]:[^\n]{0,256}[\b\f\n\r\t]/,
    what: 'is a path of Windows with a line end or tab in it',
    hint: 'in JSON, write \\\\ for each backslash',
  },
  {
    pattern: /(?<![\w$\\])\$[A-Z_][A-Z0-9_]*(?![\w{])/,
    what: 'holds $NAME, which is not replaced',
    hint: 'write ${NAME}',
  },
  {
    pattern: /%[A-Za-z_][A-Za-z0-9_]{2,63}%/,
    what: 'holds %NAME%, which is not replaced',
    hint: 'write ${NAME}',
  },
  {
    // Up to the next brace, or a text of `{env:` alone would be searched once more from each of them.
    pattern: /(?<!\$)\{(?:env|file):[^{}]{1,4096}\}/,
    what: 'holds {env:…} or {file:…} without a $, which is not replaced',
    hint: 'write ${env:NAME} or ${file:PATH}',
  },
  {
    pattern:
      /\$\{(?:workspaceFolder|workspaceRoot|workspaceFolderBasename|fileDirname|relativeFile)(?::[^{}]{0,256})?\}/,
    what: 'uses a folder that only an editor knows',
    hint: 'write the folder itself; a relative path starts from the folder of this file',
  },
  { pattern: /\$\{userHome\}/, what: 'uses ${userHome}, which only an editor knows', hint: 'write ${HOME}' },
];

/** Warns, and says what to write. Nothing of the text is repeated, which may be a secret. */
export function foreignVariables(text: string, at: Path): readonly Problem[] {
  return rules.filter(({ pattern }) => pattern.test(text)).map(({ what, hint }) => warningAt(at, what, hint));
}
