# SPDX-License-Identifier: BSD-3-Clause
# The jobs of sidekiq_test.sh, loaded by the worker and by the client.
require "sidekiq"

URL = "redis://127.0.0.1:#{ENV.fetch("PORT")}/5"
Sidekiq.configure_server do |config|
  config.redis = {url: URL}
  config.average_scheduled_poll_interval = 1
end
Sidekiq.configure_client { |config| config.redis = {url: URL} }

class Count
  include Sidekiq::Worker

  def perform(n)
    Sidekiq.redis { |redis| redis.incrby("sum", n) }
  end
end

class Flaky
  include Sidekiq::Worker
  sidekiq_options retry: 3
  sidekiq_retry_in { 1 }

  def perform
    raise "once" if Sidekiq.redis { |redis| redis.incr("tries") } == 1
    Sidekiq.redis { |redis| redis.set("flaky", "done") }
  end
end
