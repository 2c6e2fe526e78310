//! How often somebody may try a password. Pure: the time comes from outside.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::devices::Device;
use crate::domain::Tick;

/// Tries at once.
const BURST_TRIES: u32 = 10;
/// One more try each so many seconds.
const REFILL_SECONDS: u64 = 6;
/// Clients whose tries are remembered; one more, and the one that was silent for longest is forgotten.
const MAX_CLIENTS: usize = 1_024;

/// Whose tries are counted together: an address, of IPv6 the /48 network that one customer may have.
/// (A household has a /64 to a /48; counted by /64, one customer could guess as 65,536.)
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ClientAddress(IpAddr);

impl ClientAddress {
    /// The client behind a proxy: what the proxy has put at the end of `X-Forwarded-For`, for everything before that the client may have
    /// written itself. Without it the proxy is the client, and all people together have its tries.
    pub fn of(peer: IpAddr, forwarded: Option<&str>) -> ClientAddress {
        let last = forwarded.and_then(|all| all.rsplit(',').next()).map(str::trim);
        let address = last.and_then(|text| {
            let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
            bare.parse().ok().or_else(|| text.parse().ok().map(|address: SocketAddr| address.ip()))
        });
        match address.unwrap_or(peer).to_canonical() {
            IpAddr::V6(address) => {
                let [a, b, c, ..] = address.segments();
                ClientAddress(Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0).into())
            }
            address => ClientAddress(address),
        }
    }
}

/// Whose tries they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LoginClient {
    /// Of somebody who is not known.
    Address(ClientAddress),
    /// Of a browser that has logged in before, wherever it is.
    Device(Device),
}

/// The tries a client has left, and since when one more is on its way.
#[derive(Clone, Copy, Debug)]
struct Left {
    tries: u32,
    since: Tick,
}

/// Tries that are left, each client's for itself: whoever guesses locks nobody else out.
#[derive(Debug, Default)]
pub struct Tries(Mutex<HashMap<LoginClient, Left>>);

impl Tries {
    /// Takes one; or says how long to wait for the next.
    ///
    /// # Errors
    /// None is left.
    pub fn take(&self, client: LoginClient, now: Tick) -> Result<(), Duration> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (refill, most) = (Duration::from_secs(REFILL_SECONDS), Left { tries: BURST_TRIES, since: now });
        let Left { tries, since } = known.get(&client).copied().unwrap_or(most);
        let fresh = u32::try_from(now.since(since).as_millis() / refill.as_millis()).unwrap_or(u32::MAX);
        let tries = tries.saturating_add(fresh).min(BURST_TRIES);
        let since = if tries == BURST_TRIES { now } else { since.after(refill.saturating_mul(fresh)) };
        if !known.contains_key(&client) && known.len() >= MAX_CLIENTS {
            let silent = known.iter().min_by_key(|(_, left)| left.since).map(|(client, _)| *client);
            silent.and_then(|client| known.remove(&client));
        }
        known.insert(client, Left { tries: tries.saturating_sub(1), since });
        if tries == 0 { Err(since.after(refill).since(now)) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(text: &str) -> LoginClient {
        LoginClient::Address(ClientAddress::of(IpAddr::from([10, 0, 0, 1]), Some(text)))
    }

    #[test]
    fn ten_at_once_and_then_one_each_six_seconds() {
        let (tries, guesser) = (Tries::default(), client("192.0.2.1"));
        let mut granted = 0;
        for second in 0..60 {
            for _ in 0..100 {
                granted += u32::from(tries.take(guesser, Tick(second * 1000)).is_ok());
            }
        }
        assert_eq!(granted, BURST_TRIES + 9);
        assert_eq!(tries.take(guesser, Tick(59_000)), Err(Duration::from_secs(1)));
        assert_eq!(tries.take(client("192.0.2.2"), Tick(59_000)), Ok(()), "another is not locked out");
        assert_eq!(tries.take(guesser, Tick(60_000)), Ok(()));
    }

    #[test]
    fn the_proxy_says_who_it_is_and_the_client_does_not() {
        assert_eq!(client("203.0.113.9, 192.0.2.1"), client("192.0.2.1"), "the first was written by the client");
        assert_eq!(client("192.0.2.1:4711"), client("192.0.2.1"));
        assert_eq!(client("::ffff:192.0.2.1"), client("192.0.2.1"));
        assert_eq!(client("[2001:db8:1:2::3]:80"), client("2001:db8:1:ffff::1"), "one customer");
        assert_ne!(client("2001:db8:2:2::3"), client("2001:db8:1:2::3"));
        for nonsense in ["", "unknown", "192.0.2.1,", "192.0.2.1, _hidden"] {
            let proxy = LoginClient::Address(ClientAddress::of(IpAddr::from([10, 0, 0, 1]), None));
            assert_eq!(client(nonsense), proxy, "{nonsense}");
        }
    }

    #[test]
    fn a_flood_of_addresses_is_bounded() {
        let tries = Tries::default();
        for n in 0..20_000_i64 {
            let address = Ipv6Addr::from((n as u128) << 80);
            assert_eq!(tries.take(LoginClient::Address(ClientAddress::of(address.into(), None)), Tick(n)), Ok(()));
        }
        assert!(tries.0.lock().is_ok_and(|known| known.len() == MAX_CLIENTS));
    }
}
