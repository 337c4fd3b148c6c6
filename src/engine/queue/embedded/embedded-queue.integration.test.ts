import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeQueue } from '../../testing/queue-suite.js';
import { EmbeddedQueue } from './embedded-queue.js';

const path = await mkdtemp(join(tmpdir(), 'atbd-queue-'));

describeQueue('EmbeddedQueue', () => EmbeddedQueue.open({ path }));
