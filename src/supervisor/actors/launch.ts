/** From a specification to the link it is spoken through: every `${…}` is replaced now, at each start anew. */

import { failure } from '../../../machines/failure.ts';
import { childEnvironment, type Environment } from '../../config/expand/environment.ts';
import { expandSpecification } from '../../config/expand/expand.ts';
import { toLine } from '../../errors.ts';
import type { FactBody, PublishFact } from '../../observe/facts/fact.ts';
import type { Redactor } from '../../observe/secrets/redact.ts';
import type { SessionRequest } from '../../session/contract.ts';
import { openHostedLink } from '../../session/hosted/link.ts';
import type { AuthProviders, FetchLike, HostedTransports } from '../../session/hosted/parts.ts';
import type { Link, LinkEars } from '../../session/link.ts';
import type { Guard } from '../../session/process/guard.ts';
import type { ProcessRegistry } from '../../session/process/registry.ts';
import { openLazyRemoteLink } from '../../session/remote/lazy-link.ts';
import { openStdioLink } from '../../session/stdio/link.ts';
import type {
  HostedSpecification,
  RemoteSpecification,
  ServerSpecification,
  StdioSpecification,
} from '../../specification.ts';

export interface LinkParts {
  readonly env: Environment;
  readonly stateDir: string | null;
  readonly registry: ProcessRegistry;
  readonly guard: Guard;
  readonly redactor: Redactor;
  readonly publish: PublishFact;
  readonly transports: HostedTransports;
  readonly fetch: FetchLike | undefined;
  readonly authProviders: AuthProviders;
  /** Where relative paths start, and what `${secret:NAME}` stands for, by the configuration in force. */
  readonly origin: () => { readonly folder: string; readonly secrets: ReadonlyMap<string, string> };
  readonly onStderr: (server: string, line: string) => void;
}

/** Opens the link of one life. What cannot be expanded ends it at once as `misconfigured`, naming every problem. */
export function createOpenLink(parts: LinkParts): (request: SessionRequest, ears: LinkEars) => Link {
  return (request, ears) => {
    const { specification } = request;
    if (isHosted(specification)) return openHosted(parts, specification, ears);
    const { expanded, problems, secrets } = expandSpecification(specification, {
      env: parts.env,
      stateDir: parts.stateDir,
      ...parts.origin(),
    });
    parts.redactor.addSecrets(`${request.server}:${request.generation}`, secrets);
    if (expanded === null) return openNothing(problems.map(toLine).join('; '), ears);
    const real = expanded.specification;
    if (isHosted(real)) return openHosted(parts, real, ears);
    return real.transport === 'stdio'
      ? openStdio(parts, { ...request, specification: real }, ears)
      : openRemote(parts, { specification: real, ca: expanded.ca }, ears);
  };
}

function isHosted(specification: ServerSpecification): specification is HostedSpecification {
  return typeof specification.transport !== 'string';
}

function openStdio(
  parts: LinkParts,
  request: SessionRequest & { readonly specification: StdioSpecification },
  ears: LinkEars,
): Link {
  const { server, generation, specification } = request;
  const { registry, guard, redactor } = parts;
  const tell = (fact: Pick<Extract<FactBody, { type: 'process.killed' }>, 'type' | 'pid' | 'signal'>) =>
    parts.publish({ actor: `server:${server}`, generation, ...fact });
  return openStdioLink(
    {
      server,
      generation,
      command: specification.command,
      args: specification.args,
      env: { ...childEnvironment(specification.inheritEnv, parts.env), ...specification.env },
      cwd: specification.cwd,
      policy: specification,
      registry,
      guard,
      redact: (text) => redactor.text(text),
      onSignal: (pid, signal) => tell({ type: 'process.killed', pid, signal }),
      onStderr: (line) => parts.onStderr(server, line),
    },
    ears,
  );
}

function openRemote(
  parts: LinkParts,
  remote: { readonly specification: RemoteSpecification; readonly ca: string | null },
  ears: LinkEars,
): Link {
  const { specification, ca } = remote;
  const { name: server, transport, url, headers, stop, maxMessageBytes } = specification;
  const authProvider =
    specification.authProvider === null ? undefined : parts.authProviders[specification.authProvider];
  if (specification.authProvider !== null && authProvider === undefined) {
    return openNothing(`the host has no authProvider called "${specification.authProvider}"`, ears);
  }
  return openLazyRemoteLink(
    {
      server,
      transport,
      url,
      headers,
      stop,
      maxMessageBytes,
      ca,
      ...(parts.fetch && { fetch: parts.fetch }),
      ...(authProvider && { authProvider }),
    },
    ears,
  );
}

function openHosted(parts: LinkParts, specification: HostedSpecification, ears: LinkEars): Link {
  const kind = specification.transport.hosted;
  const create = parts.transports[kind];
  if (create === undefined) return openNothing(`the host has no transport called "${kind}"`, ears);
  return openHostedLink(
    { kind, create: (signal) => create(specification.entry, signal), stop: specification.stop },
    ears,
  );
}

/** A link that never was: it says why and ends. */
function openNothing(reason: string, ears: LinkEars): Link {
  const problem = failure('misconfigured', reason, { phase: 'spawning' });
  queueMicrotask(() => ears.ended(problem));
  return {
    transport: {
      start: () => Promise.reject(new Error(reason)),
      send: () => Promise.reject(new Error(reason)),
      close: () => Promise.resolve(),
    },
    kind: 'none',
    congested: false,
    end() {},
    markCpu() {},
    usedCpu: () => false,
    failureOf: () => problem,
    verdictOn: () => null,
  };
}
