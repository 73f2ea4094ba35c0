<?php
// SPDX-License-Identifier: BSD-3-Clause
// php-redis: commands, pipelines, transactions, scripts, scans and PHP's own sessions.
// usage: php redis_test.php PORT
declare(strict_types=1);

function same(mixed $expected, mixed $got): void {
    if ($expected !== $got) {
        throw new RuntimeException('expected ' . var_export($expected, true) . ', got ' . var_export($got, true));
    }
}

$redis = new Redis();
$redis->connect('127.0.0.1', (int) $argv[1]);
$redis->select(6);
$redis->flushDB();
same(true, $redis->set('s', "bin\0ary", ['EX' => 100, 'NX']));
same("bin\0ary", $redis->get('s'));
same(false, $redis->get('none'));
same(true, $redis->mSet(['a' => '1', 'b' => '2']));
same(['1', '2', false], $redis->mGet(['a', 'b', 'c']));
same(42, $redis->incrBy('a', 41));
same(1, $redis->hSet('h', 'f', 'v'));
same(true, $redis->hMSet('h', ['x' => 1, 'y' => 2]));
same(['f' => 'v', 'x' => '1', 'y' => '2'], $redis->hGetAll('h'));
same(3, $redis->rPush('l', 'x', 'y', 'z'));
same(['l', 'x'], $redis->blPop(['l'], 1));
same(2, $redis->sAdd('set', 'm', 'n'));
same(2, $redis->zAdd('z', 1.5, 'p', 2, 'q'));
same(['p' => 1.5, 'q' => 2.0], $redis->zRange('z', 0, -1, true));
$id = $redis->xAdd('st', '*', ['f' => 'v']);
same([$id => ['f' => 'v']], $redis->xRange('st', '-', '+'));
same([true, 1, 2], $redis->multi()->set('m', '0')->incr('m')->incr('m')->exec());
same([true, '5'], $redis->pipeline()->set('p', '5')->get('p')->exec());
same([1, 'k', 'a'], $redis->eval('return {1, KEYS[1], ARGV[1]}', ['k', 'a'], 1));
$redis->setOption(Redis::OPT_SCAN, (string) Redis::SCAN_RETRY);
for ($i = 0; $i < 500; $i++) {
    $redis->set("many:$i", $i);
}
$seen = [];
$cursor = null;
while (($keys = $redis->scan($cursor, 'many:*', 50)) !== false) {
    foreach ($keys as $key) {
        $seen[$key] = true;
    }
}
same(500, count($seen));
$redis->setOption(Redis::OPT_SERIALIZER, (string) Redis::SERIALIZER_PHP);
$redis->set('object', ['deep' => [1, 2.5, null]]);
same(['deep' => [1, 2.5, null]], $redis->get('object'));

ini_set('session.save_handler', 'redis');
ini_set('session.save_path', "tcp://127.0.0.1:{$argv[1]}?database=7&prefix=php:");
ini_set('redis.session.locking_enabled', '1');
ini_set('session.use_cookies', '0');
ini_set('session.cache_limiter', '');
session_id('tiercel');
same(true, session_start());
$_SESSION['user'] = 'ada';
same(true, session_write_close());
$_SESSION = [];
session_start();
same('ada', $_SESSION['user']);
same(true, session_destroy());
echo "php-redis: ok\n";
