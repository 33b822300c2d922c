//! Processor time: our own, and a server's by its process id.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// Processor time of this process so far.
pub fn own() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec.max(0) as u64, time.tv_nsec.max(0) as u32)
}

/// User and system time of all threads of a process so far, as `/proc` counts it: in clock ticks, mostly of 10 ms.
pub fn of_process(pid: u32) -> std::io::Result<Duration> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let ticks = ticks_in(&stat).ok_or(std::io::ErrorKind::InvalidData)?;
    Ok(Duration::from_secs_f64(ticks as f64 / rustix::param::clock_ticks_per_second() as f64))
}

/// `utime + stime` of a `/proc/PID/stat` line. The command in parentheses may hold anything, so count behind it.
fn ticks_in(stat: &str) -> Option<u64> {
    let (_, behind) = stat.rsplit_once(')')?;
    // Behind the command comes field 3; utime and stime are fields 14 and 15 (proc_pid_stat(5)).
    let mut times = behind.split_ascii_whitespace().skip(11);
    let user: u64 = times.next()?.parse().ok()?;
    let system: u64 = times.next()?.parse().ok()?;
    Some(user + system)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_cannot_shift_the_fields() {
        let stat = "12 (a) b (c)) S 1 12 12 0 -1 4194304 100 0 0 0 250 31 0 0 20 0 3 0 555 1 2";
        assert_eq!(ticks_in(stat), Some(281));
        assert_eq!(ticks_in("12 (a) S 1"), None);
    }

    #[test]
    fn a_process_that_is_not_there_is_an_error() {
        assert!(of_process(std::process::id()).is_ok());
        assert!(of_process(u32::MAX).is_err());
    }
}
