//! Which faults strike, how often, and what a target hash says of a target.
//!
//! Written `none`, `5%` (a mix) or `429=1%,5xx=1%,reset=1%,lost=1%,cut=1%,slow=1%@2s,gone=2%,refused=1%,ghost=1%`. The first six
//! are shares of requests, the last three shares of targets.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use crate::domain::parse_duration;

/// A share in millionths.
type Millionths = u32;

const WHOLE: Millionths = 1_000_000;
const ONE_PERCENT: Millionths = WHOLE / 100;
/// `5%` is so many faults of each of the five kinds for each percent.
const MIX_KINDS: Millionths = 5;
const MAX_SLOW_SECONDS: u64 = 600;
const DEFAULT_SLOW_DELAY: Duration = Duration::from_secs(1);

/// How often each fault strikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Faults {
    shares: [Millionths; KEYS.len()],
    slow_delay: Duration,
}

/// Why a text names no faults; its display names the remedy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{text:?} does not describe faults: {why}; write none, 5%, or a list such as 429=1%,5xx=1%,reset=1%,lost=1%,cut=1%,slow=1%@2s,gone=2%,refused=1%,ghost=1%"
)]
pub struct InvalidFaults {
    text: String,
    why: String,
}

/// What the dice of one request say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Strike {
    /// A 429 that no window has earned, with a reset a second or two away.
    RateLimited,
    /// 500, 502, 503 or 504, in several wordings.
    ServerError,
    /// The connection is closed before anything happens.
    Reset,
    /// The effect happens, and the connection is closed without an answer.
    Lost,
    /// The effect happens, and the answer breaks off in the middle of its body.
    Cut,
    /// The answer comes late by so much.
    Slow(Duration),
}

/// What the dice of one target say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TargetStrike {
    /// It does not exist.
    Gone,
    /// It refuses for good.
    Refused,
    /// Undoing is answered with success, and it stays on its list.
    Ghost,
}

const KEYS: [&str; 9] = ["429", "5xx", "reset", "lost", "cut", "slow", "gone", "refused", "ghost"];
const REQUEST_KEYS: usize = 6;
const SLOW: usize = 5;
const GONE: usize = 6;
const REFUSED: usize = 7;
const GHOST: usize = 8;

impl Faults {
    /// No faults, and every target exists.
    pub const NONE: Faults = Faults { shares: [0; KEYS.len()], slow_delay: DEFAULT_SLOW_DELAY };

    /// What the embedded sandbox does unless told otherwise: enough that a run of a hundred rows shows a few faults and a
    /// few rows that cannot be done, and too little to slow it down much.
    pub const MILD: Faults = Faults {
        shares: [
            ONE_PERCENT,
            2 * ONE_PERCENT,
            ONE_PERCENT,
            ONE_PERCENT,
            ONE_PERCENT,
            0,
            3 * ONE_PERCENT,
            ONE_PERCENT,
            0,
        ],
        slow_delay: DEFAULT_SLOW_DELAY,
    };

    /// So many percent of the requests, one fifth of them of each kind but `slow`; of the targets two fifths of it are gone
    /// and one fifth refuses.
    fn mix(share: Millionths) -> Faults {
        let part = share / MIX_KINDS;
        Faults { shares: [part, part, part, part, part, 0, 2 * part, part, 0], slow_delay: DEFAULT_SLOW_DELAY }
    }

    pub(super) fn strike(&self, dice: &mut fastrand::Rng) -> Option<Strike> {
        let hit = pick(&self.shares[..REQUEST_KEYS], dice.u32(0..WHOLE))?;
        Some(match hit {
            0 => Strike::RateLimited,
            1 => Strike::ServerError,
            2 => Strike::Reset,
            3 => Strike::Lost,
            4 => Strike::Cut,
            _ => Strike::Slow(self.slow_delay),
        })
    }

    pub(super) fn target_strike(&self, dice: &mut fastrand::Rng) -> Option<TargetStrike> {
        let hit = pick(&self.shares[REQUEST_KEYS..], dice.u32(0..WHOLE))?;
        Some(match hit + REQUEST_KEYS {
            GONE => TargetStrike::Gone,
            REFUSED => TargetStrike::Refused,
            _ => TargetStrike::Ghost,
        })
    }
}

impl Default for Faults {
    /// [`Faults::MILD`].
    fn default() -> Faults {
        Faults::MILD
    }
}

/// Which share a roll falls into.
fn pick(shares: &[Millionths], roll: Millionths) -> Option<usize> {
    let mut below = 0;
    shares.iter().position(|share| {
        below += share;
        roll < below
    })
}

