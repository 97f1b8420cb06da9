/**
 * The first exchange: what the server says of itself, read as leniently as possible, and whether we have a protocol
 * version in common.
 */

import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { type JSONRPCRequest, type Result, SUPPORTED_PROTOCOL_VERSIONS } from '@modelcontextprotocol/sdk/types.js';
import type { jsonSchemaValidator } from '@modelcontextprotocol/sdk/validation/types.js';
import { longestDelayMs } from '../../../machines/delay.ts';
import { type Failure, failure } from '../../../machines/failure.ts';
import { isRecord, isTooDeep } from '../../text/json.ts';
import { weightOf } from '../../text/weight.ts';
import type { Peer } from '../contract.ts';
import type { ClientCapabilities } from '../request.ts';
import { supportedIn } from './versions.ts';
import type { Inbound, Wire } from './wire.ts';

/**
 * Calls go below the Client, so it never validates anything. Without this every Client would create an Ajv of its own,
 * which is most of its memory.
 */
const noValidator: jsonSchemaValidator = {
  getValidator() {
    throw new Error('Results are not validated here.');
  },
};

/**
 * What a server says of itself is in its status and stays as long as the session: so many characters of a name or a
 * version, of instructions, and so many bytes of memory for everything else together. What is over is cut or left out.
 */
const longestName = 256;
const longestVersion = 32;
const longestInstructions = 256 * 1024;
const mostInfoBytes = 64 * 1024;
const mostCapabilities = 64;
const mostCapabilityBytes = 4 * 1024;

/** What the server said of itself, or why it cannot be used. */
export type Introduction = { readonly peer: Omit<Peer, 'transport'> } | { readonly failure: Failure };

export interface HandshakeParts {
  readonly clientInfo: { readonly name: string; readonly version: string };
  readonly capabilities: ClientCapabilities;
  readonly listener: ServerListener;
}

/** Takes what the server says unasked, now or at any later time. */
export interface ServerListener {
  /** Resolves with the answer. */
  asked(request: JSONRPCRequest, signal: AbortSignal): Promise<Result>;
  notified(method: string, params: unknown): void;
}

export class Handshake {
  #introduction: Introduction | null = null;

  /** Reads the answer to `initialize` first, and returns the answer that the Client gets. */
  introduce(answer: Inbound): Inbound {
    if (answer.error !== undefined) {
      this.#introduction = refusalIn(answer.error);
      return answer;
    }
    const introduction = introductionOf(answer.result);
    this.#introduction = introduction;
    if ('peer' in introduction) return { id: answer.id, result: toClientResult(introduction.peer) };
    return { id: answer.id, error: { code: -32600, message: introduction.failure.message } };
  }

  /**
   * Leaves a Client on the wire that answers pings and passes on the server's other requests. Rejects if there is no
   * introduction, good or bad.
   */
  async shake(wire: Wire, { clientInfo, capabilities, listener }: HandshakeParts): Promise<Introduction> {
    const client = new Client(
      { ...clientInfo },
      { capabilities: { ...capabilities }, jsonSchemaValidator: noValidator },
    );
    client.fallbackRequestHandler = (request, { signal }) => listener.asked(request, signal);
    client.fallbackNotificationHandler = async ({ method, params }) => listener.notified(method, params);
    try {
      // The chart limits the handshake. The Client must not end it, nor cancel `initialize`, which the protocol
      // forbids.
      await client.connect(wire, { timeout: longestDelayMs });
    } catch (error) {
      if (this.#introduction === null || 'peer' in this.#introduction) throw error;
    }
    if (this.#introduction === null) throw new Error('The handshake ended without an introduction.');
    return this.#introduction;
  }
}

/** A server may refuse our versions with an error that names its own. Null: the error is about something else. */
function refusalIn(error: unknown): Introduction | null {
  const spoken = supportedIn(error);
  if (spoken === null) return null;
  const message = `The server speaks protocol version ${spoken.join(', ')} only; supported are ${SUPPORTED_PROTOCOL_VERSIONS.join(', ')}.`;
  return { failure: failure('protocolUnsupported', message, { phase: 'initializing', code: spoken[0] ?? null }) };
}

function introductionOf(result: unknown): Introduction {
  const { protocolVersion, serverInfo, capabilities, instructions } = isRecord(result) ? result : {};
  if (typeof protocolVersion !== 'string') {
    return {
      failure: failure('handshakeFailed', 'The answer to initialize names no protocol version.', {
        phase: 'initializing',
      }),
    };
  }
  if (!SUPPORTED_PROTOCOL_VERSIONS.includes(protocolVersion)) {
    const spoken = protocolVersion.slice(0, longestVersion);
    const message = `The server speaks protocol version ${spoken}; supported are ${SUPPORTED_PROTOCOL_VERSIONS.join(', ')}.`;
    return { failure: failure('protocolUnsupported', message, { phase: 'initializing', code: spoken }) };
  }
  return {
    peer: {
      protocolVersion,
      serverInfo: toServerInfo(serverInfo),
      capabilities: toCapabilities(capabilities),
      instructions: typeof instructions === 'string' ? instructions.slice(0, longestInstructions) : null,
    },
  };
}

/** The minimum that the SDK's Client accepts: nothing else that a server says can fail the handshake. */
function toClientResult({ protocolVersion, serverInfo }: Omit<Peer, 'transport'>): unknown {
  return { protocolVersion, capabilities: {}, serverInfo: { name: serverInfo.name, version: serverInfo.version } };
}

function toServerInfo(value: unknown): Peer['serverInfo'] {
  const info = isRecord(value) ? value : {};
  const isKept = !isTooDeep(info) && weightOf(info, mostInfoBytes) <= mostInfoBytes;
  return { ...(isKept && info), name: nameIn(info.name), version: nameIn(info.version) };
}

function nameIn(value: unknown): string {
  return typeof value === 'string' ? value.slice(0, longestName) : 'unknown';
}

/** Servers send null and false for "not supported", true for "supported". */
function toCapabilities(value: unknown): Readonly<Record<string, unknown>> {
  const declared = Object.entries(isRecord(value) ? value : {}).filter(
    ([, capability]) => isRecord(capability) || capability === true,
  );
  const isKept = (capability: unknown): capability is Readonly<Record<string, unknown>> =>
    isRecord(capability) && weightOf(capability, mostCapabilityBytes) <= mostCapabilityBytes;
  return Object.fromEntries(
    declared
      .filter(([name]) => name.length <= longestName)
      .slice(0, mostCapabilities)
      .map(([name, capability]) => [name, isKept(capability) ? capability : {}]),
  );
}
