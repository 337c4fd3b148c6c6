import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { QueueMessage } from '../../../model/queue.js';
import { JumpingClock } from '../../../testing/jumping-clock.js';
import { partitionOfKey } from '../../partition-of-key.js';
import { KafkaProducer } from './kafka-producer.js';
import { type Fault, ModelBrokers } from './testing/model-brokers.js';

const TOPICS = { events: 3, alerts: 2 };

async function producerFor(brokers: ModelBrokers): Promise<KafkaProducer> {
  const identity = await brokers.newIdentity();
  return new KafkaProducer({ link: brokers, identity, clock: new JumpingClock(1_000) });
}

const message = (key: string, value: string): QueueMessage => ({ key, value });

const FAULTS: readonly Fault[] = [
  'none',
  'lost',
  'answer-lost',
  'late',
  'leader-moved',
  'leader-moved-meanwhile',
  'timed-out',
  'too-few-after',
  'too-few',
  'no-word',
];

describe('KafkaProducer', () => {
  it('brings every message once and in order to its partition, whatever goes wrong on the way', async () => {
    const topic = fc.constantFrom('events', 'alerts');
    const keys = fc.array(fc.nat({ max: 9 }), { minLength: 1, maxLength: 8 });
    const sends = fc.array(fc.record({ topic, keys }), { minLength: 1, maxLength: 8 });
    const faults = fc.array(fc.constantFrom(...FAULTS), { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(sends, faults, async (planned, script) => {
        const brokers = new ModelBrokers(TOPICS, script);
        const expected = new Map<string, string[]>();
        await using producer = await producerFor(brokers);
        let count = 0;
        const sending = planned.map(({ topic: name, keys: ofSend }) => {
          const messages = ofSend.map((key) => message(`key-${key}`, `value-${(count += 1)}`));
          for (const { key, value } of messages) {
            const partition = partitionOfKey(Buffer.from(String(key)), TOPICS[name]);
            const place = `${name}/${partition}`;
            expected.set(place, [...(expected.get(place) ?? []), String(value)]);
          }
          return producer.send(name, messages);
        });
        await Promise.all(sending);
        for (const [name, partitionCount] of Object.entries(TOPICS)) {
          for (let partition = 0; partition < partitionCount; partition += 1) {
            const wanted = expected.get(`${name}/${partition}`) ?? [];
            expect(brokers.valuesOf(name, partition)).toEqual(wanted);
          }
        }
        expect(brokers.busiest).toBe(1);
      }),
      { numRuns: 300 },
    );
  });

  it('goes on under a new number when the brokers have forgotten the old one', async () => {
    const brokers = new ModelBrokers({ events: 1 });
    await using producer = await producerFor(brokers);
    await producer.send('events', [message('k', 'a'), message('k', 'b')]);
    brokers.fail('producer-forgotten');
    await producer.send('events', [message('k', 'c')]);
    await producer.send('events', [message('k', 'd')]);
    expect(brokers.valuesOf('events', 0)).toEqual(['a', 'b', 'c', 'd']);
  });

  it('sends in parts what the topic does not take at once', async () => {
    const brokers = new ModelBrokers({ events: 1 });
    brokers.batchBytesMax = 300;
    await using producer = await producerFor(brokers);
    const values = Array.from({ length: 40 }, (_, index) => `value ${index}`);
    await producer.send(
      'events',
      values.map((value) => message('k', value)),
    );
    await producer.send('events', [message('k', 'after')]);
    expect(brokers.valuesOf('events', 0)).toEqual([...values, 'after']);
  });

  it('refuses a single record that is too large, by its size, and goes on with the others', async () => {
    const brokers = new ModelBrokers({ events: 1 });
    brokers.batchBytesMax = 300;
    await using producer = await producerFor(brokers);
    const tooLarge = producer.send('events', [message('k', 'x'.repeat(400))]);
    const after = producer.send('events', [message('k', 'small')]);
    await expect(tooLarge).rejects.toMatchObject({
      code: 'QUEUE_FAILED',
      message: 'cannot send to events: a record of 471 bytes is larger than the topic takes',
    });
    await after;
    expect(brokers.valuesOf('events', 0)).toEqual(['small']);
  });

  it('says that a topic is not there, and that one was deleted', async () => {
    const brokers = new ModelBrokers({ events: 1, gone: 1 });
    await using producer = await producerFor(brokers);
    const missing = producer.send('missing', [message('k', 'a')]);
    await expect(missing).rejects.toMatchObject({ code: 'TOPIC_NOT_FOUND' });
    brokers.deleteTopic('gone');
    const deleted = producer.send('gone', [message('k', 'a')]);
    const others = producer.send('events', [message('k', 'b')]);
    await expect(deleted).rejects.toMatchObject({ code: 'TOPIC_NOT_FOUND' });
    await others;
    expect(brokers.valuesOf('events', 0)).toEqual(['b']);
  });

  it('gives up when no broker answers for two minutes, all that waits at once, and can go on later', async () => {
    const brokers = new ModelBrokers({ events: 1 });
    await using producer = await producerFor(brokers);
    await producer.send('events', [message('k', 'before')]);
    brokers.fail('away');
    const given = ['a', 'b'].map((value) => producer.send('events', [message('k', value)]));
    for (const sending of given) {
      await expect(sending).rejects.toMatchObject({ code: 'QUEUE_UNREACHABLE' });
    }
    brokers.isAway = false;
    await producer.send('events', [message('k', 'c')]);
    expect(brokers.valuesOf('events', 0)).toEqual(['before', 'c']);
  });

  it('never takes another batch for the one it gave up', async () => {
    const brokers = new ModelBrokers({ events: 1 });
    await using producer = await producerFor(brokers);
    brokers.fail('answer-lost', 'away');
    const given = producer.send('events', [message('k', 'given up')]);
    await expect(given).rejects.toMatchObject({ code: 'QUEUE_UNREACHABLE' });
    brokers.isAway = false;
    // Under the same sequence the broker would take it for a repetition, and drop it.
    await producer.send('events', [message('k', 'another')]);
    expect(brokers.valuesOf('events', 0)).toEqual(['given up', 'another']);
  });

  it('asks for one request of all partitions that a broker leads', async () => {
    const brokers = new ModelBrokers({ events: 6 });
    await using producer = await producerFor(brokers);
    const messages = Array.from({ length: 60 }, (_, index) => message(`key-${index}`, 'x'));
    await producer.send('events', messages);
    expect(brokers.requestCount).toBe(2);
  });

  it('waits for what is on its way before it closes', async () => {
    const brokers = new ModelBrokers({ events: 1 }, ['lost', 'lost']);
    const producer = await producerFor(brokers);
    const sending = producer.send('events', [message('k', 'a')]);
    await producer[Symbol.asyncDispose]();
    expect(brokers.isClosed).toBe(true);
    await sending;
    expect(brokers.valuesOf('events', 0)).toEqual(['a']);
  });
});
