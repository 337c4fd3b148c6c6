import { afterAll, beforeAll, describe } from 'vitest';
import { describeQueue } from '../../testing/queue-suite.js';
import { hasRedis, type RedisServer, startRedisServer } from '../../testing/redis-server.js';
import { openQueue } from '../open-queue.js';

describe.runIf(hasRedis())('Redis', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedisServer();
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
  });

  describeQueue('RedisQueue', () => openQueue({ kind: 'redis', url: server.url }));
});
