// SPDX-License-Identifier: BSD-3-Clause
// node-redis and ioredis against a running server: PORT=… node --test drivers.test.mjs
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import Redis from 'ioredis';
import { createClient } from 'redis';

const port = Number(process.env.PORT);
let node;
let io;

before(async () => {
  node = createClient({ socket: { port, host: '127.0.0.1' }, name: 'node-redis-test' });
  node.on('error', (error) => { throw error; });
  await node.connect();
  io = new Redis(port, '127.0.0.1', { maxRetriesPerRequest: 1 });
});

after(async () => {
  await node.quit();
  await io.quit();
});

test('node-redis: strings, options of SET, and counters', async () => {
  await node.flushAll();
  assert.equal(await node.set('a', '1', { EX: 100 }), 'OK');
  assert.equal(await node.set('a', '2', { NX: true }), null);
  assert.equal(await node.get('a'), '1');
  assert.equal(await node.incrBy('a', 41), 42);
  assert.ok((await node.ttl('a')) > 0);
  assert.deepEqual(await node.mGet(['a', 'none']), ['42', null]);
});

test('node-redis: commands of one tick are one pipeline, and keep their order', async () => {
  const writes = [];
  for (let i = 0; i < 1000; i++) writes.push(node.set(`p:${i}`, `${i}`));
  await Promise.all(writes);
  const values = await Promise.all(Array.from({ length: 1000 }, (_, i) => node.get(`p:${i}`)));
  assert.deepEqual(values, Array.from({ length: 1000 }, (_, i) => `${i}`));
});

test('node-redis: scanIterator meets every key once', async () => {
  const seen = [];
  for await (const key of node.scanIterator({ MATCH: 'p:*', COUNT: 50 })) seen.push(key);
  assert.equal(new Set(seen).size, 1000);
  assert.equal(seen.length, 1000);
});

test('node-redis: buffers come back byte for byte', async () => {
  const value = Buffer.from(Array.from({ length: 70000 }, (_, i) => i % 256));
  await node.set('buffer', value);
  const { commandOptions } = await import('redis');
  assert.ok(value.equals(await node.get(commandOptions({ returnBuffers: true }), 'buffer')));
});

test('node-redis: errors are rejections with the text of Redis', async () => {
  await node.set('word', 'abc');
  await assert.rejects(node.incr('word'), { message: 'ERR value is not an integer or out of range' });
});

test('ioredis: pipeline, expiry, getset family', async () => {
  const replies = await io.pipeline().set('x', '1').incr('x').get('x').exec();
  assert.deepEqual(replies, [[null, 'OK'], [null, 2], [null, '2']]);
  assert.equal(await io.set('soon', '1', 'PX', 40), 'OK');
  await new Promise((resolve) => { setTimeout(resolve, 60); });
  assert.equal(await io.get('soon'), null);
  assert.equal(await io.getset('x', '5'), '2');
  assert.equal(await io.getdel('x'), '5');
});

test('ioredis: ready check reads INFO, and the connection name arrives', async () => {
  const named = new Redis(port, '127.0.0.1', { connectionName: 'io-test' });
  await named.ping();
  assert.match(await named.client('LIST'), /name=io-test/);
  named.disconnect();
});

test('node-redis: multi and exec, and a watched key that changes', async () => {
  assert.deepEqual(await node.multi().set('m', '1').incr('m').get('m').exec(), ['OK', 2, '2']);
  await assert.rejects(
    node.executeIsolated(async (client) => {
      await client.watch('m');
      await node.set('m', 'changed');
      return client.multi().set('m', 'mine').exec();
    }),
  );
  assert.equal(await node.get('m'), 'changed');
});

test('node-redis: pub/sub', async () => {
  const subscriber = node.duplicate();
  await subscriber.connect();
  const message = new Promise((resolve) => {
    subscriber.subscribe('news', (text, channel) => resolve([channel, text]))
      .then(() => node.publish('news', 'one'));
  });
  assert.deepEqual(await message, ['news', 'one']);
  await subscriber.disconnect();
});

test('ioredis: multi, in a pipeline and one by one', async () => {
  assert.deepEqual(await io.multi().set('io:m', '1').incr('io:m').exec(),
    [[null, 'OK'], [null, 2]]);
  await io.multi({ pipeline: false });
  assert.equal(await io.incr('io:m'), 'QUEUED');
  assert.deepEqual(await io.exec(), [[null, 3]]);
});

test('ioredis: pub/sub', async () => {
  const subscriber = io.duplicate();
  const message = new Promise((resolve) => {
    subscriber.on('message', (channel, text) => resolve([channel, text]));
  });
  assert.equal(await subscriber.subscribe('io:news', 'io:other'), 2);
  assert.equal(await io.publish('io:news', 'hello'), 1);
  assert.deepEqual(await message, ['io:news', 'hello']);
  subscriber.disconnect();
});
