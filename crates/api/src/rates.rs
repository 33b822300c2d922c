//! How often one key may ask: a token bucket for each key, in memory. Requests of a key that has none left are refused with
//! the time to wait; other keys do not notice. Nothing is shared between servers.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use holdfast_base::KeyId;
use holdfast_base::limits::RATE_BUCKETS_MAX;

/// The rates of all keys.
pub(crate) struct Rates {
    /// Requests a second; also the most that can be saved up. `None` is no limit.
    per_second: Option<f64>,
    buckets: Mutex<HashMap<KeyId, Bucket>>,
}

#[derive(Clone, Copy)]
struct Bucket {
    left: f64,
    at: Duration,
}

impl Rates {
    /// Allows every key so many requests a second; 0 is no limit.
    pub fn new(per_second: u32) -> Self {
        Self { per_second: (per_second > 0).then(|| f64::from(per_second)), buckets: Mutex::default() }
    }

    /// Takes one request of a key at this time, or says how long there is none.
    pub fn take(&self, key: KeyId, now: Duration) -> Result<(), Duration> {
        let Some(rate) = self.per_second else { return Ok(()) };
        // A panic elsewhere leaves numbers, and any of them is a bucket.
        let mut buckets = self.buckets.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if buckets.len() >= RATE_BUCKETS_MAX && !buckets.contains_key(&key) {
            // A bucket that has filled up again is as good as none.
            buckets.retain(|_, bucket| bucket.filled(rate, now) < rate);
            if buckets.len() >= RATE_BUCKETS_MAX {
                return Err(Duration::from_secs(1));
            }
        }
        let bucket = buckets.entry(key).or_insert(Bucket { left: rate, at: now });
        *bucket = Bucket { left: bucket.filled(rate, now), at: now };
        if bucket.left < 1.0 {
            return Err(Duration::from_secs_f64((1.0 - bucket.left) / rate));
        }
        bucket.left -= 1.0;
        Ok(())
    }
}

impl Bucket {
    fn filled(&self, rate: f64, now: Duration) -> f64 {
        (self.left + now.saturating_sub(self.at).as_secs_f64() * rate).min(rate)
    }
}

#[cfg(test)]
mod tests {
    use holdfast_base::SeededRandom;

    use super::*;

    #[test]
    fn a_key_gets_its_rate_and_no_other_key_notices() {
        let random = SeededRandom::new(1);
        let (one, two) = (KeyId::generate(&random), KeyId::generate(&random));
        let rates = Rates::new(10);
        let at = Duration::from_millis;
        for _ in 0..10 {
            rates.take(one, at(0)).unwrap();
        }
        assert_eq!(rates.take(one, at(0)), Err(at(100)));
        rates.take(two, at(0)).unwrap();
        assert!(rates.take(one, at(99)).is_err());
        rates.take(one, at(101)).unwrap();
        let later = (0..100).filter(|_| rates.take(one, at(10_000)).is_ok()).count();
        assert_eq!(later, 10, "no more than a second's worth is saved up");
        assert!((0..10_000).all(|_| Rates::new(0).take(one, at(0)).is_ok()));
    }

    #[test]
    fn the_memory_is_bounded() {
        let random = SeededRandom::new(1);
        let rates = Rates::new(1);
        for _ in 0..RATE_BUCKETS_MAX {
            rates.take(KeyId::generate(&random), Duration::ZERO).unwrap();
        }
        assert!(rates.take(KeyId::generate(&random), Duration::ZERO).is_err());
        rates.take(KeyId::generate(&random), Duration::from_secs(1)).unwrap();
        assert_eq!(rates.buckets.lock().unwrap().len(), 1);
    }
}
