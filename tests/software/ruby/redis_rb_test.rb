# SPDX-License-Identifier: BSD-3-Clause
# ruby-redis: commands, pipelines, transactions, Pub/Sub and scripts. usage: ruby redis_rb_test.rb PORT
require "redis"

def same(expected, got)
  raise "expected #{expected.inspect}, got #{got.inspect}" unless expected == got
end

redis = Redis.new(port: Integer(ARGV[0]), db: 4)
redis.flushdb
same "OK", redis.set("s", "v", ex: 100)
same true, redis.set("t", "1", nx: true)
same false, redis.set("t", "2", nx: true)
same 3, redis.hset("h", "a" => 1, "b" => 2, "c" => 3)
same({"a" => "1", "b" => "2", "c" => "3"}, redis.hgetall("h"))
same({"a" => "1", "c" => "3"}, redis.mapped_hmget("h", "a", "c"))
same 3, redis.rpush("l", %w[x y z])
same %w[x y z], redis.lrange("l", 0, -1)
same 2, redis.sadd("set", %w[m n])
same true, redis.sismember("set", "m")
same 2, redis.zadd("z", [[1.5, "p"], [2, "q"]])
same [["p", 1.5], ["q", 2.0]], redis.zrange("z", 0, -1, with_scores: true)
id = redis.xadd("x", {"f" => "v"})
same [[id, {"f" => "v"}]], redis.xrange("x")
redis.xgroup(:create, "x", "g", "0")
same({"x" => [[id, {"f" => "v"}]]}, redis.xreadgroup("g", "me", "x", ">"))
same 1, redis.xack("x", "g", id)
same ["OK", 1, 2], redis.pipelined { |p| p.set("p", "0"); p.incr("p"); p.incr("p") }
same ["2", 9], redis.watch("p") { redis.multi { |m| m.getset("p", 8); m.incr("p") } }
same [1, "k", "a"], redis.eval("return {1, KEYS[1], ARGV[1]}", ["k"], ["a"])
same 1000, (0...1000).map { |i| redis.set("many:#{i}", i); i }.size
same 1000, redis.scan_each(match: "many:*", count: 70).uniq.size
heard = []
listener = Thread.new do
  Redis.new(port: Integer(ARGV[0])).subscribe("news") do |on|
    on.message { |_, text| heard << text; raise StopIteration if text == "end" }
  end
rescue StopIteration
  nil
end
sleep 0.02 until redis.pubsub(:numsub, "news") == ["news", 1]
redis.publish("news", "hello")
redis.publish("news", "end")
listener.join(10) or raise "the subscriber heard nothing"
same %w[hello end], heard
puts "redis-rb: ok"
