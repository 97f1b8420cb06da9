/** What a specification reads when it is expanded. */

import type { Problem } from '../../errors.ts';
import type { ServerSpecification } from '../../specification.ts';
import { expandableTexts } from '../entries/expandable-texts.ts';
import { errorAt } from '../problems.ts';
import { usesOnlySecrets } from './expression.ts';

/**
 * A mistake for each `${…}` that is no `${secret:NAME}`: of an entry by somebody who is not to read the environment or
 * files. What a transport of the host is given is not expanded.
 */
export function readsBesideSecrets(specification: ServerSpecification): readonly Problem[] {
  const { name, transport } = specification;
  if (typeof transport !== 'string') return [];
  return expandableTexts(specification).flatMap(({ at, text }) =>
    usesOnlySecrets(text)
      ? []
      : [
          errorAt(
            ['mcpServers', name, ...at],
            'has a ${…}, which a stored server may not',
            'only ${secret:NAME} may stand there',
          ),
        ],
  );
}
