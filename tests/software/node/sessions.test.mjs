// SPDX-License-Identifier: BSD-3-Clause
// connect-redis: the sessions of express.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { RedisStore } from 'connect-redis';
import { createClient } from 'redis';

const client = createClient({ url: `redis://127.0.0.1:${process.env.PORT}` });
before(async () => {
  await client.connect();
  await client.flushAll();
});
after(() => client.close());

const call = (store, verb, ...args) => new Promise((resolve, reject) => {
  store[verb](...args, (error, value) => (error ? reject(error) : resolve(value)));
});

test('sessions are kept, touched, listed and destroyed', async () => {
  const store = new RedisStore({ client, prefix: 's:', ttl: 60 });
  const session = { cookie: { maxAge: null }, user: 'ada', seen: [1, 2, 3] };
  await call(store, 'set', 'one', session);
  assert.deepEqual(await call(store, 'get', 'one'), session);
  assert.equal(await client.ttl('s:one'), 60);
  await client.expire('s:one', 5);
  await call(store, 'touch', 'one', session);
  assert.equal(await client.ttl('s:one'), 60);
  for (let i = 0; i < 250; i++) await call(store, 'set', `many${i}`, session);
  assert.equal(await call(store, 'length'), 251);
  assert.equal((await call(store, 'ids')).length, 251);
  assert.equal((await call(store, 'all')).length, 251);
  await call(store, 'destroy', 'one');
  assert.equal(await call(store, 'get', 'one'), null);
  await call(store, 'clear');
  assert.equal(await call(store, 'length'), 0);
});

test('a session that has run out is gone', async () => {
  const store = new RedisStore({ client, prefix: 's:' });
  await call(store, 'set', 'short', { cookie: { expires: new Date(Date.now() + 1000) } });
  assert.ok(await call(store, 'get', 'short'));
  await new Promise((resolve) => { setTimeout(resolve, 1100); });
  assert.equal(await call(store, 'get', 'short'), null);
});
