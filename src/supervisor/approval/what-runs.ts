/** What of a specification decides what runs: as a hash that is approved, and as words for the person who approves it. */

import { createHash } from 'node:crypto';
import { canonical } from '../../config/plan/canonical.ts';
import { toShellWord } from '../../names.ts';
import { createRedactor } from '../../observe/secrets/redact.ts';
import type { RemoteSpecification, StdioSpecification } from '../../specification.ts';

/** A server that we start or connect to; one of a host's own transports is the host's affair. */
export type RunSpecification = StdioSpecification | RemoteSpecification;

/** `sha256:…` of the texts as they are written: `${…}` stays what it is. */
export function approvalHashOf(specification: RunSpecification): string {
  return `sha256:${createHash('sha256')
    .update(canonical(decisiveOf(specification)))
    .digest('hex')}`;
}

function decisiveOf(specification: RunSpecification): object {
  if (specification.transport === 'stdio') {
    const { transport, command, args, cwd, env, envFile, inheritEnv } = specification;
    return { transport, command, args, cwd, env, envFile, inheritEnv };
  }
  const { transport, url, headers, envFile, authProvider, proxy, tls } = specification;
  return { transport, url, headers, envFile, authProvider, proxy, tls };
}

/** Longer ones are shown with their middle left out, in characters. */
const longestShown = 4_000;

/**
 * What would run, as one line. Names of variables and headers are there, because some decide what a program does; their
 * values are not, nor anything that repeats one of them.
 */
export function commandLineOf(specification: RunSpecification): string {
  const redactor = createRedactor();
  const isStdio = specification.transport === 'stdio';
  redactor.addSecrets('entry', Object.values(isStdio ? specification.env : specification.headers));
  return redactor.text(shortened(isStdio ? stdioLine(specification) : remoteLine(specification)));
}

function stdioLine({ command, args, cwd, env, envFile, inheritEnv }: StdioSpecification): string {
  const words = [...Object.keys(env).map((name) => `${toShellWord(name)}=…`), ...[command, ...args].map(toWord)];
  const inherited = typeof inheritEnv === 'string' ? inheritEnv : inheritEnv.join(' ');
  return [
    words.join(' '),
    `in ${cwd}`,
    ...(envFile === null ? [] : [`with the variables of ${envFile}`]),
    ...(inherited === 'default' ? [] : [`inherits ${inherited}`]),
  ].join(', ');
}

/** Quoted only where a reader might be misled. */
function toWord(text: string): string {
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(text) ? text : toShellWord(text);
}

function remoteLine({ url, headers, envFile, proxy, tls }: RemoteSpecification): string {
  const names = Object.keys(headers);
  return [
    url,
    ...(names.length === 0 ? [] : [`with the headers ${names.join(' ')}`]),
    ...(envFile === null ? [] : [`with the variables of ${envFile}`]),
    ...(proxy === null ? [] : [`through the proxy ${proxy}`]),
    ...(tls.ca === null ? [] : [`trusting ${tls.ca}`]),
  ].join(', ');
}

function shortened(line: string): string {
  const left = line.length - longestShown;
  if (left <= 0) return line;
  const half = longestShown / 2;
  return `${line.slice(0, half)} … ${left} characters … ${line.slice(-half)}`;
}
