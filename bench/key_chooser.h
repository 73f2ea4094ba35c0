// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cmath>
#include <cstdint>
#include <random>

#include "bench/load_options.h"

namespace bench {

// Draws key numbers in [0, keys). The Zipf generator is that of Gray et al., "Quickly Generating
// Billion-Record Synthetic Databases" (SIGMOD 1994); ranks are scattered over the key space by a
// multiplicative hash, so that hot keys are not neighbours.
class KeyChooser {
 public:
  KeyChooser(const LoadOptions& options, uint64_t seed)
      : distribution_(options.distribution),
        keys_(options.keys),
        theta_(options.theta),
        random_(seed) {
    if (distribution_ == Distribution::kZipf) PrepareZipf();
  }

  uint64_t Next() {
    switch (distribution_) {
      case Distribution::kSequential:
        return sequence_++ % keys_;
      case Distribution::kZipf:
        return Scatter(ZipfRank());
      case Distribution::kUniform:
        break;
    }
    return random_() % keys_;
  }
  // For a sequential fill shared by several clients.
  void StartAt(uint64_t first) { sequence_ = first; }
  std::mt19937_64& random() { return random_; }

 private:
  void PrepareZipf() {
    // The sum is taken exactly for the first million ranks and as an integral beyond.
    const uint64_t exact = keys_ < 1000000 ? keys_ : 1000000;
    for (uint64_t rank = 1; rank <= exact; ++rank) {
      zeta_ += 1.0 / std::pow(static_cast<double>(rank), theta_);
    }
    if (keys_ > exact) {
      const double exponent = 1.0 - theta_;
      zeta_ += (std::pow(static_cast<double>(keys_), exponent) -
                std::pow(static_cast<double>(exact), exponent)) /
               exponent;
    }
    const double zeta2 = 1.0 + std::pow(0.5, theta_);
    alpha_ = 1.0 / (1.0 - theta_);
    eta_ = (1.0 - std::pow(2.0 / static_cast<double>(keys_), 1.0 - theta_)) / (1.0 - zeta2 / zeta_);
  }

  uint64_t ZipfRank() {
    const double u = std::uniform_real_distribution<double>(0, 1)(random_);
    const double uz = u * zeta_;
    if (uz < 1.0) return 0;
    if (uz < 1.0 + std::pow(0.5, theta_)) return 1;
    const auto rank =
        static_cast<uint64_t>(static_cast<double>(keys_) * std::pow(eta_ * u - eta_ + 1.0, alpha_));
    return rank < keys_ ? rank : keys_ - 1;
  }

  uint64_t Scatter(uint64_t rank) const { return (rank * 0x9E3779B97F4A7C15ULL >> 8U) % keys_; }

  Distribution distribution_;
  uint64_t keys_;
  double theta_;
  std::mt19937_64 random_;
  uint64_t sequence_ = 0;
  double zeta_ = 0;
  double alpha_ = 0;
  double eta_ = 0;
};

}  // namespace bench
