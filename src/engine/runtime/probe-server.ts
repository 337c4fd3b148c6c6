import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { AtbdError } from '../model/error.js';
import type { ProbeAnswer } from './worker-health.js';

/** Where to listen; port 0 takes a free one. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** What is answered; a rejection becomes status 500 with its message. */
export interface Probes {
  readonly healthz: () => ProbeAnswer;
  readonly readyz: () => Promise<ProbeAnswer>;
  readonly metrics: { readonly contentType: string; render(): Promise<string> };
}

export interface ProbeServer extends AsyncDisposable {
  /** With the port that it really has. */
  readonly url: string;
}

/** Nobody who asks a probe needs longer to say so. */
const REQUEST_MS_MAX = 10_000;

/** Serves /healthz, /readyz and /metrics. Rejects with CONFIG_INVALID when it cannot listen there. */
export async function startProbeServer(
  address: ListenAddress,
  probes: Probes,
): Promise<ProbeServer> {
  const server = createServer((request, response) => {
    const path = (request.url ?? '').split('?', 1)[0] ?? '';
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      reply(response, 405, 'only GET is answered here\n');
      return;
    }
    respond(path, probes, response).catch((error: unknown) => {
      reply(response, 500, `${error instanceof Error ? error.message : String(error)}\n`);
    });
  });
  server.requestTimeout = REQUEST_MS_MAX;
  server.headersTimeout = REQUEST_MS_MAX;
  await listen(server, address);
  const { address: host, family, port } = server.address() as AddressInfo;
  return {
    url: `http://${family === 'IPv6' ? `[${host}]` : host}:${port}`,
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      if (server.listening) await once(server, 'close');
    },
  };
}

async function respond(path: string, probes: Probes, response: ServerResponse): Promise<void> {
  switch (path) {
    case '/healthz':
      replyProbe(response, probes.healthz());
      return;
    case '/readyz':
      replyProbe(response, await probes.readyz());
      return;
    case '/metrics':
      reply(response, 200, await probes.metrics.render(), probes.metrics.contentType);
      return;
    default:
      reply(response, 404, 'there are /healthz, /readyz and /metrics\n');
  }
}

function replyProbe(response: ServerResponse, { ok, problems }: ProbeAnswer): void {
  reply(response, ok ? 200 : 503, ok ? 'ok\n' : problems.map((line) => `${line}\n`).join(''));
}

function reply(
  response: ServerResponse,
  status: number,
  body: string,
  contentType = 'text/plain; charset=utf-8',
): void {
  response.writeHead(status, { 'content-type': contentType }).end(body);
}

async function listen(server: Server, { host, port }: ListenAddress): Promise<void> {
  try {
    server.listen(port, host);
    await once(server, 'listening');
  } catch (cause) {
    throw new AtbdError({
      code: 'CONFIG_INVALID',
      message: `cannot listen on ${host}:${port}`,
      hint: 'Another process may have the port: choose a free one with --metrics-listen, or port 0.',
      cause,
    });
  }
}
