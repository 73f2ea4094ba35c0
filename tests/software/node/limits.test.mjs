// SPDX-License-Identifier: BSD-3-Clause
// rate-limiter-flexible and redlock: scripts with keys that expire.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import Redis from 'ioredis';
import { RateLimiterRedis } from 'rate-limiter-flexible';
import Redlock from 'redlock';

const io = new Redis(Number(process.env.PORT), '127.0.0.1', { maxRetriesPerRequest: 1 });
after(() => io.quit());

test('rate-limiter-flexible: points run out, come back, and can be given', async () => {
  await io.flushall();
  const limiter = new RateLimiterRedis({ storeClient: io, keyPrefix: 'rl', points: 3, duration: 1 });
  for (let left = 2; left >= 0; left--) {
    assert.equal((await limiter.consume('user')).remainingPoints, left);
  }
  await assert.rejects(limiter.consume('user'), (refused) => refused.msBeforeNext > 0);
  await limiter.reward('user', 2);
  assert.equal((await limiter.get('user')).consumedPoints, 2);
  await limiter.block('other', 5);
  await assert.rejects(limiter.consume('other'), (refused) => refused.msBeforeNext > 4000);
  await new Promise((resolve) => { setTimeout(resolve, 1100); });
  assert.equal((await limiter.consume('user')).consumedPoints, 1);
  assert.equal(await limiter.delete('user'), true);
});

test('rate-limiter-flexible: in the memory of nobody, 200 at once let exactly 50 through', async () => {
  const limiter = new RateLimiterRedis({ storeClient: io, keyPrefix: 'many', points: 50, duration: 10 });
  const all = await Promise.allSettled(Array.from({ length: 200 }, () => limiter.consume('k')));
  assert.equal(all.filter((one) => one.status === 'fulfilled').length, 50);
});

test('redlock: one holder at a time; a lock is extended, released, and ends by itself', async () => {
  const locks = new Redlock([io], { retryCount: 0 });
  const lock = await locks.lock('resource', 500);
  await assert.rejects(locks.lock('resource', 500));
  await lock.extend(1000);
  assert.ok((await io.pttl('resource')) > 500);
  await lock.unlock();
  const next = await locks.lock('resource', 100);
  await new Promise((resolve) => { setTimeout(resolve, 150); });
  await assert.rejects(next.unlock());
  await (await locks.lock('resource', 100)).unlock();
});
