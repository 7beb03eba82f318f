#![no_main]

use libfuzzer_sys::fuzz_target;
use tracelens_fuzz::{alone, targets};

fuzz_target!(init: alone(), |data: &[u8]| targets::json(data));
