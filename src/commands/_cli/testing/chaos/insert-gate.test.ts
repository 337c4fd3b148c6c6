import { once } from 'node:events';
import { request } from 'node:http';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type CaughtInsert, type GateMoment, InsertGate } from './insert-gate.js';

const ANSWER = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
const RANGE = { epoch: 1, partition: 3, first: 10n, last: 25n, shard: 2 };

/** Stands for a shard: takes what comes, and answers when a request has ended. */
let shard: Server;
let gate: InsertGate;
let received = '';

beforeEach(async () => {
  received = '';
  shard = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (bytes) => {
      received += bytes.toString();
      if (received.endsWith('\r\n0\r\n\r\n')) socket.write(ANSWER);
    });
  });
  shard.listen(0, '127.0.0.1');
  await once(shard, 'listening');
  gate = await InsertGate.open(`http://127.0.0.1:${(shard.address() as AddressInfo).port}`);
});

afterEach(async () => {
  await gate[Symbol.asyncDispose]();
  shard.close();
});

/** Sends an insert as a worker does; its answer, or the code of what went wrong. */
function insert(token = 'events%3Ae1%3Ap3%3A10-25%3As2'): Promise<string> {
  return new Promise((resolve) => {
    const url = `${gate.url}/?insert_deduplication_token=${token}&async_insert=0`;
    const sent = request(url, { method: 'POST', headers: { 'transfer-encoding': 'chunked' } });
    sent.on('response', (response) => {
      response.on('data', (bytes: Buffer) => {
        resolve(bytes.toString());
      });
    });
    sent.on('error', (error: NodeJS.ErrnoException) => {
      resolve(error.code ?? error.message);
    });
    sent.end('rows');
  });
}

function catchAt(wanted: GateMoment): Promise<CaughtInsert> {
  return new Promise((resolve) => {
    gate.catcher = (moment, caught) => {
      if (moment !== wanted) return 'pass';
      resolve(caught);
      return 'hold';
    };
  });
}

describe('InsertGate', () => {
  it('passes an insert on as it is when nobody wants it', async () => {
    const asked: unknown[] = [];
    gate.onAsked = (range) => asked.push(range);
    expect(await insert()).toBe('ok');
    expect(received).toContain('rows');
    expect(asked).toEqual([RANGE]);
  });

  it('holds an insert of which the shard knows nothing until it is released', async () => {
    const caught = catchAt('asked');
    const answer = insert();
    const held = await caught;
    expect(held.range).toEqual(RANGE);
    expect(received).toBe('');
    held.release();
    expect(await answer).toBe('ok');
  });

  it('holds an answer of which the worker knows nothing until it is released', async () => {
    const caught = catchAt('answered');
    const answer = insert();
    const held = await caught;
    expect(received).toContain('rows');
    held.release();
    expect(await answer).toBe('ok');
  });

  it('drops an answer: an insert that was done looks like one that failed', async () => {
    const caught = catchAt('answered');
    const answer = insert();
    (await caught).cut();
    expect(await answer).toBe('ECONNRESET');
    expect(received).toContain('rows');
  });

  it('keeps an insert from the shard that is cut before it was released', async () => {
    const caught = catchAt('asked');
    const answer = insert();
    (await caught).cut();
    expect(await answer).toBe('ECONNRESET');
    expect(received).toBe('');
  });

  it('takes no connection while it is shut', async () => {
    gate.shut();
    expect(await insert()).toBe('ECONNRESET');
    gate.unshut();
    expect(await insert()).toBe('ok');
  });
});
