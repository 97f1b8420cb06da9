/** Prepares a specification for the start of a session: replaces every `${…}`, at each start again. */

import { type Failure, failure, missingSecretCode } from '../../../../machines/failure.ts';
import { childEnvironment, type Environment } from '../../../config/expand/environment.ts';
import { expandSpecification } from '../../../config/expand/expand.ts';
import { toLine } from '../../../errors.ts';
import { callLimitsOf, type SessionSpecification, type SessionTarget } from '../../../session/request.ts';
import type { ExpandedSpecification, ServerSpecification } from '../../../specification.ts';
import { troubleOf } from '../../../surroundings.ts';
import { wordsOf } from '../../../text/error-words.ts';
import type { KeptSecret } from '../../kept-secrets.ts';

export interface LaunchParts {
  readonly env: Environment;
  readonly stateDir: string | null;
  /** Of the configuration in force: the folder that relative paths start from, and the values of `${secret:NAME}`. */
  readonly origin: () => { readonly folder: string; readonly secrets: ReadonlyMap<string, string> };
  /** What `${secret:NAME}` stands for where the configuration does not say. */
  readonly keptSecret: KeptSecret;
  /** Whether the host brings its own `fetch` for remote servers. */
  readonly hasFetch: boolean;
}

/** What a session is opened with, or why it cannot be. `secrets` is set in both cases: the failure may quote them. */
export type Launch = { readonly secrets: readonly string[] } & (
  | { readonly specification: SessionSpecification }
  | { readonly failure: Failure }
);

export type LaunchSpecification = (specification: ServerSpecification) => Launch;

/**
 * The returned function does not throw: what cannot be expanded gives the failure `misconfigured`, with every problem,
 * or `shortage` if a file could not be opened for want of descriptors or memory.
 */
export function createLaunch(parts: LaunchParts): LaunchSpecification {
  return (specification) => {
    try {
      return launch(parts, specification);
    } catch (error) {
      const trouble = troubleOf(error);
      if (trouble?.kind === 'shortage')
        return {
          secrets: [],
          failure: failure('shortage', `A file could not be read: ${trouble.reason}.`, { phase: 'spawning' }),
        };
      const reason = wordsOf(error);
      return { secrets: [], failure: failure('internal', `A bug in mcpvisor: ${reason}`, { phase: 'spawning' }) };
    }
  };
}

function launch(parts: LaunchParts, written: ServerSpecification): Launch {
  const { env, stateDir, keptSecret } = parts;
  const expansion = expandSpecification(written, { env, stateDir, keptSecret, ...parts.origin() });
  const { expanded, problems, missingSecrets, secrets } = expansion;
  if (expanded === null) {
    const code = missingSecrets.length > 0 ? missingSecretCode : null;
    return { secrets, failure: failure('misconfigured', problems.map(toLine).join('; '), { phase: 'spawning', code }) };
  }
  const { startTimeoutMs, maxMessageBytes, stderrTailBytes, stop } = written;
  const limits = callLimitsOf(written);
  const target = targetOf(parts, expanded);
  return {
    secrets,
    specification: { target, limits, startTimeoutMs, maxMessageBytes, stderrTailBytes, stop, secrets },
  };
}

function targetOf(parts: LaunchParts, { specification, ca, proxy }: ExpandedSpecification): SessionTarget {
  if (typeof specification.transport !== 'string') {
    const { transport, entry } = specification;
    return { kind: 'hosted', transport: transport.hosted, entry };
  }
  if (specification.transport === 'stdio') {
    const { command, args, cwd } = specification;
    const env = { ...childEnvironment(specification.inheritEnv, parts.env), ...specification.env };
    return { kind: 'stdio', command, args, env, cwd };
  }
  const { transport, url, headers, authProvider } = specification;
  const fetch = parts.hasFetch ? 'host' : 'own';
  return { kind: 'remote', transport, url, headers, ca, proxy, fetch, authProvider };
}
