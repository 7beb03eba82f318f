//! How far one person got in a funnel: steps done in their order within a window, as `ClickHouse`'s `windowFunnel` counts it.
//!
//! The level is the length of the longest prefix of the steps for which some chain of events exists: times never fall, and
//! the last is at most `window` after the first. Events at one time count in the order of their steps, and one event may
//! be several steps at once. Source: `ClickHouse`, aggregate function `windowFunnel` with its modes.

use std::array;

/// Which chains count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Funnel {
    /// The longest time from the first step to the last, inclusive; in the unit of the times.
    pub window: i64,
    /// Once the first step was done, an event that is no step, or a step too early, ends it all. (A return to the first
    /// step starts anew, as in the default mode; versions of `ClickHouse` differ there.)
    pub strict_order: bool,
    /// A step done again ends it all; the first may be repeated.
    pub strict_deduplication: bool,
    /// A step counts only if it is later than the step before it. Like its model, this looks at the latest chain alone:
    /// where a step was done twice, the later time is the one that must be exceeded.
    pub strict_increase: bool,
}

/// How many steps a funnel may have.
pub const STEPS: usize = u32::BITS as usize;

/// The level that events at `times`, in whatever order, reach in the default mode. Bit `i` of `steps` tells whether an
/// event is the step `i`; both slices have one length.
pub fn funnel(times: &[i64], steps: &[u32], window: i64) -> u32 {
    let default = Funnel {
        window,
        ..Funnel::default()
    };
    default.level(times, steps)
}

impl Funnel {
    /// The level that these events reach; see [`funnel`].
    pub fn level(&self, times: &[i64], steps: &[u32]) -> u32 {
        let mut done = self.done(times, steps);
        if !done.is_sorted() {
            done.sort_unstable();
        }
        // Of the latest chain that got to each step: when it began, and when it got there. A later chain has more of its
        // window left, so no earlier one is ever needed.
        let mut chains: [(i64, i64); STEPS] = array::from_fn(|_| (0, 0));
        let mut level = 0;
        for (time, step) in done {
            let Some(step) = step.map(usize::from) else {
                if level > 0 {
                    break;
                }
                continue;
            };
            if step == 0 {
                chains[0] = (time, time);
                level = level.max(1);
            } else if step > level {
                if self.strict_order && level > 0 {
                    break;
                }
            } else if self.strict_deduplication && step < level {
                break;
            } else {
                let (first, before) = chains[step - 1];
                if time.saturating_sub(first) <= self.window && (!self.strict_increase || before < time) {
                    chains[step] = (first, time);
                    level = level.max(step + 1);
                }
            }
        }
        level as u32
    }

