//! The five fields of a cron pattern: which one of a pattern that cannot be read is to blame. Pure.
//!
//! In: a pattern that the parser refuses, and the parser. Out: the field, the value and what the field takes. What does not
//! belong here: a second grammar. A field is to blame where the parser refuses it even with stars in the places of the others.

/// A field of a cron pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// What it is called.
    pub name: &'static str,
    /// What it takes, in words.
    pub range: &'static str,
}

/// The fields in the order of a pattern.
pub const FIELDS: [Field; 5] = [
    Field { name: "minute", range: "0 to 59" },
    Field { name: "hour", range: "0 to 23" },
    Field { name: "day of month", range: "1 to 31" },
    Field { name: "month", range: "1 to 12 or JAN to DEC" },
    Field { name: "day of week", range: "0 to 7 (0 and 7 are Sunday) or SUN to SAT" },
];

/// What is wrong with a pattern of five fields that `is_pattern` refuses, in words; none where no field is wrong by itself.
pub fn blame(pattern: &str, is_pattern: impl Fn(&str) -> bool) -> Option<String> {
    let alone = |place: usize, value: &str| {
        let mut fields = ["*"; FIELDS.len()];
        fields[place] = value;
        is_pattern(&fields.join(" "))
    };
    let (place, given) =
        pattern.split(' ').enumerate().take(FIELDS.len()).find(|(place, given)| !alone(*place, given))?;
    // Of a list, the first value that is wrong by itself.
    let value = given.split(',').find(|value| !alone(place, value)).unwrap_or(given);
    Some(fault_of(value, FIELDS[place], |range| alone(place, range)))
}

/// What is wrong with one value of a field. `is_right` tells whether the field takes another in its place.
fn fault_of(value: &str, field: Field, is_right: impl Fn(&str) -> bool) -> String {
    let Field { name, range } = field;
    let (base, step) = value.split_once('/').map_or((value, None), |(base, step)| (base, Some(step)));
    if is_right(base)
        && let Some(step) = step
    {
        return match step.parse::<u32>() {
            Ok(0) => format!("{value:?} has a step of 0, and a step is 1 or more"),
            Ok(step) if !base.contains(['*', '-']) => {
                format!(
                    "{value:?} has a step and nothing to step through: write */{step}, or a range such as 1-9/{step}"
                )
            }
            Ok(_) => format!("the step of {value:?} is longer than the {name}, which is {range}"),
            Err(_) => format!("{value:?} has {step:?} for a step, which is not a number"),
        };
    }
    if let Some((first, last)) = base.split_once('-')
        && is_right(first)
        && is_right(last)
    {
        return format!(
            "{value:?} ends before it begins: put the smaller {name} first, or write two ranges with a comma"
        );
    }
    format!("{value:?} is not a valid {name}, which is {range}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_blamed_where_the_fields_are_right() {
        assert_eq!(blame("0 2 * * *", |_| true), None);
        assert_eq!(
            blame("@nightly", |pattern| pattern != "@nightly * * * *").as_deref(),
            Some("\"@nightly\" is not a valid minute, which is 0 to 59")
        );
    }
}
