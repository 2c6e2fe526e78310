#![no_main]

#[path = "../entries/answer.rs"]
mod entry;

libfuzzer_sys::fuzz_target!(|data: &[u8]| entry::try_it(data));
