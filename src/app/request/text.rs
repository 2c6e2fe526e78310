//! Values that are kept as the text that people type for them, and whose types say it in another way elsewhere.

/// An amount as `5` or `5.25`.
pub(super) mod dollars {
    use serde::{Deserialize, Deserializer, Serializer};

    use crate::domain::MicroUsd;

    pub(in crate::app::request) fn serialize<S: Serializer>(
        value: &Option<MicroUsd>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        match value {
            Some(amount) => to.collect_str(&amount.dollars()),
            None => to.serialize_none(),
        }
    }

    pub(in crate::app::request) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<MicroUsd>, D::Error> {
        let text = Option::<String>::deserialize(from)?;
        text.map(|text| text.parse().map_err(serde::de::Error::custom)).transpose()
    }
}

/// A length of time as `90s`.
pub(in crate::app) mod length {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer};

    use crate::domain::{duration_text, parse_duration};

    pub(in crate::app) fn serialize<S: Serializer>(value: &Duration, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&duration_text(*value))
    }

    pub(in crate::app) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
        let text = String::deserialize(from)?;
        parse_duration(&text)
            .ok_or_else(|| serde::de::Error::custom(format_args!("{text:?} is not a duration such as 30m or 8h")))
    }
}

/// The same where it may be missing.
pub(super) mod duration {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use crate::domain::duration_text;

    pub(in crate::app::request) fn serialize<S: Serializer>(
        value: &Option<Duration>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        value.map(duration_text).serialize(to)
    }

    pub(in crate::app::request) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<Duration>, D::Error> {
        #[derive(Deserialize)]
        struct Length(#[serde(with = "super::length")] Duration);
        Ok(Option::<Length>::deserialize(from)?.map(|Length(length)| length))
    }
}
