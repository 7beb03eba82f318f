//! Sixty-four bytes of a text at a time, and which of them pass a test, a bit each.

#![allow(
    clippy::inline_always,
    reason = "measured: calls between these cost as much as what they do"
)]

use wide::u8x16;

pub(super) struct Lanes([u8; 64]);

impl Lanes {
    /// The bytes from `at` on; behind the end of the text all are `beyond`.
    #[inline]
    pub(super) fn at(text: &[u8], at: usize, beyond: u8) -> Self {
        let rest = &text[at.min(text.len())..];
        match rest.first_chunk::<64>() {
            Some(chunk) => Self(*chunk),
            None => {
                let mut lanes = [beyond; 64];
                lanes[..rest.len()].copy_from_slice(rest);
                Self(lanes)
            }
        }
    }

    /// The bytes that pass a test.
    #[inline(always)]
    pub(super) fn bits(&self, test: impl Fn(u8x16) -> u8x16) -> u64 {
        let mut bits = 0;
        for (i, lanes) in self.0.as_chunks::<16>().0.iter().enumerate() {
            bits |= u64::from(test(u8x16::new(*lanes)).to_bitmask() & 0xffff) << (16 * i);
        }
        bits
    }

    /// The bytes that are this one.
    #[inline(always)]
    pub(super) fn equal(&self, byte: u8) -> u64 {
        self.bits(|lanes| lanes.simd_eq(u8x16::splat(byte)))
    }
}
