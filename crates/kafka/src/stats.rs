//! Counts per API: requests, bytes, time to answer. Cheap enough for every request.
//!
//! Each serving thread counts in its own shard, so that no cache line is fought over; whoever reads
//! sums the shards. Times are counted in buckets, as Prometheus wants them.
//! Absent on purpose: names and text (crate `highwater`), anything per client or per topic.

use kafka_wire::ApiKey;
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Upper ends of the time buckets, inclusive, in microseconds; what is slower is counted apart.
pub const BUCKETS_US: [u64; 16] = [
    50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000,
    1_000_000, 2_500_000, 10_000_000,
];

/// Keys above this are not counted; ours end at 75.
const KEYS: usize = 96;

/// All shards.
#[derive(Debug, Default)]
pub struct Stats {
    shards: Mutex<Vec<Arc<StatsShard>>>,
}

/// The counts of one thread.
#[derive(Debug)]
pub struct StatsShard {
    apis: Box<[ApiCounts]>,
}

#[derive(Debug, Default)]
struct ApiCounts {
    requests: AtomicU64,
    request_bytes: AtomicU64,
    response_bytes: AtomicU64,
    total_us: AtomicU64,
    buckets: [AtomicU64; BUCKETS_US.len()],
}

/// The sum over all shards for one API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiSum {
    /// Which.
    pub api: ApiKey,
    /// Requests answered (or, for `acks=0`, handled).
    pub requests: u64,
    /// Bytes of their frames, the length field left out.
    pub request_bytes: u64,
    /// Bytes of the answers' frames.
    pub response_bytes: u64,
    /// Sum of the times from the whole frame being there to its answer being ready, in microseconds.
    pub total_us: u64,
    /// How many took at most `BUCKETS_US[i]` and more than the bucket before.
    pub buckets: [u64; BUCKETS_US.len()],
}

impl Stats {
    /// A new shard, for one thread.
    pub fn shard(&self) -> Arc<StatsShard> {
        let apis = (0..KEYS).map(|_| ApiCounts::default()).collect();
        let shard = Arc::new(StatsShard { apis });
        self.shards.lock().push(Arc::clone(&shard));
        shard
    }

    /// The sums of every API that was asked for, by rising key.
    pub fn sums(&self) -> Vec<ApiSum> {
        let shards = self.shards.lock().clone();
        let mut sums = Vec::new();
        for key in 0..KEYS {
            let Some(api) = i16::try_from(key).ok().and_then(ApiKey::from_i16) else {
                continue;
            };
            let mut sum = ApiSum {
                api,
                requests: 0,
                request_bytes: 0,
                response_bytes: 0,
                total_us: 0,
                buckets: [0; BUCKETS_US.len()],
            };
            for counts in shards.iter().filter_map(|shard| shard.apis.get(key)) {
                sum.add(counts);
            }
            if sum.requests > 0 {
                sums.push(sum);
            }
        }
        sums
    }
}

impl ApiSum {
    fn add(&mut self, counts: &ApiCounts) {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        self.requests += read(&counts.requests);
        self.request_bytes += read(&counts.request_bytes);
        self.response_bytes += read(&counts.response_bytes);
        self.total_us += read(&counts.total_us);
        for (sum, bucket) in self.buckets.iter_mut().zip(&counts.buckets) {
            *sum += read(bucket);
        }
    }
}

impl StatsShard {
    /// Counts one request.
    pub fn record(&self, api: ApiKey, request_bytes: usize, response_bytes: usize, took: Duration) {
        let Some(counts) = usize::try_from(api.to_i16())
            .ok()
            .and_then(|key| self.apis.get(key))
        else {
            return;
        };
        let us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let bytes = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        counts.requests.fetch_add(1, Ordering::Relaxed);
        counts
            .request_bytes
            .fetch_add(bytes(request_bytes), Ordering::Relaxed);
        counts
            .response_bytes
            .fetch_add(bytes(response_bytes), Ordering::Relaxed);
        counts.total_us.fetch_add(us, Ordering::Relaxed);
        let bucket = BUCKETS_US.partition_point(|end| *end < us);
        if let Some(bucket) = counts.buckets.get(bucket) {
            bucket.fetch_add(1, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_are_summed_and_times_fall_into_their_buckets() {
        let stats = Stats::default();
        let (one, two) = (stats.shard(), stats.shard());
        one.record(ApiKey::Produce, 100, 10, Duration::from_micros(50));
        two.record(ApiKey::Produce, 200, 20, Duration::from_micros(51));
        two.record(ApiKey::Fetch, 1, 2, Duration::from_secs(3600));
        let sums = stats.sums();
        assert_eq!(
            sums.iter().map(|sum| sum.api).collect::<Vec<_>>(),
            [ApiKey::Produce, ApiKey::Fetch]
        );
        let [produce, fetch] = sums.as_slice() else {
            panic!("two APIs")
        };
        assert_eq!(
            (
                produce.requests,
                produce.request_bytes,
                produce.response_bytes
            ),
            (2, 300, 30)
        );
        assert_eq!(
            (produce.buckets[0], produce.buckets[1], produce.total_us),
            (1, 1, 101)
        );
        // Slower than every bucket: counted in the total only.
        assert_eq!((fetch.requests, fetch.buckets.iter().sum::<u64>()), (1, 0));
    }
}
