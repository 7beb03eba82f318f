//! Burstiness of a sequence of times (metric H5): -1 for a metronome, 0 for pure chance, towards 1 for bursts.
//!
//! Sources: K.-I. Goh and A.-L. Barabasi, EPL 81, 48002 (2008); E.-K. Kim and H.-H. Jo, Phys. Rev. E 94, 032311 (2016).

/// The two forms.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Burstiness {
    /// Goh and Barabasi's B = (r - 1) / (r + 1), r the coefficient of variation of the gaps; biased towards -1 for few gaps.
    pub plain: f64,
    /// Kim and Jo's `B_n`, which for n gaps reaches from -1 to 1 and is near 0 for pure chance whatever n.
    pub finite: f64,
}

/// Burstiness of events at these times, in whatever order. `None` for fewer than two gaps, or if all are at one time.
pub fn burstiness(times: &[i64]) -> Option<Burstiness> {
    let mut times = std::borrow::Cow::Borrowed(times);
    if !times.is_sorted() {
        times.to_mut().sort_unstable();
    }
    let n = times.len().saturating_sub(1);
    if n < 2 || times[0] == times[n] {
        return None;
    }
    let mean = times[n].abs_diff(times[0]) as f64 / n as f64;
    let r = variance(&times, mean).sqrt() / mean;
    let (more, less) = ((n as f64 + 1.0).sqrt(), (n as f64 - 1.0).sqrt());
    Some(Burstiness {
        plain: (r - 1.0) / (r + 1.0),
        finite: (more * r - less) / ((more - 2.0) * r + less),
    })
}

/// Population variance of the gaps between sorted times, which have this mean.
fn variance(times: &[i64], mean: f64) -> f64 {
    let n = times.len() - 1;
    let squared = |earlier: i64, later: i64| (later.abs_diff(earlier) as f64 - mean).powi(2);
    // Four sums at once, always the same four: each need not wait for the one before.
    let mut sums = [0.0; 4];
    let (fours, rest) = times[..n].as_chunks::<4>();
    for (i, four) in fours.iter().enumerate() {
        sums[0] += squared(four[0], four[1]);
        sums[1] += squared(four[1], four[2]);
        sums[2] += squared(four[2], four[3]);
        sums[3] += squared(four[3], times[4 * i + 4]);
    }
    let last = times[n - rest.len()..].windows(2);
    let last: f64 = last.map(|pair| squared(pair[0], pair[1])).sum();
    (sums[0] + sums[1] + (sums[2] + sums[3]) + last) / n as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn from_gaps(gaps: impl IntoIterator<Item = i64>) -> Burstiness {
        let mut times = vec![0];
        times.extend(gaps.into_iter().scan(0, |t, gap| {
            *t += gap;
            Some(*t)
        }));
        burstiness(&times).unwrap()
    }

    #[test]
    fn a_metronome_is_minus_one() {
        assert_eq!(
            from_gaps([7; 10]),
            Burstiness {
                plain: -1.0,
                finite: -1.0
            }
        );
    }

    #[test]
    fn one_gap_among_none_is_plus_one_in_the_finite_form_only() {
        let b = from_gaps([0, 0, 0, 0, 0, 0, 0, 0, 0, 5]); // r = sqrt(n - 1) = 3
        assert!((b.finite - 1.0).abs() < 1e-12);
        assert!((b.plain - 0.5).abs() < 1e-12);
    }

    #[test]
    fn known_by_hand() {
        let b = from_gaps([1, 3]); // mean 2, sd 1, r 1/2
        assert!((b.plain + 1.0 / 3.0).abs() < 1e-12);
        let s = 3.0_f64.sqrt();
        assert!((b.finite - (s / 2.0 - 1.0) / (s / 2.0)).abs() < 1e-12);
    }

    #[test]
    fn waiting_by_chance_is_near_zero() {
        // The quantiles of an exponential distribution, as gaps.
        let n = 20_000;
        let gaps = (0..n).map(|i| (-(1.0 - (f64::from(i) + 0.5) / f64::from(n)).ln() * 1e9) as i64);
        let b = from_gaps(gaps);
        assert!(b.plain.abs() < 2e-3 && b.finite.abs() < 2e-3);
    }

    #[test]
    fn too_little_to_tell() {
        assert_eq!(burstiness(&[]), None);
        assert_eq!(burstiness(&[1, 2]), None);
        assert_eq!(burstiness(&[5; 9]), None);
        assert!(burstiness(&[i64::MIN, 0, i64::MAX]).is_some());
    }

    proptest! {
        #[test]
        fn the_variance_is_that_of_all_gaps_one_by_one(mut times in prop::collection::vec(0..1_000_000_i64, 3..40)) {
            times.sort_unstable();
            let gaps: Vec<f64> = times.windows(2).map(|pair| (pair[1] - pair[0]) as f64).collect();
            let n = gaps.len() as f64;
            let mean = gaps.iter().sum::<f64>() / n;
            let expected = gaps.iter().map(|gap| (gap - mean).powi(2)).sum::<f64>() / n;
            prop_assert!((variance(&times, mean) - expected).abs() <= 1e-9 * expected.max(1.0));
        }

        #[test]
        fn bounded_and_free_of_order_origin_and_unit(mut times in prop::collection::vec(0..1_000_000_i64, 3..50), shift in -1_000_i64..1_000) {
            let Some(b) = burstiness(&times) else { return Ok(()) };
            prop_assert!((-1.0..=1.0).contains(&b.plain));
            prop_assert!((-1.0 - 1e-9..=1.0 + 1e-9).contains(&b.finite));
            times.reverse();
            prop_assert_eq!(burstiness(&times), Some(b));
            let moved: Vec<i64> = times.iter().map(|t| t * 8 + shift).collect();
            let moved = burstiness(&moved).unwrap();
            prop_assert!((moved.finite - b.finite).abs() < 1e-9);
        }
    }
}
