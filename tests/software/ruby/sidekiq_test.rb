# SPDX-License-Identifier: BSD-3-Clause
# ruby-sidekiq: a worker process, jobs now and later, a retry. PORT in the environment.
require_relative "sidekiq_jobs"
require "sidekiq/api"

redis = Redis.new(url: URL)
redis.flushdb
worker = spawn("sidekiq", "-c", "3", "-r", File.join(__dir__, "sidekiq_jobs.rb"), out: File::NULL)
begin
  def wait_for(what)
    deadline = Time.now + 60
    until yield
      raise "#{what}: waited in vain" if Time.now > deadline
      sleep 0.05
    end
  end
  100.times { |n| Count.perform_async(n) }
  Sidekiq::Client.push_bulk("class" => Count, "args" => Array.new(100) { [1] })
  Count.perform_in(2, 1_000_000)
  Flaky.perform_async
  raise "the job for later is not scheduled" unless Sidekiq::ScheduledSet.new.size == 1
  wait_for("jobs") { redis.get("sum") == (4950 + 100).to_s || redis.get("sum").to_i > 1_000_000 }
  wait_for("a job for later") { redis.get("sum") == (4950 + 100 + 1_000_000).to_s }
  wait_for("a retry") { redis.get("flaky") == "done" }
  stats = Sidekiq::Stats.new
  wait_for("statistics") { Sidekiq::Stats.new.processed == 203 }
  raise "failed: #{Sidekiq::Stats.new.failed}" unless Sidekiq::Stats.new.failed == 1
  raise "the queue is not empty" unless stats.enqueued.zero?
  wait_for("the worker's heartbeat") { Sidekiq::ProcessSet.new.size == 1 }
ensure
  Process.kill("TERM", worker)
  Process.wait(worker)
end
puts "sidekiq: ok"
