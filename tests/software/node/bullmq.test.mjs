// SPDX-License-Identifier: BSD-3-Clause
// BullMQ: every kind of job that its scripts keep on the server.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { FlowProducer, Queue, QueueEvents, Worker } from 'bullmq';

const connection = { host: '127.0.0.1', port: Number(process.env.PORT), maxRetriesPerRequest: null };
const open = [];
const keep = (thing) => {
  thing.on?.('error', (error) => { throw error; });
  open.push(thing);
  return thing;
};

after(async () => {
  for (const thing of open.reverse()) await thing.close();
});

test('jobs go through in order, with results, retries, progress and events', async () => {
  const queue = keep(new Queue('plain', { connection }));
  const events = keep(new QueueEvents('plain', { connection }));
  await events.waitUntilReady();
  const progress = [];
  events.on('progress', ({ data }) => progress.push(data));
  const order = [];
  let failures = 0;
  keep(new Worker('plain', async (job) => {
    if (job.name === 'flaky' && failures++ === 0) throw new Error('once');
    await job.updateProgress(job.data.n);
    order.push(job.data.n);
    return job.data.n * 2;
  }, { connection }));
  const jobs = await queue.addBulk(Array.from({ length: 20 }, (_, n) => ({ name: 'add', data: { n } })));
  const results = await Promise.all(jobs.map((job) => job.waitUntilFinished(events, 10000)));
  assert.deepEqual(results, Array.from({ length: 20 }, (_, n) => n * 2));
  assert.deepEqual(order, Array.from({ length: 20 }, (_, n) => n));
  const flaky = await queue.add('flaky', { n: 100 }, { attempts: 3, backoff: { type: 'fixed', delay: 20 } });
  assert.equal(await flaky.waitUntilFinished(events, 10000), 200);
  assert.equal((await queue.getJob(flaky.id)).attemptsMade, 2);
  assert.ok(progress.includes(19));
  const counts = await queue.getJobCounts('completed', 'failed', 'waiting');
  assert.deepEqual([counts.completed, counts.failed, counts.waiting], [21, 0, 0]);
});

test('a job that always fails ends among the failed, with its reason', async () => {
  const queue = keep(new Queue('failing', { connection }));
  const events = keep(new QueueEvents('failing', { connection }));
  await events.waitUntilReady();
  keep(new Worker('failing', async () => { throw new Error('never'); }, { connection }));
  const job = await queue.add('x', {}, { attempts: 2 });
  await assert.rejects(job.waitUntilFinished(events, 10000), /never/);
  const [failed] = await queue.getFailed();
  assert.equal(failed.failedReason, 'never');
  await failed.remove();
  assert.equal((await queue.getFailed()).length, 0);
});

test('a delayed job waits, and priorities go first', async () => {
  const queue = keep(new Queue('delays', { connection }));
  const events = keep(new QueueEvents('delays', { connection }));
  await events.waitUntilReady();
  const begin = Date.now();
  const delayed = await queue.add('late', { name: 'late' }, { delay: 300 });
  const last = await queue.add('low', { name: 'low' }, { priority: 10 });
  await queue.add('high', { name: 'high' }, { priority: 1 });
  const order = [];
  keep(new Worker('delays', async (job) => { order.push(job.data.name); return Date.now(); }, { connection }));
  await last.waitUntilFinished(events, 10000);
  const at = await delayed.waitUntilFinished(events, 10000);
  assert.ok(at - begin >= 300, `${at - begin} ms`);
  assert.deepEqual(order, ['high', 'low', 'late']);
});

test('a scheduler repeats its job', async () => {
  const queue = keep(new Queue('repeats', { connection }));
  let runs = 0;
  let done;
  const enough = new Promise((resolve) => { done = resolve; });
  keep(new Worker('repeats', async () => { if (++runs === 3) done(); }, { connection }));
  await queue.upsertJobScheduler('tick', { every: 100 }, { name: 'tick' });
  await enough;
  assert.equal(await queue.removeJobScheduler('tick'), true);
});

test('a flow runs the children before the parent, who sees their results', async () => {
  const flows = keep(new FlowProducer({ connection }));
  const events = keep(new QueueEvents('flow-parent', { connection }));
  await events.waitUntilReady();
  keep(new Worker('flow-child', async (job) => job.data.n, { connection }));
  keep(new Worker('flow-parent', async (job) => {
    const values = await job.getChildrenValues();
    return Object.values(values).reduce((sum, n) => sum + n, 0);
  }, { connection }));
  const flow = await flows.add({
    name: 'sum', queueName: 'flow-parent', data: {},
    children: [1, 2, 3].map((n) => ({ name: 'part', queueName: 'flow-child', data: { n } })),
  });
  assert.equal(await flow.job.waitUntilFinished(events, 10000), 6);
});

test('a rate limit holds jobs back', async () => {
  const queue = keep(new Queue('limited', { connection }));
  const times = [];
  let done;
  const enough = new Promise((resolve) => { done = resolve; });
  keep(new Worker('limited', async () => { if (times.push(Date.now()) === 5) done(); },
    { connection, limiter: { max: 2, duration: 300 } }));
  await queue.addBulk(Array.from({ length: 5 }, () => ({ name: 'x', data: {} })));
  await enough;
  assert.ok(times[4] - times[0] >= 500, `${times[4] - times[0]} ms`);
});

test('pause, resume and obliterate', async () => {
  const queue = keep(new Queue('paused', { connection }));
  const events = keep(new QueueEvents('paused', { connection }));
  await events.waitUntilReady();
  await queue.pause();
  const job = await queue.add('x', {});
  keep(new Worker('paused', async () => 'ran', { connection }));
  assert.equal(await queue.isPaused(), true);
  assert.equal(await queue.count(), 1);
  await queue.resume();
  assert.equal(await job.waitUntilFinished(events, 10000), 'ran');
  await queue.obliterate({ force: true });
  assert.equal(await queue.count(), 0);
});
