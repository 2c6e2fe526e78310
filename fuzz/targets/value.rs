#![no_main]

#[path = "../entries/value.rs"]
mod entry;

libfuzzer_sys::fuzz_target!(|data: &[u8]| entry::try_it(data));
