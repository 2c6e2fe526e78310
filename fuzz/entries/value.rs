//! Values that people write in the config file, in variables and in options: rates, durations, amounts, names of accounts and servers, words. Laws: no
//! panic; what can be read is written as a text that is read as the same.

use std::fmt::Display;
use std::str::FromStr;

use cleanup::domain::{
    AccountHost, AccountName, Actions, MicroUsd, Rate, Target, UserId, duration_text, parse_duration,
};

pub fn try_it(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    reads_back::<Rate>(text);
    reads_back::<MicroUsd>(text);
    reads_back::<AccountName>(text);
    reads_back::<AccountHost>(text);
    reads_back::<Actions>(text);
    reads_back::<UserId>(text);
    reads_back::<Target>(text);
    if let Some(duration) = parse_duration(text) {
        assert_eq!(parse_duration(&duration_text(duration)), Some(duration), "{text:?}");
    }
}

fn reads_back<T: FromStr + Display + PartialEq + std::fmt::Debug>(text: &str) {
    if let Ok(value) = text.parse::<T>() {
        let written = value.to_string();
        assert_eq!(written.parse::<T>().ok().as_ref(), Some(&value), "{text:?} is written as {written:?}");
    }
}
