//! Lanes: who has calls outstanding. A lane is strictly serial; several lanes make a pipeline, or several workers.

use std::cell::Cell;
use std::time::Instant;

use futures::future::try_join_all;

use crate::error::Result;

/// How operations are dealt out to lanes.
#[derive(Clone, Copy, Debug)]
pub enum Share {
    /// So many for every lane: workers with directories of their own.
    Each(u64),
    /// So many together, the next one to whichever lane is free: a pipeline in order.
    Together(u64),
}

/// One operation's place.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// The lane that does it.
    pub lane: usize,
    /// Its number: in the lane, or with [`Share::Together`] in all.
    pub index: u64,
}

/// Runs operations on lanes until all are done or one fails; the latency of each, nanoseconds, in no order.
pub async fn drive<C>(
    lanes: &mut [C],
    share: Share,
    operation: impl AsyncFn(&mut C, Step) -> Result<()>,
) -> Result<Vec<u64>> {
    let next = Cell::new(0);
    let (next, operation) = (&next, &operation);
    let lanes = lanes.iter_mut().enumerate().map(|(lane, caller)| async move {
        let mut latencies = Vec::new();
        let mut done = 0;
        loop {
            let index = match share {
                Share::Each(count) if done < count => done,
                Share::Together(count) if next.get() < count => next.replace(next.get() + 1),
                Share::Each(_) | Share::Together(_) => return Result::Ok(latencies),
            };
            let started = Instant::now();
            operation(caller, Step { lane, index }).await?;
            latencies.push(started.elapsed().as_nanos() as u64);
            done += 1;
        }
    });
    Ok(try_join_all(lanes).await?.concat())
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    async fn steps(lanes: usize, share: Share) -> Vec<(usize, u64)> {
        let seen = RefCell::new(Vec::new());
        let record = async |_: &mut (), step: Step| {
            seen.borrow_mut().push((step.lane, step.index));
            tokio::task::yield_now().await;
            Ok(())
        };
        let latencies = drive(&mut vec![(); lanes], share, record).await.unwrap();
        assert_eq!(latencies.len(), seen.borrow().len());
        seen.into_inner()
    }

    #[tokio::test]
    async fn together_deals_in_order_and_each_gives_everyone_the_same() {
        let together = steps(3, Share::Together(10)).await;
        assert!(together.iter().map(|(_, index)| *index).eq(0..10));
        let mut each = steps(3, Share::Each(2)).await;
        each.sort_unstable();
        assert_eq!(each, [(0, 0), (0, 1), (1, 0), (1, 1), (2, 0), (2, 1)]);
    }
}