    /// Time and step of everything that counts; `None`: an event that is no step, where such events matter.
    fn done(&self, times: &[i64], steps: &[u32]) -> Vec<(i64, Option<u8>)> {
        let mut done = Vec::with_capacity(times.len());
        for (&time, &steps) in times.iter().zip(steps) {
            if steps == 0 && self.strict_order {
                done.push((time, None));
            }
            let mut left = steps;
            while left != 0 {
                done.push((time, Some(left.trailing_zeros() as u8)));
                left &= left - 1;
            }
        }
        done
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const DEFAULT: Funnel = Funnel {
        window: 86_400,
        strict_order: false,
        strict_deduplication: false,
        strict_increase: false,
    };
    const ORDER: Funnel = Funnel {
        strict_order: true,
        ..DEFAULT
    };
    const DEDUPLICATION: Funnel = Funnel {
        strict_deduplication: true,
        ..DEFAULT
    };
    const INCREASE: Funnel = Funnel {
        strict_increase: true,
        ..DEFAULT
    };

    /// The level of events named by letters, one a second; `steps` are the letters of the funnel.
    fn level(mode: Funnel, steps: &str, events: &str) -> u32 {
        let times: Vec<i64> = (0..events.len() as i64).collect();
        at(mode, steps, events, &times)
    }

    fn at(mode: Funnel, steps: &str, events: &str, times: &[i64]) -> u32 {
        let mask = |e: char| -> u32 { steps.chars().enumerate().map(|(i, s)| u32::from(s == e) << i).sum() };
        mode.level(times, &events.chars().map(mask).collect::<Vec<_>>())
    }

    #[test]
    fn steps_in_order_and_within_the_window() {
        let log = "abcdefghi";
        for (window, steps, expected) in [
            (10_000, "a", 1),
            (10_000, "abc", 3),
            (10_000, "abci", 4),
            (10_000, "ia", 1),
            (1, "a", 1),
            (2, "defgh", 3),
            (3, "defgh", 4),
            (4, "defgh", 5),
        ] {
            let mode = Funnel { window, ..DEFAULT };
            assert_eq!(level(mode, steps, log), expected, "{steps} within {window}");
        }
    }

    #[test]
    fn the_window_includes_its_end() {
        assert_eq!(funnel(&[0, 10], &[1, 2], 10), 2);
        assert_eq!(funnel(&[0, 11], &[1, 2], 10), 1);
        assert_eq!(funnel(&[0, 0], &[1, 2], 0), 2);
        assert_eq!(funnel(&[i64::MIN, i64::MAX], &[1, 2], 10), 1, "no overflow");
    }

    #[test]
    fn conditions_that_overlap() {
        // Events 1001 to 1008, a second apart: <= 1007, >= 1002, <= 1006, >= 1004 within 4 seconds.
        let events: Vec<u32> = (1001..=1008).collect();
        let mask = |e: u32| {
            u32::from(e <= 1007) | u32::from(e >= 1002) << 1 | u32::from(e <= 1006) << 2 | u32::from(e >= 1004) << 3
        };
        let times: Vec<i64> = (0..8).collect();
        let masks: Vec<u32> = events.iter().map(|&e| mask(e)).collect();
        assert_eq!(funnel(&times, &masks, 4), 4);
    }

    #[test]
    fn a_later_first_step_opens_the_window_anew() {
        assert_eq!(funnel(&[0, 100, 105], &[1, 1, 2], 10), 2);
        assert_eq!(
            funnel(&[0, 5, 100, 105], &[1, 2, 1, 4], 10),
            2,
            "the chain of 0 is over by then"
        );
        assert_eq!(
            funnel(&[0, 5, 6, 9], &[1, 2, 1, 4], 10),
            3,
            "the first step again does not undo the second"
        );
    }

    #[test]
    fn at_one_time_steps_count_in_their_order() {
        assert_eq!(funnel(&[7, 7, 7], &[4, 2, 1], 0), 3);
        assert_eq!(funnel(&[7], &[0b111], 0), 3, "one event may be several steps");
        assert_eq!(at(DEFAULT, "abcde", "abcde", &[0, 1, 1, 1, 2]), 5);
        assert_eq!(at(INCREASE, "abcde", "abcde", &[0, 1, 1, 1, 2]), 2);
        assert_eq!(level(DEFAULT, "eee", "abcde"), 3);
        assert_eq!(level(INCREASE, "eee", "abcde"), 1);
    }

    #[test]
    fn an_event_between_ends_a_strictly_ordered_funnel() {
        for (events, any, order, once) in [
            ("abc", 3, 3, 3),
            ("adbc", 3, 1, 1),
            ("aabbcc", 3, 3, 2),
            ("aaaabbcc", 3, 3, 2),
            ("aabbdcc", 3, 2, 2),
            ("ccbbaa", 1, 1, 1),
            ("acb", 2, 1, 1),
            ("dabc", 3, 3, 3),
        ] {
            let both = Funnel {
                strict_deduplication: true,
                ..ORDER
            };
            assert_eq!(level(DEFAULT, "abc", events), any, "{events}");
            assert_eq!(level(ORDER, "abc", events), order, "{events} in strict order");
            assert_eq!(
                level(both, "abc", events),
                once,
                "{events} in strict order without repetition"
            );
        }
    }

    #[test]
    fn a_repetition_ends_a_funnel_without_duplicates() {
        assert_eq!(level(DEDUPLICATION, "abcd", "abcbd"), 3);
        assert_eq!(level(DEFAULT, "abcd", "abcbd"), 4);
        assert_eq!(level(DEDUPLICATION, "abcdefg", "abcdeffg"), 6);
        assert_eq!(
            level(DEDUPLICATION, "abc", "aaabc"),
            3,
            "the first step may be repeated"
        );
    }

    #[test]
    fn nothing_done() {
        assert_eq!(funnel(&[], &[], 10), 0);
        assert_eq!(funnel(&[1, 2], &[0, 2], 10), 0);
        assert_eq!(funnel(&[1; 32], &array::from_fn::<u32, 32, _>(|i| 1 << i), 0), 32);
    }

    /// Every chain, one by one: the longest that continues from a step done at `last`, in a chain begun at `first`.
    fn longest(log: &[(i64, u32)], step: u32, (first, last): (i64, i64), window: i64, increase: bool) -> u32 {
        let later = |t: i64| if increase { t > last } else { t >= last };
        let next = log
            .iter()
            .filter(|(t, s)| s >> step & 1 == 1 && later(*t) && t - first <= window);
        next.map(|(t, _)| longest(log, step + 1, (first, *t), window, increase))
            .max()
            .unwrap_or(step)
    }

    fn brute(log: &[(i64, u32)], window: i64, increase: bool) -> u32 {
        let starts = log.iter().filter(|(_, s)| s & 1 == 1);
        starts
            .map(|(t, _)| longest(log, 1, (*t, *t), window, increase))
            .max()
            .unwrap_or(0)
    }

    fn unzip(log: &[(i64, u32)]) -> (Vec<i64>, Vec<u32>) {
        log.iter().copied().unzip()
    }

    proptest! {
        #[test]
        fn the_level_is_that_of_the_best_of_all_chains(log in prop::collection::vec((0..12_i64, 0..16_u32), 0..9), window in 0..12_i64) {
            let (times, steps) = unzip(&log);
            prop_assert_eq!(funnel(&times, &steps, window), brute(&log, window, false));
            let (times, steps) = unzip(&log.iter().rev().copied().collect::<Vec<_>>());
            prop_assert_eq!(funnel(&times, &steps, window), brute(&log, window, false), "in whatever order");
        }

        #[test]
        fn strict_increase_is_exact_without_ties_and_never_too_much(log in prop::collection::vec((0..12_i64, 0..16_u32), 0..9), window in 0..12_i64) {
            let mode = Funnel { window, ..INCREASE };
            let (times, steps) = unzip(&log);
            prop_assert!(mode.level(&times, &steps) <= brute(&log, window, true));
            // One step an event, one event a time.
            let apart: Vec<(i64, u32)> = log.iter().enumerate().map(|(i, (_, s))| (i as i64, 1 << (s % 4))).collect();
            let (times, steps) = unzip(&apart);
            prop_assert_eq!(mode.level(&times, &steps), brute(&apart, window, true));
        }

        #[test]
        fn a_stricter_mode_never_gets_further(log in prop::collection::vec((0..12_i64, 0..16_u32), 0..9), window in 0..12_i64) {
            let (times, steps) = unzip(&log);
            let most = funnel(&times, &steps, window);
            for mode in [ORDER, DEDUPLICATION, INCREASE] {
                let mode = Funnel { window, ..mode };
                prop_assert!(mode.level(&times, &steps) <= most);
            }
        }

        #[test]
        fn strict_order_reads_up_to_the_first_event_out_of_place(events in prop::collection::vec(0..4_u32, 0..10)) {
            // Steps 0, 1, 2, and 3 for an event that is none; a second apart, no window to speak of.
            let mut reached = 0;
            for &e in &events {
                if e == reached && e < 3 {
                    reached += 1;
                } else if reached > 0 && e > reached.min(2) {
                    break;
                }
            }
            let times: Vec<i64> = (0..events.len() as i64).collect();
            let steps: Vec<u32> = events.iter().map(|&e| if e == 3 { 0 } else { 1 << e }).collect();
            prop_assert_eq!(ORDER.level(&times, &steps), reached);
        }
    }
}