impl FromStr for Faults {
    type Err = InvalidFaults;

    fn from_str(text: &str) -> Result<Faults, InvalidFaults> {
        let complain = |why: String| InvalidFaults { text: text.to_owned(), why };
        let trimmed = text.trim();
        if trimmed.eq_ignore_ascii_case("none") {
            return Ok(Faults::NONE);
        }
        if !trimmed.contains('=') {
            return parse_share(trimmed).map(Faults::mix).map_err(complain);
        }
        let mut faults = Faults::NONE;
        let mut seen = [false; KEYS.len()];
        for part in trimmed.split(',') {
            let (key, value) = part.split_once('=').ok_or_else(|| complain(format!("{:?} has no =", part.trim())))?;
            let key = key.trim();
            let index = KEYS.iter().position(|known| known.eq_ignore_ascii_case(key));
            let index = index.ok_or_else(|| complain(format!("there is no fault {key:?}{}", suggestion(key))))?;
            if std::mem::replace(&mut seen[index], true) {
                return Err(complain(format!("{key} is there twice")));
            }
            let (share, delay) = split_delay(index, value.trim()).map_err(complain)?;
            faults.shares[index] = parse_share(share).map_err(complain)?;
            faults.slow_delay = delay.unwrap_or(faults.slow_delay);
        }
        for (what, shares) in [("requests", &faults.shares[..GONE]), ("targets", &faults.shares[GONE..=GHOST])] {
            if shares.iter().sum::<u32>() > WHOLE {
                return Err(complain(format!("the shares of {what} add up to more than 100%")));
            }
        }
        Ok(faults)
    }
}

/// `1%@2s` of `slow` is a share and a delay.
fn split_delay(index: usize, value: &str) -> Result<(&str, Option<Duration>), String> {
    let Some((share, delay)) = value.split_once('@') else { return Ok((value, None)) };
    if index != SLOW {
        return Err(format!("only slow takes a delay, not {}", KEYS[index]));
    }
    match parse_duration(delay.trim()) {
        Some(delay) if delay <= Duration::from_secs(MAX_SLOW_SECONDS) => Ok((share.trim(), Some(delay))),
        _ => Err(format!("{delay:?} is no delay of at most {MAX_SLOW_SECONDS}s")),
    }
}

fn suggestion(key: &str) -> String {
    let near = KEYS.iter().min_by_key(|known| strsim::damerau_levenshtein(known, key));
    match near {
        Some(near) if strsim::damerau_levenshtein(near, key) <= 2 => format!(", did you mean {near}?"),
        _ => String::new(),
    }
}

/// Reads `5%` or `0.25%`, at most four decimals.
fn parse_share(text: &str) -> Result<Millionths, String> {
    let refuse = || format!("{text:?} is no share from 0% to 100%");
    let number = text.strip_suffix('%').ok_or_else(|| format!("{text:?} has no %"))?.trim();
    let (whole, decimals) = number.split_once('.').unwrap_or((number, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || whole.len() > 3 || decimals.len() > 4 || !digits(whole) || !digits(decimals) {
        return Err(refuse());
    }
    let number = |part: &str| part.parse::<Millionths>().map_err(|_| refuse());
    let share = number(whole)? * ONE_PERCENT + number(&format!("{decimals:0<4}"))?;
    if share <= WHOLE { Ok(share) } else { Err(refuse()) }
}

impl fmt::Display for Faults {
    /// The shortest text that reads back as the same faults.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Faults::NONE {
            return f.write_str("none");
        }
        let mix = MIX_KINDS * self.shares[0].min(WHOLE / MIX_KINDS);
        if *self == Faults::mix(mix) {
            return write_share(f, mix);
        }
        let mut comma = "";
        for (index, (key, share)) in KEYS.iter().zip(self.shares).enumerate() {
            let delayed = index == SLOW && self.slow_delay != DEFAULT_SLOW_DELAY;
            if share == 0 && !delayed {
                continue;
            }
            write!(f, "{comma}{key}=")?;
            write_share(f, share)?;
            if delayed {
                write!(f, "@{}ms", self.slow_delay.as_millis())?;
            }
            comma = ",";
        }
        Ok(())
    }
}

fn write_share(f: &mut fmt::Formatter<'_>, share: Millionths) -> fmt::Result {
    let decimals = format!("{:04}", share % ONE_PERCENT);
    match decimals.trim_end_matches('0') {
        "" => write!(f, "{}%", share / ONE_PERCENT),
        decimals => write!(f, "{}.{decimals}%", share / ONE_PERCENT),
    }
}

#[cfg(test)]
#[path = "faults_tests.rs"]
mod tests;
