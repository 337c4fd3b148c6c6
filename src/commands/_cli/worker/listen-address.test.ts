import { describe, expect, it } from 'vitest';
import { AtbdError } from '../../../engine/model/error.js';
import { listenAddress } from './listen-address.js';

describe('listenAddress', () => {
  it.each([
    ['9464', { host: '127.0.0.1', port: 9464 }],
    [':9464', { host: '127.0.0.1', port: 9464 }],
    ['0', { host: '127.0.0.1', port: 0 }],
    ['0.0.0.0:9464', { host: '0.0.0.0', port: 9464 }],
    ['worker-1.lan:80', { host: 'worker-1.lan', port: 80 }],
    ['[::1]:9464', { host: '::1', port: 9464 }],
  ])('reads %s', (text, address) => {
    expect(listenAddress(text)).toEqual(address);
  });

  it.each(['', 'localhost', 'localhost:', '::1:9464', '1:2:3', '127.0.0.1:65536', 'http://x:1'])(
    'refuses %j',
    (text) => {
      expect(() => listenAddress(text)).toThrow(AtbdError);
    },
  );

  it('says how it is written, and shows no control character raw', () => {
    expect(() => listenAddress('a\u001b[2J')).toThrow(
      'cannot listen on "a␛[2J": that is no HOST:PORT',
    );
  });
});
