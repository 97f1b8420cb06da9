/** `mcpvisor logs`: what a server wrote, and with `-f` what it writes. */

import type * as z from 'zod';
import { logLine, logLines } from '../../http/schemas/log.ts';
import { server as serverSchema } from '../../http/schemas/server.ts';
import { type ConnectionFlags, connect } from '../connection.ts';
import { type ExitCode, exitCodes } from '../exit-code.ts';
import type { Invocation } from '../invocation.ts';
import { clockTimeOf } from '../screen/clock-time.ts';
import { parseWhole } from '../screen/number-options.ts';
import { oneLine } from '../screen/terminal.ts';
import { follow, untilEnd } from './follow.ts';
import { createResume } from './log-resume.ts';

export interface LogsFlags extends ConnectionFlags {
  readonly follow?: boolean;
  readonly tail?: string;
}

type Line = z.output<typeof logLine>;

const mostLines = 10_000;
const usualLines = 100;

export async function logs(server: string, flags: LogsFlags, invocation: Invocation): Promise<ExitCode> {
  const { stdout } = invocation;
  const tail = flags.tail === undefined ? usualLines : parseWhole(flags.tail, { option: '--tail', max: mostLines });
  const { client } = await connect(flags, invocation);
  const path = `/api/servers/${encodeURIComponent(server)}`;
  const describe = flags.json === true ? JSON.stringify : (line: Line) => describeLine(line, stdout.isTTY === true);
  if (flags.follow !== true) {
    const answer = await client.get(`${path}/logs`, logLines, { query: { tail } });
    stdout.write(
      flags.json === true ? `${JSON.stringify(answer)}\n` : answer.lines.map((line) => `${describe(line)}\n`).join(''),
    );
    return exitCodes.done;
  }
  // Throws for an unknown name before the stream is opened.
  await client.get(path, serverSchema);
  const signal = untilEnd(invocation);
  const resume = createResume();
  let isFirst = true;
  const open = (from: typeof client) => {
    const query = { follow: true, tail: isFirst ? tail : mostLines };
    isFirst = false;
    resume.reopened();
    return from.stream(`${path}/logs`, { query, signal });
  };
  for await (const { event, data } of follow({ flags, invocation, signal, open })) {
    const line = logLine.safeParse(data).data;
    if (line === undefined)
      stdout.write(flags.json === true ? `${JSON.stringify(data)}\n` : `(${event}: ${JSON.stringify(data)})\n`);
    else if (resume.isNew(line.at)) stdout.write(`${describe(line)}\n`);
  }
  return exitCodes.done;
}

function describeLine({ at, stream, text }: Line, isTerminal: boolean): string {
  return `${clockTimeOf(at, isTerminal)} ${stream === 'stderr' ? '' : `[${stream}] `}${oneLine(text)}`;
}
